/** @module ML-KEM-768 (FIPS 203) by noble. A module of its own, so that whoever has a native one need not load it. */
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import { KEM_CIPHERTEXT_LENGTH, type KemKey } from './hybrid.ts';

/** The key's seed (d and z, 64 bytes) is all that is drawn from `random`. */
export function nobleMlKem768(random: (into: Uint8Array) => void): KemKey {
  const seed = new Uint8Array(64);
  random(seed);
  const { publicKey, secretKey } = ml_kem768.keygen(seed);
  seed.fill(0);
  return {
    publicKey,
    decapsulate: (ciphertext) => (ciphertext.length === KEM_CIPHERTEXT_LENGTH ? ml_kem768.decapsulate(ciphertext, secretKey) : null),
    dispose() {
      secretKey.fill(0);
    },
  };
}
