/** @module A certificate before it is signed: every field is there to be changed, also to what no CA would write. */
import { createHash, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
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
  hash: 'sha1' | 'sha256' | 'sha384';
  /** DER parameters of an ECDSA AlgorithmIdentifier, which has none. */
  parameters: Uint8Array;
  /** The AlgorithmIdentifier outside of what is signed, where it differs. */
  outerHash: 'sha1' | 'sha256' | 'sha384' | undefined;
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
  const algorithm = algorithmOf(signer, draft.hash, draft.parameters);
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
  const signature =
    signer.name === 'ed25519' ? sign(null, tbs, signer.privateKey) : sign(draft.hash, tbs, signer.privateKey);
  if (draft.corrupt) signature[signature.length - 1] = (signature.at(-1) ?? 0) ^ 1;
  const outer = draft.outerHash === undefined ? algorithm : algorithmOf(signer, draft.outerHash, draft.parameters);
  const der = sequence(tbs, outer, tlv(0x03, Uint8Array.of(0), signature));
  return draft.edit?.(der) ?? der;
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

const HASHES = {
  sha1: ['1.2.840.10045.4.1', '1.2.840.113549.1.1.5'],
  sha256: ['1.2.840.10045.4.3.2', '1.2.840.113549.1.1.11'],
  sha384: ['1.2.840.10045.4.3.3', '1.2.840.113549.1.1.12'],
} as const;

function algorithmOf(signer: Key, hash: Draft['hash'], parameters: Uint8Array): Uint8Array {
  if (signer.name === 'ed25519') return sequence(oid('1.3.101.112'));
  const [ecdsa, rsa] = HASHES[hash];
  return signer.name.startsWith('rsa') ? sequence(oid(rsa), NULL) : sequence(oid(ecdsa), parameters);
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
