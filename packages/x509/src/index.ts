export type { HashName, SignatureAlgorithm, SignatureVerifier } from './signature.ts';
