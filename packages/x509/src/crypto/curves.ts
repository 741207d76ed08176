/**
 * @module ECDSA on curves of CAs that TLS lacks: P-224, secp256k1, and brainpool (RFC 5639). Uses noble, which the
 * importer passes in, loaded eagerly or on demand.
 */
import type { ecdsa, weierstrass } from '@noble/curves/abstract/weierstrass.js';
import type { sha256 } from '@noble/hashes/sha2.js';
import type { RareCurve } from '../public-key.ts';

type Verifier = Pick<ReturnType<typeof ecdsa>, 'verify'>;

/** `@noble/curves/abstract/weierstrass.js`, `@noble/curves/misc.js`, `@noble/curves/secp256k1.js` and `sha256`. */
export interface NobleCurves {
  readonly ecdsa: typeof ecdsa;
  readonly weierstrass: typeof weierstrass;
  readonly sha256: typeof sha256;
  readonly secp256k1: Verifier;
  readonly brainpoolP256r1: Verifier;
  readonly brainpoolP384r1: Verifier;
  readonly brainpoolP512r1: Verifier;
}

/** @throws noble's errors for an unreadable key or signature. */
export const verifyRareEcdsa = (
  noble: NobleCurves,
  curve: RareCurve,
  point: Uint8Array,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean =>
  (curve === 'P-224' ? (p224 ??= makeP224(noble)) : noble[curve]).verify(
    signature,
    digest,
    plainPoint(point),
    AS_IN_X509,
  );

/** A point in noble's form: X9.62's hybrid form becomes uncompressed. */
export function plainPoint(point: Uint8Array): Uint8Array {
  if (point[0] !== 6 && point[0] !== 7) return point;
  const plain = Uint8Array.from(point);
  plain[0] = 4;
  return plain;
}

/** RFC 3279 section 2.2.3: ECDSA-Sig-Value over the digest; high and low s are valid. */
export const AS_IN_X509 = { prehash: false, lowS: false, format: 'der' } as const;

let p224: Verifier | undefined;
/** SP 800-186 section 3.2.1.2; missing from noble. */
const makeP224 = ({ ecdsa: make, weierstrass: curve, sha256: hash }: NobleCurves): Verifier =>
  make(
    curve({
      p: 2n ** 224n - 2n ** 96n + 1n,
      a: 2n ** 224n - 2n ** 96n - 2n,
      b: 0xb4050a850c04b3abf54132565044b0b7d7bfd8ba270b39432355ffb4n,
      n: 0xffffffffffffffffffffffffffff16a2e0b8f03e13dd29455c5c2a3dn,
      h: 1n,
      Gx: 0xb70e0cbd6bb4bf7f321390b94a03c1d356c21122343280d6115c1d21n,
      Gy: 0xbd376388b5f723fb4c22dfe6cd4375a05a07476444d5819985007e34n,
    }),
    hash,
  );
