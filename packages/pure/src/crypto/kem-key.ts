/** @module A key of ML-KEM by noble, which whoever imports this hands in: some load it only when they need it. */
import type { ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import { ownMemory, Secret } from '../keys/secret.ts';
import type { KemKey } from './hybrid.ts';

/** `@noble/post-quantum/ml-kem.js` */
export interface NobleMlKem {
  readonly ml_kem768: typeof ml_kem768;
  readonly ml_kem1024: typeof ml_kem768;
}

/** The key's seed (d and z, 64 bytes) is all that is drawn from `random`. */
export function kemKeyBy(kem: typeof ml_kem768, random: (into: Uint8Array) => void): KemKey {
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
