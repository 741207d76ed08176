/** @module A certificate before it is signed: every field is there to be changed, also to what no CA would write. */
import {
  constants,
  createHash,
  createPublicKey,
  generateKeyPairSync,
  privateDecrypt,
  sign,
  type KeyObject,
} from 'node:crypto';
import { oid } from '@ferrule/conformance/pki';
import { concat, EMPTY } from '@ferrule/result/bytes';
import { tlv } from '../fuzz/der.ts';

/** `p256:` and a word: one of several. */
export type KeyName = `p256:${string}` | 'p384' | RareCurve | 'rsa' | 'rsa-1024' | 'ed25519';
/** By OpenSSL's names. */
type RareCurve = 'secp224r1' | 'secp256k1' | 'brainpoolP256r1' | 'brainpoolP384r1';

export interface Key {
  readonly name: KeyName;
  readonly privateKey: KeyObject;
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
}

/** What an extension holds; a function where that depends on the keys. */
export type Value = Uint8Array | ((own: Draft, issuer: Draft) => Uint8Array);

export interface DraftExtension {
  /** DER BOOLEAN, or nothing. */
  critical: Uint8Array;
  value: Value;
}

export interface Draft {
  /** The INTEGER's value: 2 is version 3. */
  version: number;
  versionWritten: boolean;
  serial: Uint8Array;
  subject: Uint8Array;
  /** Default: the subject of the issuer. */
  issuer: Uint8Array | undefined;
  notBefore: Uint8Array;
  notAfter: Uint8Array;
  key: Key;
  /** Default: the key of the issuer. */
  signer: Key | undefined;
  hash: DraftHash;
  /** Where the signer's key is RSA: RSASSA-PSS, with this mask. */
  mask: DraftHash | undefined;
  /** DER parameters of an ECDSA AlgorithmIdentifier, which has none. */
  parameters: Uint8Array;
  /** The AlgorithmIdentifier outside of what is signed, where it differs. */
  outerHash: DraftHash | undefined;
  /** By dotted OID, in order. */
  readonly extensions: Map<string, DraftExtension>;
  /** Further members of the list of extensions. */
  more: Uint8Array[];
  /** An empty list of extensions is written, too. */
  emptyList: boolean;
  /** issuerUniqueID, subjectUniqueID. */
  uniqueIds: Uint8Array;
  corrupt: boolean;
  /** What is done to the certificate at the end. */
  edit: ((der: Uint8Array) => Uint8Array) | undefined;
}

/** Signed, as DER. */
export function encode(draft: Draft, issuer: Draft): Uint8Array {
  const signer = draft.signer ?? issuer.key;
  const algorithm = algorithmOf(signer, draft.hash, draft);
  const extensions = [
    ...[...draft.extensions].map(([id, { critical, value }]) =>
      sequence(oid(id), critical, tlv(0x04, typeof value === 'function' ? value(draft, issuer) : value)),
    ),
    ...draft.more,
  ];
  const tbs = sequence(
    draft.versionWritten ? tlv(0xa0, integer(Uint8Array.of(draft.version))) : EMPTY,
    integer(draft.serial),
    algorithm,
    draft.issuer ?? issuer.subject,
    sequence(draft.notBefore, draft.notAfter),
    draft.subject,
    draft.key.spki,
    draft.uniqueIds,
    extensions.length > 0 || draft.emptyList ? tlv(0xa3, sequence(...extensions)) : EMPTY,
  );
  const signature = signWith(signer, draft, tbs);
  if (draft.corrupt) signature[signature.length - 1] = (signature.at(-1) ?? 0) ^ 1;
  const outer = draft.outerHash === undefined ? algorithm : algorithmOf(signer, draft.outerHash, draft);
  const der = sequence(tbs, outer, tlv(0x03, Uint8Array.of(0), signature));
  return draft.edit?.(der) ?? der;
}

/** What holds the signature over `body`, to which the algorithm is given, since most bodies repeat it. */
export function signed(
  key: Key,
  how: Draft,
  body: (algorithm: Uint8Array) => Uint8Array,
  algorithm: Uint8Array = algorithmOf(key, how.hash, how),
): Uint8Array {
  const tbs = body(algorithm);
  return sequence(tbs, algorithm, tlv(0x03, Uint8Array.of(0), signWith(key, how, tbs)));
}

export const TRUE: Uint8Array = Uint8Array.of(1, 1, 255);
export const sequence = (...parts: readonly Uint8Array[]): Uint8Array => tlv(0x30, ...parts);
export const text = (value: string): Uint8Array => new Uint8Array(Buffer.from(value, 'latin1'));
/** Its content octets are given as they shall be. */
export const integer = (content: Uint8Array): Uint8Array => tlv(0x02, content);

/** String types of ASN.1. */
export const StringTag = {
  descriptor: 0x07,
  utf8: 0x0c,
  numeric: 0x12,
  printable: 0x13,
  t61: 0x14,
  ia5: 0x16,
  graphic: 0x19,
  general: 0x1b,
  universal: 0x1c,
  bmp: 0x1e,
} as const;

/** A Name of O and CN. */
export const name = (organization: string, common: string, tag: number = StringTag.utf8): Uint8Array =>
  sequence(attribute('2.5.4.10', organization, tag), attribute('2.5.4.3', common, tag));

