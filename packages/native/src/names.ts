/**
 * @module IANA code points, and which abilities of OpenSSL are used: not a fixed list, but minimum requirements.
 * Anything not in the preference lists (`@ferrule/result/preference`) follows them in OpenSSL's own order.
 */
import type { CertificateProfile, TlsVersion } from '@ferrule/contract';
import { isTls13Suite, NamedGroup, SignatureScheme, Version } from '@ferrule/result/numbers';

/** OpenSSL's default flags. */
export const PROFILES: readonly CertificateProfile[] = Object.freeze(['compatible', 'rfc5280']);

export const versionOf = (suite: number): TlsVersion => (isTls13Suite(suite) ? 'TLSv1.3' : 'TLSv1.2');

/** Offered by default if OpenSSL supports them; every OpenSSL 3 has the non-hybrid ones. */
const OFFERED_GROUPS: readonly number[] = [
  NamedGroup.X25519MLKEM768,
  NamedGroup.x25519,
  NamedGroup.secp256r1,
  NamedGroup.secp384r1,
  NamedGroup.secp521r1,
  NamedGroup.x448,
];

/** A group or scheme as a provider of OpenSSL describes it. */
export interface Capability {
  readonly id: number;
  readonly name: string;
  /** Of a scheme: OpenSSL's name of its key type. */
  readonly keyType: string;
  /** Security bits. */
  readonly bits: number;
  /** 0: none. */
  readonly maxVersion: number;
}

const MIN_SECURITY_BITS = 112;

const isUsable = ({ bits, maxVersion }: Capability): boolean =>
  bits >= MIN_SECURITY_BITS && (maxVersion === 0 || maxVersion >= VERSIONS['TLSv1.3']);

/** Groups still allowed in TLS 1.3, except finite fields (RFC 7919), which are expensive without benefit. */
export const mayUseGroup = (group: Capability): boolean => isUsable(group) && group.id >> 8 !== 0x01;

/**
 * Excludes MD5, SHA-1, SHA-224 and DSA, whose code points are a hash and a kind of key (RFC 5246 section 7.4.1.4.1).
 */
export const mayUseScheme = (id: number): boolean =>
  id >> 8 >= 7 || (id >> 8 >= 4 && ((id & 0xff) === 1 || (id & 0xff) === 3));
export const mayUseSchemeOfProvider = (scheme: Capability): boolean => isUsable(scheme) && mayUseScheme(scheme.id);

/** The available groups to offer by default. `ownDefault`: OpenSSL's own default. */
export const defaultGroups = (atHand: Iterable<number>, ownDefault: readonly number[]): number[] =>
  [...atHand].filter((id) => OFFERED_GROUPS.includes(id) || ownDefault.includes(id));

/** OpenSSL's names of kinds of keys. */
export const KeyKind = { rsa: 'RSA', rsaPss: 'RSA-PSS', ec: 'EC', ed25519: 'ED25519', ed448: 'ED448' } as const;

/** RSA keys of both kinds. */
export const isRsa = (kind: string): boolean => kind === KeyKind.rsa || kind === KeyKind.rsaPss;

export interface Scheme {
  readonly id: number;
  /** OpenSSL's name, which is IANA's. */
  readonly name: string;
  /** OpenSSL's name of its key type; empty if unknown. */
  readonly kind: string;
  /** Of the curve, for ECDSA in TLS 1.3 (RFC 9846 section 4.3.3). */
  readonly bits?: number;
  /** The only version in which it signs handshakes: TLS 1.2 for RSASSA-PKCS1-v1_5, TLS 1.3 for schemes of providers. */
  readonly only?: TlsVersion;
}

const scheme = (
  name: keyof typeof SignatureScheme,
  kind: string,
  more: Pick<Scheme, 'bits' | 'only'> = {},
): Scheme => ({ id: SignatureScheme[name], name, kind, ...more });

/** Built into every OpenSSL 3. Later versions report theirs. */
export const SCHEMES: readonly Scheme[] = [
  scheme('ecdsa_secp256r1_sha256', KeyKind.ec, { bits: 256 }),
  scheme('rsa_pss_rsae_sha256', KeyKind.rsa),
  scheme('ed25519', KeyKind.ed25519),
  scheme('ecdsa_secp384r1_sha384', KeyKind.ec, { bits: 384 }),
  scheme('rsa_pss_rsae_sha384', KeyKind.rsa),
  scheme('ecdsa_secp521r1_sha512', KeyKind.ec, { bits: 521 }),
  scheme('rsa_pss_rsae_sha512', KeyKind.rsa),
  scheme('rsa_pss_pss_sha256', KeyKind.rsaPss),
  scheme('rsa_pss_pss_sha384', KeyKind.rsaPss),
  scheme('rsa_pss_pss_sha512', KeyKind.rsaPss),
  scheme('ed448', KeyKind.ed448),
  scheme('rsa_pkcs1_sha256', KeyKind.rsa, { only: 'TLSv1.2' }),
  scheme('rsa_pkcs1_sha384', KeyKind.rsa, { only: 'TLSv1.2' }),
  scheme('rsa_pkcs1_sha512', KeyKind.rsa, { only: 'TLSv1.2' }),
];

export const VERSIONS: { readonly [K in TlsVersion]: number } = { 'TLSv1.2': Version.tls12, 'TLSv1.3': Version.tls13 };
