/** @module Certificates: RFC 5280 section 4.1, read in one pass; everything is a view of the input. */
import { readSignatureAlgorithm } from './algorithm.ts';
import { bytesEqual, readWhole, type DerReader } from './der.ts';
import { decodeExtension, type Decoded, type Extension } from './extensions.ts';
import { nameText, readName } from './name.ts';
import { parsePublicKey, type PublicKey } from './public-key.ts';
import type { SignatureAlgorithm } from './signature.ts';
import { readTime } from './time.ts';
import * as Tag from './tag.ts';

/**
 * A well-formed certificate. Views of the input, which must not change as long as it is used. That it is well-formed says nothing about
 * whether it may be trusted, or keeps RFC 5280's rules: `validatePath` does.
 */
export interface Certificate extends Readonly<Decoded> {
  /** The whole DER. */
  readonly raw: Uint8Array;
  /** DER `TBSCertificate`: what is signed. */
  readonly tbs: Uint8Array;
  readonly version: 1 | 2 | 3;
  /** Two's complement, big-endian. */
  readonly serial: Uint8Array;
  /** DER `Name`s. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** Milliseconds since the epoch; both ends are inclusive. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Both times are in the form that RFC 5280 section 4.1.2.5 asks for (UTCTime through 2049). */
  readonly timeForms: readonly [notBefore: boolean, notAfter: boolean];
  /** DER `SubjectPublicKeyInfo`. */
  readonly spki: Uint8Array;
  readonly publicKey: PublicKey;
  /** `undefined` for an algorithm that is not supported, or has wrong parameters. */
  readonly signatureAlgorithm: SignatureAlgorithm | undefined;
  /** Dotted OID of the algorithm. */
  readonly signatureOid: string;
  /** False where the certificate names two different ones, inside and outside of what is signed. */
  readonly signatureAlgorithmsAgree: boolean;
  readonly signature: Uint8Array;
  /** All extensions in their order. */
  readonly extensions: readonly Extension[];
  /** The first critical extension that this package does not process. */
  readonly unhandledCritical: string | undefined;
  /** Issuer and subject are the same name. */
  readonly selfIssued: boolean;
}

/** The extensions that are understood without being decoded here: CRL distribution points (see `crl.ts`). */
const PROCESSED_ELSEWHERE = new Set(['2.5.29.31']);

/**
 * Reads one DER certificate of at most 1 MiB. Keys and algorithms of other kinds are let pass here; malformed extensions of the kinds
 * that decide about a path, duplicates and trailing bytes are not.
 * @throws DerError, and nothing else, for whatever bytes.
 */
export const parseCertificate = (der: Uint8Array): Certificate => {
  const reader = readWhole(der);
  const tbsStart = reader.position;
  const certificate = reader.open(Tag.SEQUENCE);
  let version: 1 | 2 | 3 = 1;
  if (reader.peek() === 0xa0) {
    const outer = reader.open(0xa0);
    const number = reader.smallInteger();
    if (number !== 1 && number !== 2) reader.fail('version is not v2 or v3');
    version = number === 1 ? 2 : 3;
    reader.close(outer);
  }
  const serial = reader.integer();
  const innerAlgorithm = reader.element(Tag.SEQUENCE);
  const issuer = readName(reader);
  const validity = reader.open(Tag.SEQUENCE);
  const notBefore = readTime(reader);
  const notAfter = readTime(reader);
  reader.close(validity);
  const subject = readName(reader);
  const spki = reader.element(Tag.SEQUENCE);
  const publicKey = parsePublicKey(spki);
  for (const tag of [0x81, 0x82]) if (reader.peek() === tag) readUniqueIdentifier(reader, tag, version);
  // one literal with everything in it: all certificates have the same shape, which engines like
  const read: Mutable<Certificate> = {
    raw: der,
    tbs: der,
    version,
    serial,
    issuer,
    subject,
    notBefore: notBefore.at,
    notAfter: notAfter.at,
    timeForms: [notBefore.form, notAfter.form],
    spki,
    publicKey,
    signatureAlgorithm: undefined,
    signatureOid: '',
    signatureAlgorithmsAgree: false,
    signature: der,
    extensions: [],
    unhandledCritical: undefined,
    selfIssued: bytesEqual(issuer, subject),
    basicConstraints: undefined,
    keyUsage: undefined,
    extendedKeyUsage: undefined,
    subjectAltName: undefined,
    nameConstraints: undefined,
    authorityKeyIdentifier: undefined,
    subjectKeyIdentifier: undefined,
    certificatePolicies: undefined,
    policyMappings: undefined,
    policyConstraints: undefined,
    inhibitAnyPolicy: undefined,
    authorityInfoAccess: undefined,
    tlsFeatures: undefined,
  };
  if (reader.more) readExtensions(reader, read);
  reader.close(certificate);
  read.tbs = der.subarray(tbsStart, reader.position);
  const algorithmStart = reader.position;
  const { oid, algorithm } = readSignatureAlgorithm(reader);
  read.signatureOid = oid;
  read.signatureAlgorithm = algorithm;
  read.signatureAlgorithmsAgree = bytesEqual(innerAlgorithm, der.subarray(algorithmStart, reader.position));
  read.signature = reader.octetsOfBitString();
  reader.finish();
  return read;
};

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const readUniqueIdentifier = (reader: DerReader, tag: number, version: number): void => {
  if (version === 1) reader.fail('unique identifiers need v2');
  reader.skip(tag);
};

const readExtensions = (reader: DerReader, into: Mutable<Certificate>): void => {
  const extensions: Extension[] = [];
  const seen = new Set<string>();
  const outer = reader.open(0xa3);
  const list = reader.open(Tag.SEQUENCE);
  do {
    const extension = readExtension(reader);
    const { oid, critical, value } = extension;
    if (seen.has(oid)) reader.fail(`extension ${oid} stands twice`);
    seen.add(oid);
    if (!decodeExtension(oid, value, into) && critical && !PROCESSED_ELSEWHERE.has(oid)) into.unhandledCritical ??= oid;
    extensions.push(extension);
  } while (reader.more);
  reader.close(list);
  reader.close(outer);
  into.extensions = extensions;
};

/** An explicit `critical FALSE`, which DER forbids, is let pass: old CAs write it, and it changes nothing. */
export const readExtension = (reader: DerReader): Extension => {
  const outer = reader.open(Tag.SEQUENCE);
  const oid = reader.oid();
  const critical = reader.peek() === Tag.BOOLEAN && reader.boolean();
  const value = reader.contents(Tag.OCTET_STRING);
  reader.close(outer);
  return { oid, critical, value };
};

/** The extension as it stands, also one that is not decoded. */
export const extensionOf = (certificate: Certificate, oid: string): Extension | undefined => certificate.extensions.find((extension) => extension.oid === oid);

/** RFC 4514 text of the subject; for one without a subject, its first alternative name is no substitute: `(no subject)`. */
export const subjectText = (certificate: Certificate): string => nameText(certificate.subject) || '(no subject)';
