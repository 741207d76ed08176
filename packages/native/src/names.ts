/**
 * @module IANA code points and OpenSSL's names for them. Only what ferrule lets an engine use: AEAD suites with ECDHE,
 * strong groups, no SHA-1 (DESIGN: nothing that a careful client would not offer).
 */
import type { CertificateProfile, TlsVersion } from '@ferrule/contract';

/** OpenSSL's default flags. */
export const PROFILES: readonly CertificateProfile[] = Object.freeze(['compatible']);

/** In order of preference. OpenSSL's names of them come from the library itself. */
export const CIPHER_SUITES: readonly (readonly [id: number, version: TlsVersion])[] = [
  [0x1301, 'TLSv1.3'],
  [0x1302, 'TLSv1.3'],
  [0x1303, 'TLSv1.3'],
  [0xc02b, 'TLSv1.2'],
  [0xc02f, 'TLSv1.2'],
  [0xc02c, 'TLSv1.2'],
  [0xc030, 'TLSv1.2'],
  [0xcca9, 'TLSv1.2'],
  [0xcca8, 'TLSv1.2'],
];

/** In order of preference; offered when the caller names none, unless marked otherwise. A hybrid's classical part follows it. */
export const GROUPS: readonly (readonly [id: number, name: string, byDefault: boolean])[] = [
  [0x11ec, 'X25519MLKEM768', true],
  [0x001d, 'X25519', true],
  [0x0017, 'P-256', true],
  [0x0018, 'P-384', true],
  [0x0019, 'P-521', true],
  [0x001e, 'X448', false],
  [0x11eb, 'SecP256r1MLKEM768', false],
  [0x11ed, 'SecP384r1MLKEM1024', false],
];

/** Key exchange that a quantum computer does not undo. */
export const isHybrid = (group: number): boolean => group >= 0x11eb && group <= 0x11ed;

/** `EVP_PKEY` ids of OpenSSL. */
export const KeyKind = { rsa: 6, rsaPss: 912, ec: 408, ed25519: 1087, ed448: 1088 } as const;

export interface Scheme {
  readonly id: number;
  /** OpenSSL's name, which is the RFC's. */
  readonly name: string;
  readonly kind: number;
  /** Of the curve, for ECDSA in TLS 1.3 (RFC 9846 section 4.3.3). */
  readonly bits?: number;
  /** RSASSA-PKCS1-v1_5: not for handshake signatures in TLS 1.3. */
  readonly only12?: true;
}

/** In order of preference. */
export const SCHEMES: readonly Scheme[] = [
  { id: 0x0403, name: 'ecdsa_secp256r1_sha256', kind: KeyKind.ec, bits: 256 },
  { id: 0x0804, name: 'rsa_pss_rsae_sha256', kind: KeyKind.rsa },
  { id: 0x0807, name: 'ed25519', kind: KeyKind.ed25519 },
  { id: 0x0503, name: 'ecdsa_secp384r1_sha384', kind: KeyKind.ec, bits: 384 },
  { id: 0x0805, name: 'rsa_pss_rsae_sha384', kind: KeyKind.rsa },
  { id: 0x0603, name: 'ecdsa_secp521r1_sha512', kind: KeyKind.ec, bits: 521 },
  { id: 0x0806, name: 'rsa_pss_rsae_sha512', kind: KeyKind.rsa },
  { id: 0x0809, name: 'rsa_pss_pss_sha256', kind: KeyKind.rsaPss },
  { id: 0x080a, name: 'rsa_pss_pss_sha384', kind: KeyKind.rsaPss },
  { id: 0x080b, name: 'rsa_pss_pss_sha512', kind: KeyKind.rsaPss },
  { id: 0x0808, name: 'ed448', kind: KeyKind.ed448 },
  { id: 0x0401, name: 'rsa_pkcs1_sha256', kind: KeyKind.rsa, only12: true },
  { id: 0x0501, name: 'rsa_pkcs1_sha384', kind: KeyKind.rsa, only12: true },
  { id: 0x0601, name: 'rsa_pkcs1_sha512', kind: KeyKind.rsa, only12: true },
];

/** RFC 8879 code points. */
export const COMPRESSIONS = { zlib: 1, brotli: 2, zstd: 3 } as const;

export const VERSIONS: { readonly [K in TlsVersion]: number } = { 'TLSv1.2': 0x0303, 'TLSv1.3': 0x0304 };
