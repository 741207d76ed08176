/**
 * @module ECDSA on P-256 and P-384 by this package's own arithmetic, on public data alone; every other signature by
 * noble.
 */
import { p256, p384 } from '@noble/curves/nist.js';
import { parsePublicKey, type SignatureHash, type SignatureVerifier } from '@ferrule/x509';
import { nobleVerifier } from '@ferrule/x509/crypto/noble';
import { nobleHashes } from './hash.ts';
import { ecdsaVerifier } from './kernels/ecdsa.ts';
import { fieldP256 } from './kernels/p256.ts';
import { fieldP384 } from './kernels/p384.ts';
import type { Hash } from './provider.ts';

const CURVES = { 'P-256': ecdsaVerifier(fieldP256, p256), 'P-384': ecdsaVerifier(fieldP384, p384) };
const HASHES: Readonly<Partial<Record<SignatureHash, Hash>>> = nobleHashes;
/** SEC 1 section 2.3.3; the hybrid forms come behind it. */
const UNCOMPRESSED = 4;

export const tunedVerifier: SignatureVerifier = {
  ...nobleVerifier,
  name: 'tuned',
  verify: (algorithm, spki, message, signature) => {
    if (algorithm.kind !== 'ecdsa') return nobleVerifier.verify(algorithm, spki, message, signature);
    try {
      const key = parsePublicKey(spki);
      if (key.kind !== 'ec') return false;
      const { curve, point } = key;
      const hash = HASHES[algorithm.hash];
      if ((curve !== 'P-256' && curve !== 'P-384') || hash === undefined || (point[0] as number) > UNCOMPRESSED)
        return nobleVerifier.verify(algorithm, spki, message, signature);
      return CURVES[curve](point, signature, hash.digest(message));
    } catch {
      // noble and the DER reader throw for what is malformed
      return false;
    }
  },
};
