/** @module Recorded handshakes of the pure engine, played again in memory. Runs in pages too. */
import { bioPair, type Bio, type PairedBio } from '@ferrule/bio';
import type { ContextOptions, Ssl, SslContext } from '@ferrule/contract';
import { createPure, type CryptoProvider } from '@ferrule/pure';
import { trafficKeys } from '@ferrule/pure/keys';
import { SslError } from '@ferrule/result';

type Suite = CryptoProvider['suites'][number];

/** Randomness from its beginning, for each connection. */
export class Dice {
  #state = 1;
  readonly fill = (into: Uint8Array): void => {
    for (let i = 0; i < into.length; i++) {
      this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
      into[i] = this.#state >>> 24;
    }
  };
  reset(): void {
    this.#state = 1;
  }
}

/** A provider whose verified signatures nobody remembers yet. */
export const fresh = (provider: CryptoProvider): CryptoProvider => ({ ...provider, verifier: { ...provider.verifier } });

/** What a server said to whoever has these options, and these dice. */
export interface Recording {
  readonly dice: Dice;
  readonly options: ContextOptions;
  readonly received: Uint8Array;
}

/** Plays it to a new connection on the first of the BIOs; synchronous providers only. */
export function shakeHands({ dice, received }: Recording, context: SslContext, [bio, net]: readonly [Bio, Bio]): Ssl {
  dice.reset();
  const ssl = context.newConnection();
  ssl.setHost('server.test');
  ssl.setBio(bio, bio);
  ssl.connect();
  net.write(received);
  if (ssl.connect() !== 1) throw ssl.failure?.error ?? new Error(`the handshake waits: ${ssl.getError(-1)}`);
  return ssl;
}

/** The same with BIOs of its own, and away with it. */
export const replay = (recording: Recording, context: SslContext): void => shakeHands(recording, context, bioPair(recording.received.length)).dispose();

/** An established connection whose peer is ourselves from here on. */
export interface Established {
  readonly ssl: Ssl;
  readonly net: PairedBio;
  readonly suite: Suite;
  /** The server's next record of application data. */
  seal(content: Uint8Array): Promise<Uint8Array>;
}

/** Plays it to a connection that goes on with records made on the spot. */
export async function establish({ dice, options, received }: Recording, provider: CryptoProvider): Promise<Established> {
  let secret = new Uint8Array(0);
  const onKeylog = (line: string): void => {
    if (line.startsWith('SERVER_TRAFFIC_SECRET_0')) secret = Uint8Array.from(line.split(' ')[2]?.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
  };
  dice.reset();
  const [bio, net] = bioPair(2 ** 21, { poison: false });
  const ssl = createPure({ crypto: provider }).createContext({ ...options, onKeylog }).newConnection();
  ssl.setHost('server.test');
  ssl.setBio(bio, bio);
  net.write(received);
  while (!ssl.established) {
    const ret = ssl.connect();
    if (ret === 1) break;
    if (ssl.getError(ret) !== SslError.wantAsync) throw ssl.failure?.error ?? new Error(`the handshake waits: ${ssl.getError(ret)}`);
    await ssl.asyncReady;
  }
  const suite = provider.suites.find(({ id }) => id === ssl.cipherSuite) as Suite;
  const keys = trafficKeys(suite, secret);
  const aead = suite.aead.key(keys.key);
  // Tickets that came with the handshake took their sequence numbers.
  let sequence = 0;
  for (const each of records(received)) {
    const opened = await aead.open(nonceOf(keys.iv, sequence), each.subarray(0, 5), each.subarray(5), new Uint8Array(each.length));
    if (opened !== null) sequence++;
  }
  return {
    ssl,
    net,
    suite,
    async seal(content) {
      const plain = new Uint8Array(content.length + 1);
      plain.set(content);
      plain[content.length] = 23;
      const length = plain.length + 16;
      const header = Uint8Array.of(23, 3, 3, length >> 8, length);
      const body = await aead.seal(nonceOf(keys.iv, sequence++), header, plain, new Uint8Array(length));
      const record = new Uint8Array(5 + length);
      record.set(header);
      record.set(body, 5);
      return record;
    },
  };
}

function* records(stream: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at + 5 <= stream.length; ) {
    const end = at + 5 + (stream[at + 3] ?? 0) * 256 + (stream[at + 4] ?? 0);
    yield stream.subarray(at, end);
    at = end;
  }
}

function nonceOf(iv: Uint8Array, sequence: number): Uint8Array {
  const nonce = iv.slice();
  for (let i = 0; i < 4; i++) nonce[11 - i] = (nonce[11 - i] ?? 0) ^ (sequence >>> (8 * i));
  return nonce;
}
