/**
 * @module @ferrule/result/preference: the preferred order of TLS parameters. Engines offer those that their host
 * supports in this order, followed by any that are not listed.
 */
import { CipherSuiteId as Suite, NamedGroup as Group, SignatureScheme as Scheme } from './numbers.ts';

/** AES-128 first, which is fast everywhere; with the same AEAD, ECDSA before RSA. */
export const SUITES: readonly number[] = [
  Suite.TLS_AES_128_GCM_SHA256,
  Suite.TLS_AES_256_GCM_SHA384,
  Suite.TLS_CHACHA20_POLY1305_SHA256,
  Suite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
  Suite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
  Suite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
  Suite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
  Suite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
  Suite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
];

/** Quantum-resistant hybrids first. */
export const GROUPS: readonly number[] = [
  Group.X25519MLKEM768,
  Group.SecP256r1MLKEM768,
  Group.SecP384r1MLKEM1024,
  Group.x25519,
  Group.secp256r1,
  Group.secp384r1,
  Group.secp521r1,
  Group.x448,
  Group.MLKEM1024,
];

/**
 * Cheap and modern first. ML-DSA comes behind the classical schemes: its signatures are long, and the others cannot be
 * forged yet.
 */
export const SIGNATURE_SCHEMES: readonly number[] = [
  Scheme.ecdsa_secp256r1_sha256,
  Scheme.ed25519,
  Scheme.ecdsa_secp384r1_sha384,
  Scheme.ecdsa_secp521r1_sha512,
  Scheme.ed448,
  Scheme.rsa_pss_rsae_sha256,
  Scheme.rsa_pss_rsae_sha384,
  Scheme.rsa_pss_rsae_sha512,
  Scheme.rsa_pss_pss_sha256,
  Scheme.rsa_pss_pss_sha384,
  Scheme.rsa_pss_pss_sha512,
  Scheme.rsa_pkcs1_sha256,
  Scheme.rsa_pkcs1_sha384,
  Scheme.rsa_pkcs1_sha512,
  // Only for certificates with such keys.
  Scheme.ecdsa_brainpoolP256r1tls13_sha256,
  Scheme.ecdsa_brainpoolP384r1tls13_sha384,
  Scheme.ecdsa_brainpoolP512r1tls13_sha512,
  Scheme.mldsa44,
  Scheme.mldsa65,
  Scheme.mldsa87,
];

/** The given ids without duplicates: preferred ones first, the others in their own order. */
export function byPreference(preferred: readonly number[], ids: Iterable<number>): number[] {
  const all = new Set(ids);
  return [...new Set([...preferred.filter((id) => all.has(id)), ...all])];
}

/** A hybrid of ML-KEM with a classical group, or ML-KEM alone: neither has a key share in TLS 1.2. */
export const isKem = (group: number): boolean =>
  (group >= Group.SecP256r1MLKEM768 && group <= Group.SecP384r1MLKEM1024) || group >> 8 === 0x02;
