/** @module ML-KEM (FIPS 203) by noble, at hand from the start. */
import { ml_kem1024, ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import type { KemKey } from './hybrid.ts';
import { kemKeyBy } from './kem-key.ts';

type Random = (into: Uint8Array) => void;

/** The key's seed (d and z, 64 bytes) is all that is drawn from `random`. */
export const nobleMlKem768 = (random: Random): KemKey => kemKeyBy(ml_kem768, random);
/** Likewise. */
export const nobleMlKem1024 = (random: Random): KemKey => kemKeyBy(ml_kem1024, random);
