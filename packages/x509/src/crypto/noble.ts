/**
 * @module Signature checks in JavaScript: @noble/curves and @noble/post-quantum, and RSA over BigInt. Synchronous, runs
 * everywhere.
 */
import { ecdsa, weierstrass } from '@noble/curves/abstract/weierstrass.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { ed448 } from '@noble/curves/ed448.js';
import { brainpoolP256r1, brainpoolP384r1, brainpoolP512r1 } from '@noble/curves/misc.js';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { sha224, sha256, sha384, sha512, sha512_224, sha512_256 } from '@noble/hashes/sha2.js';
import { sha3_224, sha3_256, sha3_384, sha3_512 } from '@noble/hashes/sha3.js';
import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js';
import { fits, isRare, parsePublicKey, type EcKey } from '../public-key.ts';
import type { SignatureAlgorithm, SignatureHash, SignatureVerifier } from '../signature.ts';
import { AS_IN_X509, type NobleCurves, plainPoint, verifyRareEcdsa } from './curves.ts';
import { verifyMlDsa } from './ml-dsa.ts';
import { verifyPkcs1, verifyPss } from './rsa.ts';

const DIGESTS = {
  sha1,
  sha224,
  sha256,
  sha384,
  sha512,
  'sha512-224': sha512_224,
  'sha512-256': sha512_256,
  'sha3-224': sha3_224,
  'sha3-256': sha3_256,
  'sha3-384': sha3_384,
  'sha3-512': sha3_512,
};
const CURVES = { 'P-256': p256, 'P-384': p384, 'P-521': p521 };
const RARE: NobleCurves = { ecdsa, weierstrass, sha256, secp256k1, brainpoolP256r1, brainpoolP384r1, brainpoolP512r1 };

/** Public data only, so nothing here has to be constant-time. */
export const nobleVerifier: SignatureVerifier = {
  name: 'noble',
  verify: (algorithm, spki, message, signature) => {
    try {
      return verify(algorithm, spki, message, signature);
    } catch {
      // noble and the DER reader throw for malformed input
      return false;
    }
  },
  digest: (hash, data) => DIGESTS[hash](data),
};

function verify(algorithm: SignatureAlgorithm, spki: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const key = parsePublicKey(spki);
  if (!fits(algorithm, key)) return false;
  switch (algorithm.kind) {
    case 'rsa-pkcs1':
      return (
        (key.kind === 'rsa' || key.kind === 'rsa-pss') &&
        verifyPkcs1(key, algorithm.hash, DIGESTS[algorithm.hash](message), signature)
      );
    case 'rsa-pss':
      return (
        (key.kind === 'rsa' || key.kind === 'rsa-pss') &&
        verifyPss(
          key,
          DIGESTS[algorithm.hash],
          DIGESTS[algorithm.mask ?? algorithm.hash],
          algorithm.saltLength,
          DIGESTS[algorithm.hash](message),
          signature,
        )
      );
    case 'ecdsa':
      return key.kind === 'ec' && verifyEcdsa(key, algorithm.hash, message, signature);
    case 'ed25519':
      // RFC 8032, not the laxer ZIP 215
      return key.kind === 'ed25519' && ed25519.verify(signature, message, key.key, { zip215: false });
    case 'ed448':
      return key.kind === 'ed448' && ed448.verify(signature, message, key.key, { zip215: false });
    default:
      return key.kind === algorithm.kind && verifyMlDsa({ ml_dsa44, ml_dsa65, ml_dsa87 }, key, message, signature);
  }
}

function verifyEcdsa(
  { curve, point }: EcKey,
  hash: SignatureHash,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const digest = DIGESTS[hash](message);
  return isRare(curve)
    ? verifyRareEcdsa(RARE, curve, point, digest, signature)
    : CURVES[curve].verify(signature, digest, plainPoint(point), AS_IN_X509);
}
