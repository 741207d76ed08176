/** @module ML-DSA (FIPS 204) by noble, which the importer passes in, loaded eagerly or on demand. */
import type { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js';
import type { MlDsaKey } from '../public-key.ts';

type Signer = Pick<typeof ml_dsa44, 'verify' | 'lengths'>;

/** `@noble/post-quantum/ml-dsa.js` */
export interface NobleMlDsa {
  readonly ml_dsa44: Signer;
  readonly ml_dsa65: Signer;
  readonly ml_dsa87: Signer;
}

const NAMES = { 'ml-dsa-44': 'ml_dsa44', 'ml-dsa-65': 'ml_dsa65', 'ml-dsa-87': 'ml_dsa87' } as const;

/** With an empty context, as in certificates and TLS. `false` also for a signature of the wrong length. */
export function verifyMlDsa(
  noble: NobleMlDsa,
  { kind, key }: MlDsaKey,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const signer = noble[NAMES[kind]];
  return signature.length === signer.lengths.signature && signer.verify(signature, message, key);
}
