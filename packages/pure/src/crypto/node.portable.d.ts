// `node.ts` as the portable core sees it, which does not know Node's types.
import type { CryptoProvider } from './provider.ts';

export declare const nodeCrypto: CryptoProvider;
