/** @module ML-KEM (FIPS 203) by noble. A module of its own, so that whoever has a native one need not load it. */
import { ml_kem1024, ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import { ownMemory, Secret } from '../keys/secret.ts';
import type { KemKey } from './hybrid.ts';

type Random = (into: Uint8Array) => void;

/** The key's seed (d and z, 64 bytes) is all that is drawn from `random`. */
export const nobleMlKem768 = (random: Random): KemKey => keyOf(ml_kem768, random);
/** Likewise. */
export const nobleMlKem1024 = (random: Random): KemKey => keyOf(ml_kem1024, random);

function keyOf(kem: typeof ml_kem768, random: Random): KemKey {
  const seed = ownMemory(64);
  random(seed);
  const { publicKey, secretKey } = kem.keygen(seed);
  seed.fill(0);
  const secret = Secret.take(secretKey);
  return {
    publicKey,
    decapsulate(ciphertext) {
      const { bytes } = secret;
      return ciphertext.length === kem.lengths.cipherText ? kem.decapsulate(ciphertext, bytes) : null;
    },
    dispose: () => secret.dispose(),
  };
}
