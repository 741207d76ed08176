/** @module SignatureScheme (RFC 9846 section 4.3.3): what each code point signs with, and which key can make it. */
import { byPreference, SIGNATURE_SCHEMES as PREFERENCE } from '@ferrule/result/preference';
import type { HashName, MlDsa, SignatureAlgorithm } from '@ferrule/x509';

/** A kind of key as signatures see it: RSA keys under rsaEncryption and under id-RSASSA-PSS are two kinds. */
export type KeyKind =
  'rsa' | 'rsa-pss' | 'secp256r1' | 'secp384r1' | 'secp521r1' | BrainpoolKind | 'ed25519' | 'ed448' | MlDsa;

/** RFC 8734: in TLS 1.3 these curves have names of their own. */
type BrainpoolKind = 'brainpoolP256r1tls13' | 'brainpoolP384r1tls13' | 'brainpoolP512r1tls13';

export interface SignatureScheme {
  readonly id: number;
  /** IANA name. */
  readonly name: string;
  readonly algorithm: SignatureAlgorithm & { readonly hash?: HashName };
  /** The key that signs with it in TLS 1.3; in TLS 1.2 the curve of an ECDSA key is free (RFC 9846 section 4.3.3). */
  readonly key: KeyKind;
  /** RSASSA-PKCS1-v1_5 signs certificates and TLS 1.2 only. */
  readonly tls13: boolean;
  /** Signs nothing in TLS 1.2. */
  readonly only13?: true;
  /** RFC 9963: for clients of TLS 1.3 whose key can do no better, and only when asked for by name; never offered. */
  readonly legacy?: true;
}

const mlDsa = (id: number, kind: MlDsa): SignatureScheme => ({
  id,
  name: kind.replaceAll('-', ''),
  algorithm: { kind },
  key: kind,
  tls13: true,
  only13: true,
});

const HASH_LENGTH: Readonly<Record<HashName, number>> = { sha256: 32, sha384: 48, sha512: 64 };

const ecdsa = (id: number, key: KeyKind, hash: HashName): SignatureScheme => ({
  id,
  name: `ecdsa_${key}_${hash}`,
  algorithm: { kind: 'ecdsa', hash },
  key,
  tls13: true,
});
const brainpool = (id: number, key: BrainpoolKind, hash: HashName): SignatureScheme => ({
  ...ecdsa(id, key, hash),
  only13: true,
});
const edwards = (id: number, kind: 'ed25519' | 'ed448'): SignatureScheme => ({
  id,
  name: kind,
  algorithm: { kind },
  key: kind,
  tls13: true,
});
const pss = (id: number, key: 'rsa' | 'rsa-pss', hash: HashName): SignatureScheme => ({
  id,
  name: `rsa_pss_${key === 'rsa' ? 'rsae' : 'pss'}_${hash}`,
  algorithm: { kind: 'rsa-pss', hash, saltLength: HASH_LENGTH[hash] },
  key,
  tls13: true,
});
const legacyPkcs1 = (id: number, hash: HashName): SignatureScheme => ({
  id,
  name: `rsa_pkcs1_${hash}_legacy`,
  algorithm: { kind: 'rsa-pkcs1', hash },
  key: 'rsa',
  tls13: true,
  legacy: true,
});
const pkcs1 = (id: number, hash: HashName): SignatureScheme => ({
  id,
  name: `rsa_pkcs1_${hash}`,
  algorithm: { kind: 'rsa-pkcs1', hash },
  key: 'rsa',
  tls13: false,
});

const ROWS: readonly SignatureScheme[] = [
  ecdsa(0x0403, 'secp256r1', 'sha256'),
  edwards(0x0807, 'ed25519'),
  ecdsa(0x0503, 'secp384r1', 'sha384'),
  ecdsa(0x0603, 'secp521r1', 'sha512'),
  edwards(0x0808, 'ed448'),
  pss(0x0804, 'rsa', 'sha256'),
  pss(0x0805, 'rsa', 'sha384'),
  pss(0x0806, 'rsa', 'sha512'),
  pss(0x0809, 'rsa-pss', 'sha256'),
  pss(0x080a, 'rsa-pss', 'sha384'),
  pss(0x080b, 'rsa-pss', 'sha512'),
  pkcs1(0x0401, 'sha256'),
  pkcs1(0x0501, 'sha384'),
  pkcs1(0x0601, 'sha512'),
  brainpool(0x081a, 'brainpoolP256r1tls13', 'sha256'),
  brainpool(0x081b, 'brainpoolP384r1tls13', 'sha384'),
  brainpool(0x081c, 'brainpoolP512r1tls13', 'sha512'),
  mlDsa(0x0904, 'ml-dsa-44'),
  mlDsa(0x0905, 'ml-dsa-65'),
  mlDsa(0x0906, 'ml-dsa-87'),
  legacyPkcs1(0x0420, 'sha256'),
  legacyPkcs1(0x0520, 'sha384'),
  legacyPkcs1(0x0620, 'sha512'),
];

const BY_ID: ReadonlyMap<number, SignatureScheme> = new Map(ROWS.map((scheme) => [scheme.id, scheme]));

/** In order of preference. */
export const SIGNATURE_SCHEMES: readonly SignatureScheme[] = Object.freeze(
  byPreference(PREFERENCE, BY_ID.keys()).map((id) => BY_ID.get(id) as SignatureScheme),
);

/** `undefined` for a code point that this engine does not know: SHA-1, DSA, unassigned. */
export const signatureScheme = (id: number): SignatureScheme | undefined => BY_ID.get(id);

/** All that every verifier here can check, but for what is only for clients. */
export const DEFAULT_SCHEMES: readonly number[] = Object.freeze(
  SIGNATURE_SCHEMES.filter(({ legacy }) => legacy !== true).map(({ id }) => id),
);
