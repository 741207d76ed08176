/** What a step of the handshake sees of a connection, for tests of single steps. */
import type { ContextOptions, Ssl } from '@ferrule/contract';
import { parseOptions } from '../src/context.ts';
import { nodeCrypto } from '../src/crypto/node.ts';
import type { CryptoProvider } from '../src/crypto/provider.ts';
import type { Effects, HandshakeIo } from '../src/effects.ts';
import { Secrets } from '../src/keys/secret.ts';
import { Negotiated } from '../src/negotiated.ts';
import type { Steps, Wait } from '../src/wait.ts';

export interface TestEffects extends Effects {
  readonly waits: Wait[];
}

/** Facts are written, waits noted; everything that would touch a record throws by its absence. */
export function testEffects(options: ContextOptions = {}, provider: CryptoProvider = nodeCrypto): TestEffects {
  const hs: Partial<HandshakeIo> = {
    enter: () => undefined,
    checkOpen: () => undefined,
    makeNoSession: () => undefined,
    awaiting: (operation) => void pending.set(hs, operation),
  };
  return {
    config: parseOptions(provider, options),
    secrets: new Secrets(),
    quic: undefined,
    negotiated: new Negotiated(),
    ssl: {} as Ssl,
    hs: hs as HandshakeIo,
    waits: [],
  };
}

const pending = new WeakMap<Partial<HandshakeIo>, Promise<void> | undefined>();

/** Runs the steps to their end, awaiting what they wait for. */
export async function finish<T>(effects: TestEffects, steps: Steps<T>): Promise<T> {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    effects.waits.push(value);
    await pending.get(effects.hs);
  }
}
