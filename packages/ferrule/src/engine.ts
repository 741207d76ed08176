/** @module Which engine runs: the one place where engines are imported, each only when it is needed. */
import type { Backend } from '@ferrule/contract';

/** Why the engine of first choice did not run. */
export interface FellBack {
  /** Stable, e.g. `NO_OPENSSL`. */
  readonly code: string;
  readonly reason: string;
}

export interface Engine {
  readonly backend: Backend;
  readonly fellBackBecause: FellBack | undefined;
}

/** By name, or an engine that the caller has made. */
export type EngineChoice = 'native' | 'pure' | Backend;

/**
 * The engine for a connection. Without a choice: native where it loads, which is on Node with OpenSSL 3, else pure.
 * Nothing ever switches once a handshake has begun.
 * @throws TypeError for a choice that is none, or for `native` where it does not load, saying why.
 */
export async function chooseEngine(choice?: EngineChoice): Promise<Engine> {
  if (typeof choice === 'object' && choice !== null && typeof choice.createContext === 'function')
    return { backend: choice, fellBackBecause: undefined };
  switch (choice) {
    case 'pure':
      return { backend: await (pure ??= loadPure()), fellBackBecause: undefined };
    case 'native':
    case undefined: {
      const loaded = await (native ??= loadNative());
      if (!('code' in loaded)) return { backend: loaded, fellBackBecause: undefined };
      if (choice === 'native') throw new TypeError(`backend: the native engine cannot run here: ${loaded.reason}`);
      return { backend: await (pure ??= loadPure()), fellBackBecause: loaded };
    }
    default:
      throw new TypeError(`backend: ${describe(choice)} is neither 'native' nor 'pure' nor an engine`);
  }
}

let native: Promise<Backend | FellBack> | undefined;
let pure: Promise<Backend> | undefined;

/** Node, and what passes for it: there the pure engine computes with node:crypto. */
const onNode = (): boolean =>
  typeof (globalThis as { readonly process?: { readonly versions?: { readonly node?: string } } }).process?.versions
    ?.node === 'string';

async function loadNative(): Promise<Backend | FellBack> {
  if (!onNode()) return { code: 'NOT_NODE', reason: 'the native engine needs Node' };
  try {
    const { load } = await import('@ferrule/native');
    const loaded = load();
    return loaded.ok ? loaded.backend : { code: loaded.code, reason: loaded.reason };
  } catch (error) {
    return {
      code: 'NOT_INSTALLED',
      reason: `@ferrule/native could not be imported: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

async function loadPure(): Promise<Backend> {
  const { createPure } = await import('@ferrule/pure');
  if (onNode()) return createPure({ crypto: (await import('@ferrule/pure/crypto/node')).nodeCrypto });
  return createPure({ crypto: (await import('@ferrule/pure/crypto/noble')).nobleCrypto });
}

const describe = (value: unknown): string => (typeof value === 'string' ? `'${value}'` : typeof value);
