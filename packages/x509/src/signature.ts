/** @module The injected signature check, so that this package does not depend on cryptography. */

export type HashName = 'sha256' | 'sha384' | 'sha512';

/** Hashes in certificate signatures: those of FIPS 180-4 and FIPS 202 with 112 bits of security or more. */
export type SignatureHash =
  HashName | 'sha224' | 'sha512-224' | 'sha512-256' | 'sha3-224' | 'sha3-256' | 'sha3-384' | 'sha3-512';

/** Hashes for identifiers. SHA-1 is never accepted in a signature. */
export type DigestName = 'sha1' | HashName;

/** A signature algorithm (RFC 4055, RFC 5758, RFC 8410, RFC 9881). Its parameters are already checked. */
export type SignatureAlgorithm =
  | { readonly kind: 'rsa-pkcs1'; readonly hash: SignatureHash }
  /** MGF1 with `mask`, default the same hash; `saltLength` in bytes. */
  | {
      readonly kind: 'rsa-pss';
      readonly hash: SignatureHash;
      readonly mask?: SignatureHash | 'sha1';
      readonly saltLength: number;
    }
  /** The curve is the key's; the signature is a DER `ECDSA-Sig-Value`. */
  | { readonly kind: 'ecdsa'; readonly hash: SignatureHash }
  | { readonly kind: 'ed25519' }
  | { readonly kind: 'ed448' }
  /** FIPS 204, with an empty context (RFC 9881 section 3). */
  | { readonly kind: MlDsa };

/** The length of a hash, bits: the number at the end of its name. */
export const hashBits = (hash: SignatureHash | 'sha1'): number =>
  hash === 'sha1' ? 160 : Number(/\d+$/.exec(hash)?.[0]);

/** The parameter sets of ML-DSA. */
export type MlDsa = 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87';

/**
 * Checks one signature. `false` if it is wrong or unreadable, or the key does not match the algorithm: never throws for
 * bad input.
 */
export interface SignatureVerifier {
  /** For messages: `noble`, `node:crypto`, `WebCrypto`. */
  readonly name: string;
  /** @param spki DER SubjectPublicKeyInfo. */
  verify(
    algorithm: SignatureAlgorithm,
    spki: Uint8Array,
    message: Uint8Array,
    signature: Uint8Array,
  ): boolean | Promise<boolean>;
  /**
   * A hash, synchronously. Needed for pins, OCSP (RFC 6960's CertID, commonly SHA-1) and signed certificate timestamps
   * only.
   */
  digest?(hash: DigestName, data: Uint8Array): Uint8Array;
}
