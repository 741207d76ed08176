/** @module The engines that this machine has, by the names that commands take. */
import type { Backend } from '@ferrule/contract';
import { createPure } from '@ferrule/pure';
import { nobleCrypto } from '@ferrule/pure/crypto/noble';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { createWebCrypto } from '@ferrule/pure/crypto/webcrypto';

export const ENGINE_NAMES = ['native', 'pure', 'pure-noble', 'pure-webcrypto'] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

/** @throws Error saying why this engine is not to be had here. */
export async function engine(name: EngineName): Promise<Backend> {
  switch (name) {
    case 'pure':
      return createPure({ crypto: nodeCrypto });
    case 'pure-noble':
      // noble signs nothing (ADR 0020), and some peers ask for a signature
      return createPure({ crypto: { ...nobleCrypto, importSigningKey: nodeCrypto.importSigningKey } });
    case 'pure-webcrypto':
      return createPure({ crypto: await createWebCrypto() });
    case 'native': {
      // Imported when asked for: the pure engine is judged on machines that have no other.
      const { loadNative } = await import('@ferrule/native');
      const loaded = loadNative();
      if (!loaded.ok) throw new Error(`the native engine is not available: ${loaded.reason}`);
      return loaded.backend;
    }
  }
}
