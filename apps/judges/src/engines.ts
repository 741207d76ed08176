/** @module The engines that this machine has, by the names that commands take. */
import type { Backend } from '@ferrule/contract';
import { createPure, type CryptoProvider } from '@ferrule/pure';
import { nobleCrypto } from '@ferrule/pure/crypto/noble';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { createWebCrypto } from '@ferrule/pure/crypto/webcrypto';

/** The pure engine with each of its providers. */
export const PROVIDERS = ['pure', 'pure-noble', 'pure-webcrypto'] as const;
export type ProviderName = (typeof PROVIDERS)[number];
export type EngineName = 'native' | ProviderName;
export const ENGINE_NAMES: readonly EngineName[] = ['native', ...PROVIDERS];

export async function providerOf(name: ProviderName): Promise<CryptoProvider> {
  switch (name) {
    case 'pure':
      return nodeCrypto;
    case 'pure-noble':
      // noble signs nothing (ADR 0020), and some peers ask for a signature
      return { ...nobleCrypto, importSigningKey: nodeCrypto.importSigningKey };
    case 'pure-webcrypto':
      return createWebCrypto();
  }
}

/** @throws Error saying why this engine is not to be had here. */
export async function engine(name: EngineName): Promise<Backend> {
  if (name !== 'native') return createPure({ crypto: await providerOf(name) });
  // Imported when asked for: the pure engine is judged on machines that have no other.
  const { loadNative } = await import('@ferrule/native');
  const loaded = loadNative();
  if (!loaded.ok) throw new Error(`the native engine is not available: ${loaded.reason}`);
  return loaded.backend;
}
