/**
 * @module IANA code points, and what of an OpenSSL ferrule uses: not a list of names, but a floor under what the
 * library has. What is not in the lists of preference comes behind them, in OpenSSL's own order.
 */
import type { CertificateProfile, TlsVersion } from '@ferrule/contract';

/** OpenSSL's default flags. */
export const PROFILES: readonly CertificateProfile[] = Object.freeze(['compatible', 'rfc5280']);

/** RFC 9846 appendix B.4: 0x13 is the first byte of the suites of TLS 1.3 alone. */
export const versionOf = (suite: number): TlsVersion => (suite >> 8 === 0x13 ? 'TLSv1.3' : 'TLSv1.2');

const SUITES: readonly number[] = [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8];
/** X25519MLKEM768, X25519, P-256, P-384, P-521, X448: each OpenSSL offers those of them that it has. */
const OFFERED_GROUPS: readonly number[] = [0x11ec, 0x001d, 0x0017, 0x0018, 0x0019, 0x001e];

/** In order of preference. */
export const orderedSuites = (ids: Iterable<number>): number[] => inOrder(SUITES, ids);
export const orderedGroups = (ids: Iterable<number>): number[] => inOrder(OFFERED_GROUPS, ids);
export const orderedSchemes = (ids: Iterable<number>): number[] =>
  inOrder(
    SCHEMES.map(({ id }) => id),
    ids,
  );

function inOrder(preferred: readonly number[], ids: Iterable<number>): number[] {
  const all = [...new Set(ids)];
  return [...preferred.filter((id) => all.includes(id)), ...all.filter((id) => !preferred.includes(id))];
}

/** A group or scheme as a provider of OpenSSL describes it. */
export interface Capability {
  readonly id: number;
  readonly name: string;
  /** Of a scheme: OpenSSL's name of the key that signs with it. */
  readonly keyType: string;
  /** Of security. */
  readonly bits: number;
  /** 0: none. */
  readonly maxVersion: number;
}

const MIN_SECURITY_BITS = 112;

const isUsable = ({ bits, maxVersion }: Capability): boolean =>
  bits >= MIN_SECURITY_BITS && (maxVersion === 0 || maxVersion >= VERSIONS['TLSv1.3']);

/** Groups that TLS 1.3 still has, but for finite fields (RFC 7919), which cost the client much and give no more. */
export const mayUseGroup = (group: Capability): boolean => isUsable(group) && group.id >> 8 !== 0x01;

/** No MD5, SHA-1, SHA-224 and DSA, whose code points are a hash and a kind of key (RFC 5246 section 7.4.1.4.1). */
export const mayUseScheme = (id: number): boolean =>
  id >> 8 >= 7 || (id >> 8 >= 4 && ((id & 0xff) === 1 || (id & 0xff) === 3));
export const mayUseSchemeOfProvider = (scheme: Capability): boolean => isUsable(scheme) && mayUseScheme(scheme.id);

/**
 * Of the groups at hand, those that are offered when the caller names none. `ownDefault`: what OpenSSL offers by
 * itself.
 */
export const defaultGroups = (atHand: Iterable<number>, ownDefault: readonly number[]): number[] =>
  [...atHand].filter((id) => OFFERED_GROUPS.includes(id) || ownDefault.includes(id));

/** Key exchange that a quantum computer does not undo: X25519MLKEM768 and its two siblings. */
export const isHybrid = (group: number): boolean => group >= 0x11eb && group <= 0x11ed;

/** OpenSSL's names of kinds of keys. */
const KeyKind = { rsa: 'RSA', rsaPss: 'RSA-PSS', ec: 'EC', ed25519: 'ED25519', ed448: 'ED448' } as const;

/** RSA keys of both kinds. */
export const isRsa = (kind: string): boolean => kind === KeyKind.rsa || kind === KeyKind.rsaPss;

export interface Scheme {
  readonly id: number;
  /** OpenSSL's name, which is IANA's. */
  readonly name: string;
  /** OpenSSL's name of the key that signs with it; empty where it is not known. */
  readonly kind: string;
  /** Of the curve, for ECDSA in TLS 1.3 (RFC 9846 section 4.3.3). */
  readonly bits?: number;
  /** The only version in which it signs handshakes: RSASSA-PKCS1-v1_5 in TLS 1.2, what providers bring in TLS 1.3. */
  readonly only?: TlsVersion;
}

/** What every OpenSSL 3 has built in, in order of preference. Later ones say themselves what they have. */
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
  { id: 0x0401, name: 'rsa_pkcs1_sha256', kind: KeyKind.rsa, only: 'TLSv1.2' },
  { id: 0x0501, name: 'rsa_pkcs1_sha384', kind: KeyKind.rsa, only: 'TLSv1.2' },
  { id: 0x0601, name: 'rsa_pkcs1_sha512', kind: KeyKind.rsa, only: 'TLSv1.2' },
];

/** RFC 8879 code points. */
export const COMPRESSIONS = { zlib: 1, brotli: 2, zstd: 3 } as const;

export const VERSIONS: { readonly [K in TlsVersion]: number } = { 'TLSv1.2': 0x0303, 'TLSv1.3': 0x0304 };
