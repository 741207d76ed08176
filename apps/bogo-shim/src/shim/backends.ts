/**
 * @module The engines, each loaded only when it is asked for: a test is a process, and starting is most of its work.
 */
import type { Backend } from '@ferrule/contract';
import { UsageError } from './flags.ts';

export interface Engine {
  readonly backend: Backend;
  /** It signs with private keys that it is given; noble wants somebody else to. */
  readonly signs: boolean;
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

async function loadPure(crypto: string): Promise<Engine> {
  const { createPure } = await import('@ferrule/pure');
  switch (crypto) {
    case 'node':
      return { backend: createPure({ crypto: (await import('@ferrule/pure/crypto/node')).nodeCrypto }), signs: true };
    case 'noble':
      return {
        backend: createPure({ crypto: (await import('@ferrule/pure/crypto/noble')).nobleCrypto }),
        signs: false,
      };
    case 'tuned':
      return {
        backend: createPure({ crypto: (await import('@ferrule/pure/crypto/tuned')).tunedCrypto }),
        signs: false,
      };
    case 'webcrypto':
      return {
        backend: createPure({ crypto: await (await import('@ferrule/pure/crypto/webcrypto')).createWebCrypto() }),
        signs: true,
      };
    default:
      throw new UsageError(`--crypto ${crypto}: node, noble, tuned or webcrypto`);
  }
}
