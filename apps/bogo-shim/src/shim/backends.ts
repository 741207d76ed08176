/** @module The engines, each loaded only when it is asked for: a test is a process, and starting is most of its work. */
import type { Backend } from '@ferrule/contract';
import { UsageError } from './flags.ts';

/** @throws UsageError for a name that is none; Error when the engine cannot run here. */
export async function loadBackend(name: string, crypto: string): Promise<Backend> {
  switch (name) {
    case 'pure': return loadPure(crypto);
    case 'native': return loadNative();
    default: throw new UsageError(`--backend ${name}: pure or native`);
  }
}

async function loadPure(crypto: string): Promise<Backend> {
  const { createPure } = await import('@ferrule/pure');
  switch (crypto) {
    case 'node': return createPure({ crypto: (await import('@ferrule/pure/crypto/node')).nodeCrypto });
    case 'noble': return createPure({ crypto: (await import('@ferrule/pure/crypto/noble')).nobleCrypto });
    case 'webcrypto': return createPure({ crypto: await (await import('@ferrule/pure/crypto/webcrypto')).createWebCrypto() });
    default: throw new UsageError(`--crypto ${crypto}: node, noble or webcrypto`);
  }
}

async function loadNative(): Promise<Backend> {
  return (await import('@ferrule/native')).createNative();
}
