/** @module The cryptography that a person can choose, each loaded when it is chosen. */
import type { CryptoProvider } from '@ferrule/pure';

export type ProviderName = 'webcrypto' | 'tuned' | 'noble';

/** In the order in which they are shown. */
export const PROVIDERS: readonly { readonly name: ProviderName; readonly title: string; readonly what: string }[] = [
  { name: 'webcrypto', title: 'WebCrypto', what: 'The cryptography of the browser, and noble for what it lacks.' },
  { name: 'tuned', title: 'tuned', what: 'noble with faster kernels of ours, in plain JavaScript.' },
  { name: 'noble', title: 'noble', what: 'The audited noble libraries, in plain JavaScript.' },
];

const LOADERS: Readonly<Record<ProviderName, () => Promise<CryptoProvider>>> = {
  webcrypto: async () => (await import('@ferrule/pure/crypto/webcrypto')).createWebCrypto(),
  tuned: async () => (await import('@ferrule/pure/crypto/tuned')).tunedCrypto,
  noble: async () => (await import('@ferrule/pure/crypto/noble')).nobleCrypto,
};

/** @throws TypeError (as a rejection) where the platform lacks what it needs. */
export const loadProvider = (name: ProviderName): Promise<CryptoProvider> => LOADERS[name]();
