/** @module Chooses the engine: the only place that imports engines, each on demand. */
import type { Backend } from '@ferrule/contract';

/** Why a preferred component is not used: the native engine, a crypto provider, or one of its primitives. */
export interface FellBack {
  /** Stable, e.g. `NO_OPENSSL`, `CRYPTO_MISSING`. */
  readonly code: string;
  readonly reason: string;
}

export interface ChosenBackend {
  readonly backend: Backend;
  /** One per fallback so far; those of key exchange and signatures are added on first use. */
  readonly fellBackBecause: readonly FellBack[];
}

/** A name, or an engine that the caller has made. */
export type BackendChoice = 'native' | 'pure' | Backend;

/**
 * The engine for a connection. By default native where it loads (Node with OpenSSL 3), else pure. Never changes once a
 * handshake has begun.
 * @throws TypeError for an invalid choice, or for `native` where it does not load, with the cause.
 */
export async function chooseBackend(choice?: BackendChoice): Promise<ChosenBackend> {
  if (typeof choice === 'object' && choice !== null && typeof choice.createContext === 'function')
    return { backend: choice, fellBackBecause: [] };
  switch (choice) {
    case 'pure':
      return pureEngine([]);
    case 'native':
    case undefined: {
      const loaded = await (native ??= nativeEngine());
      if (!('code' in loaded)) return { backend: loaded, fellBackBecause: [] };
      if (choice === 'native') throw new TypeError(`backend: the native engine cannot run here: ${loaded.reason}`);
      return pureEngine([loaded]);
    }
    default:
      throw new TypeError(`backend: ${describe(choice)} is neither 'native' nor 'pure' nor an engine`);
  }
}

let native: Promise<Backend | FellBack> | undefined;
let pure: Promise<Pure> | undefined;

/** Node and compatible runtimes. */
const onNode = (): boolean =>
  typeof (globalThis as { readonly process?: { readonly versions?: { readonly node?: string } } }).process?.versions
    ?.node === 'string';

async function nativeEngine(): Promise<Backend | FellBack> {
  if (!onNode()) return { code: 'NOT_NODE', reason: 'the native engine needs Node' };
  try {
    const { loadNative } = await import('@ferrule/native');
    // Bundlers for browsers replace it with an empty module
    if (typeof (loadNative as unknown) !== 'function')
      return { code: 'NOT_INSTALLED', reason: '@ferrule/native is not in this bundle' };
    const loaded = loadNative();
    return loaded.ok ? loaded.backend : { code: loaded.code, reason: loaded.reason };
  } catch (error) {
    return {
      code: 'NOT_INSTALLED',
      reason: `@ferrule/native could not be imported: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

interface Pure {
  readonly backend: Backend;
  /** Appended to over time. */
  readonly stepsDown: readonly FellBack[];
}

async function pureEngine(before: readonly FellBack[]): Promise<ChosenBackend> {
  const { backend, stepsDown } = await (pure ??= loadPure());
  return {
    backend,
    get fellBackBecause() {
      return [...before, ...stepsDown.map(({ code, reason }) => ({ code, reason }))];
    },
  };
}

async function loadPure(): Promise<Pure> {
  const { createPure } = await import('@ferrule/pure');
  const crypto = await (await import('@ferrule/pure/crypto/host')).hostCrypto();
  return { backend: createPure({ crypto }), stepsDown: crypto.stepsDown };
}

const describe = (value: unknown): string => (typeof value === 'string' ? `'${value}'` : typeof value);
