/**
 * @module The engines, each loaded only when it is asked for: a test is a process, and starting is most of its work.
 */
import type { Backend, ContextOptions, QuicContext } from '@ferrule/contract';
import type { CryptoProvider } from '@ferrule/pure';
import { UsageError } from './flags.ts';

export interface Engine {
  readonly backend: Backend;
  /** It signs with private keys that it is given; noble wants somebody else to. */
  readonly signs: boolean;
  /** The handshake for QUIC, where the engine has it. @throws TypeError naming the option */
  readonly quic?: (options: ContextOptions) => QuicContext;
}

/** @throws UsageError for a name that is none; Error when the engine cannot run here. */
export async function loadEngine(name: string, crypto: string): Promise<Engine> {
  switch (name) {
    case 'pure':
      return loadPure(crypto);
    case 'native':
      return { backend: (await import('@ferrule/native')).createNative(), signs: true };
    default:
      throw new UsageError(`--backend ${name}: pure or native`);
  }
}

async function loadPure(name: string): Promise<Engine> {
  const [{ createPure }, { createQuic }] = await Promise.all([import('@ferrule/pure'), import('@ferrule/pure/quic')]);
  const crypto = await providerOf(name);
  return {
    backend: createPure({ crypto }),
    signs: name === 'node' || name === 'webcrypto',
    quic: (options) => createQuic({ crypto }, options),
  };
}

async function providerOf(name: string): Promise<CryptoProvider> {
  switch (name) {
    case 'node':
      return (await import('@ferrule/pure/crypto/node')).nodeCrypto;
    case 'noble':
      return (await import('@ferrule/pure/crypto/noble')).nobleCrypto;
    case 'tuned':
      return (await import('@ferrule/pure/crypto/tuned')).tunedCrypto;
    case 'webcrypto':
      return (await import('@ferrule/pure/crypto/webcrypto')).createWebCrypto();
    default:
      throw new UsageError(`--crypto ${name}: node, noble, tuned or webcrypto`);
  }
}