/** One RelativeDistinguishedName. */
export const attribute = (type: string, value: string, tag: number): Uint8Array =>
  tlv(0x31, sequence(oid(type), tlv(tag, inType(value, tag))));

function inType(value: string, tag: number): Uint8Array {
  const width = tag === StringTag.universal ? 4 : tag === StringTag.bmp ? 2 : 1;
  return concat([...value].map((character) => concat([new Uint8Array(width - 1), text(character)])));
}

/** Days from now, as the UTCTime that RFC 5280 section 4.1.2.5 wants before 2050. */
export const utcTime = (days: number): Uint8Array => tlv(0x17, text(digits(days).slice(2)));
export const generalizedTime = (days: number): Uint8Array => tlv(0x18, text(digits(days)));
const digits = (days: number): string =>
  new Date(Date.now() + days * 86_400_000).toISOString().replace(/[-:T]|\.\d+/g, '');

export type DraftHash = keyof typeof HASHES;
/** ECDSA with the hash, RSASSA-PKCS1-v1_5 with it, the hash itself. */
const HASHES = {
  sha1: ['1.2.840.10045.4.1', '1.2.840.113549.1.1.5', '1.3.14.3.2.26'],
  sha224: ['1.2.840.10045.4.3.1', '1.2.840.113549.1.1.14', '2.16.840.1.101.3.4.2.4'],
  sha256: ['1.2.840.10045.4.3.2', '1.2.840.113549.1.1.11', '2.16.840.1.101.3.4.2.1'],
  sha384: ['1.2.840.10045.4.3.3', '1.2.840.113549.1.1.12', '2.16.840.1.101.3.4.2.2'],
  'sha3-256': ['2.16.840.1.101.3.4.3.10', '2.16.840.1.101.3.4.3.14', '2.16.840.1.101.3.4.2.8'],
} as const;

function algorithmOf(signer: Key, hash: DraftHash, { parameters, mask }: Draft): Uint8Array {
  if (signer.name === 'ed25519') return sequence(oid('1.3.101.112'));
  const [ecdsa, rsa, own] = HASHES[hash];
  if (!signer.name.startsWith('rsa')) return sequence(oid(ecdsa), parameters);
  if (mask === undefined) return sequence(oid(rsa), NULL);
  const maskOf = sequence(oid('1.2.840.113549.1.1.8'), sequence(oid(HASHES[mask][2]), NULL));
  return sequence(
    oid('1.2.840.113549.1.1.10'),
    sequence(tlv(0xa0, sequence(oid(own), NULL)), tlv(0xa1, maskOf), tlv(0xa2, integer(Uint8Array.of(PSS_SALT)))),
  );
}

function signWith({ name: kind, privateKey }: Key, { hash, mask }: Draft, tbs: Uint8Array): Buffer {
  if (kind === 'ed25519') return sign(null, tbs, privateKey);
  return mask !== undefined && kind.startsWith('rsa')
    ? signPss(privateKey, hash, mask, tbs)
    : sign(hash, tbs, privateKey);
}

const PSS_SALT = 20;

/** EMSA-PSS (RFC 8017 section 9.1.1) with a mask of its own hash, for which Node has no option. */
function signPss(key: KeyObject, hash: DraftHash, mask: DraftHash, message: Uint8Array): Buffer {
  const digest = (name: DraftHash, data: Uint8Array): Buffer => createHash(name).update(data).digest();
  const length = (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8;
  const salt = Buffer.alloc(PSS_SALT, 7);
  const h = digest(hash, concat([new Uint8Array(8), digest(hash, message), salt]));
  const block = Buffer.concat([Buffer.alloc(length - h.length - PSS_SALT - 2), Buffer.of(1), salt]);
  for (let at = 0, counter = 0; at < block.length; counter++) {
    const part = digest(mask, concat([h, Uint8Array.of(0, 0, 0, counter)]));
    for (const octet of part) if (at < block.length) block[at] = (block[at++] as number) ^ octet;
  }
  block[0] = (block[0] as number) & 0x7f;
  const encoded = Buffer.concat([block, h, Buffer.of(0xbc)]);
  return privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, encoded);
}
export const NULL: Uint8Array = Uint8Array.of(5, 0);

/** RFC 5280 section 4.2.1.2 (1), but over the whole SubjectPublicKeyInfo: any 20 octets do. */
export const identifierOf = ({ spki }: Key): Uint8Array => createHash('sha1').update(spki).digest();

const made = new Map<KeyName, Key>();

/** Made once per process. */
export function keyOf(keyName: KeyName): Key {
  let key = made.get(keyName);
  if (key === undefined) {
    const privateKey = generate(keyName);
    key = {
      name: keyName,
      privateKey,
      spki: new Uint8Array(createPublicKey(privateKey).export({ format: 'der', type: 'spki' })),
    };
    made.set(keyName, key);
  }
  return key;
}

function generate(keyName: KeyName): KeyObject {
  switch (keyName) {
    case 'p384':
      return generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
    case 'secp224r1':
    case 'secp256k1':
    case 'brainpoolP256r1':
    case 'brainpoolP384r1':
      return generateKeyPairSync('ec', { namedCurve: keyName }).privateKey;
    case 'rsa':
      return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    case 'rsa-1024':
      return generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
    case 'ed25519':
      return generateKeyPairSync('ed25519').privateKey;
    default:
      return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  }
}
