/** @module Certificates: RFC 5280 section 4.1, read in one pass; everything is a view of the input. */
import { bytesEqual } from '@ferrule/result/bytes';
import { readSignatureAlgorithm } from './algorithm.ts';
import { DerError, DerReader, readWhole } from './der.ts';
import { decodeExtension, Oid, type Decoded, type Extension } from './extensions.ts';
import { nameText, sameName, readName } from './name.ts';
import { readKeyOfCertificate, type PublicKey } from './public-key.ts';
import type { SignatureAlgorithm } from './signature.ts';
import { readTime, type Time } from './time.ts';
import * as Tag from './tag.ts';

/**
 * A well-formed certificate. Views of the input, which must not change as long as it is used. That it is well-formed
 * says nothing about whether it may be trusted, or keeps RFC 5280's rules: `validatePath` does.
 */
export interface Certificate extends Readonly<Decoded> {
  /** The whole DER. */
  readonly raw: Uint8Array;
  /** DER `TBSCertificate`: what is signed. */
  readonly tbs: Uint8Array;
  /** 1 to 3 in a certificate that keeps the rules. */
  readonly version: number;
  /** Two's complement, big-endian. */
  readonly serial: Uint8Array;
  /** DER `Name`s. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /**
   * Milliseconds since the epoch; both ends are inclusive. NaN for a time that RFC 5280 section 4.1.2.5 does not allow.
   */
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
  /** It was made over MD5, SHA-1 or RIPEMD-160, which no profile accepts. */
  readonly weakSignature: boolean;
  /** False where the certificate names two different ones, inside and outside of what is signed. */
  readonly signatureAlgorithmsAgree: boolean;
  readonly signature: Uint8Array;
  /** All extensions in their order. */
  readonly extensions: readonly Extension[];
  /** The first critical extension that this package does not process. */
  readonly unhandledCritical: string | undefined;
  /** What is wrong with an extension that decides: it cannot be read, or is there twice. */
  readonly malformed: string | undefined;
  /** The same of an extension about policies that is not critical. */
  readonly malformedPolicies: string | undefined;
  /** The first thing that DER or RFC 5280 does not allow in an encoding, though OpenSSL reads it. */
  readonly odd: string | undefined;
  /** Issuer and subject are the same name. */
  readonly selfIssued: boolean;
}

/** Extensions that decide about policies alone; OpenSSL looks at them where it is asked to check policies. */
const POLICY_EXTENSIONS: readonly string[] = [
  Oid.certificatePolicies,
  Oid.policyMappings,
  Oid.policyConstraints,
  Oid.inhibitAnyPolicy,
];
/** Extensions without which nothing can be said of a certificate: one of them must not be guessed at. */
const DECISIVE: readonly string[] = [
  Oid.basicConstraints,
  Oid.keyUsage,
  Oid.netscapeCertType,
  Oid.extendedKeyUsage,
  Oid.subjectAltName,
  Oid.nameConstraints,
  Oid.crlDistributionPoints,
  Oid.subjectKeyIdentifier,
  Oid.authorityKeyIdentifier,
];

/**
 * Reads one DER certificate of at most 1 MiB. Keys and algorithms of other kinds are let pass here, and what is wrong
 * with single extensions and times is noted: whether it matters is a question for `validatePath`. Trailing bytes and
 * what is not a certificate at all are not.
 * @throws DerError, and nothing else, for whatever bytes.
 */
export function parseCertificate(der: Uint8Array): Certificate {
  const reader = readWhole(der);
  const tbsStart = reader.position;
  const certificate = reader.open(Tag.SEQUENCE);
  let version = 1;
  if (reader.peek() === 0xa0) {
    const outer = reader.open(0xa0);
    version = 1 + reader.signedInteger();
    if (version !== 2 && version !== 3) reader.odd ??= `version ${version} written out`;
    reader.close(outer);
  }
  const serial = reader.integer();
  const innerAlgorithm = reader.element(Tag.SEQUENCE);
  const issuer = readName(reader);
  const validity = reader.open(Tag.SEQUENCE);
  const notBefore = readValidityTime(reader);
  const notAfter = readValidityTime(reader);
  reader.close(validity);
  const subject = readName(reader);
  const spki = reader.element(Tag.SEQUENCE);
  const publicKey = readKeyOfCertificate(spki, reader);
  for (const tag of [0x81, 0x82]) {
    const own = reader.peek();
    if ((own & ~0x20) !== tag) continue;
    if (version === 1 || own !== tag) reader.odd ??= 'a unique identifier in version 1, or in parts';
    reader.skip(own);
  }
  // One literal with everything in it: all certificates have the same shape, which engines like
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
    weakSignature: false,
    signatureAlgorithmsAgree: false,
    signature: der,
    extensions: [],
    unhandledCritical: undefined,
    malformed: undefined,
    malformedPolicies: undefined,
    odd: undefined,
    get selfIssued() {
      return sameName(issuer, subject);
    },
    basicConstraints: undefined,
    keyUsage: undefined,
    netscapeCertType: undefined,
    extendedKeyUsage: undefined,
    subjectAltName: undefined,
    nameConstraints: undefined,
    authorityKeyIdentifier: undefined,
    subjectKeyIdentifier: undefined,
    certificatePolicies: undefined,
    policyMappings: undefined,
    policyConstraints: undefined,
    inhibitAnyPolicy: undefined,
    distributionPoints: undefined,
    authorityInfoAccess: undefined,
    tlsFeatures: undefined,
  };
  if (reader.more) readExtensions(reader, read);
  reader.close(certificate);
  read.tbs = der.subarray(tbsStart, reader.position);
  const algorithmStart = reader.position;
  const { oid, algorithm, weak } = readSignatureAlgorithm(reader);
  read.signatureOid = oid;
  read.weakSignature = weak;
  read.signatureAlgorithm = algorithm;
  read.signatureAlgorithmsAgree = bytesEqual(innerAlgorithm, der.subarray(algorithmStart, reader.position));
  read.signature = reader.octetsOfBitString();
  reader.finish();
  read.odd = reader.odd;
  return read;
}

/** What a certificate must say to be of any use, whatever the rest is. */
export interface CertificateKey {
  /** DER `Name`; whether it is well-formed has not been looked at. */
  readonly subject: Uint8Array;
  /** DER `SubjectPublicKeyInfo`. */
  readonly spki: Uint8Array;
}

/**
 * Skims a certificate for its key, for who asks nothing else of it: extensions, times, names and its signature may be
 * anything. @throws DerError
 */
export function certificateKey(der: Uint8Array): CertificateKey {
  const reader = readWhole(der);
  reader.open(Tag.SEQUENCE);
  if (reader.peek() === 0xa0) reader.skip();
  // Serial number, algorithm, issuer, validity
  for (const tag of [Tag.INTEGER, Tag.SEQUENCE, Tag.SEQUENCE, Tag.SEQUENCE]) reader.skip(tag);
  return { subject: reader.element(Tag.SEQUENCE), spki: reader.element(Tag.SEQUENCE) };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** One that is malformed is told by `validatePath`, at the place where OpenSSL tells of it. */
function readValidityTime(reader: DerReader): Time {
  const start = reader.position;
  try {
    return readTime(reader);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    reader.position = start;
    reader.skip(reader.peek() === Tag.UTC_TIME ? Tag.UTC_TIME : Tag.GENERALIZED_TIME);
    return { at: NaN, form: false };
  }
}

function readExtensions(reader: DerReader, into: Mutable<Certificate>): void {
  const extensions: Extension[] = [];
  const seen = new Set<string>();
  const outer = reader.open(0xa3);
  const list = reader.open(Tag.SEQUENCE);
  if (!reader.more) reader.odd ??= 'a list of extensions that is empty';
  while (reader.more) {
    const extension = readExtension(reader);
    extensions.push(extension);
    const { oid, critical, value } = extension;
    const inner = new DerReader(value);
    // RFC 7633: without OCSP nothing here keeps the promise of a TLS feature, so that a critical one is not understood
    if (oid === Oid.tlsFeature && critical) into.unhandledCritical ??= oid;
    try {
      if (seen.has(oid)) inner.fail('it is duplicated');
      seen.add(oid);
      if (!decodeExtension(oid, inner, into) && critical) into.unhandledCritical ??= oid;
    } catch (error) {
      if (!(error instanceof DerError)) throw error;
      const message = `its extension ${oid} cannot be read: ${error.message}`;
      if (POLICY_EXTENSIONS.includes(oid)) {
        into.malformedPolicies ??= message;
        if (critical && oid === Oid.certificatePolicies) into.unhandledCritical ??= oid;
      } else if (DECISIVE.includes(oid)) into.malformed ??= message;
      else inner.odd = message;
    }
    reader.odd ??= inner.odd;
  }
  reader.close(list);
  reader.close(outer);
  into.extensions = extensions;
}

/** An explicit `critical FALSE`, which DER forbids, is let pass: old CAs write it, and it changes nothing. */
export function readExtension(reader: DerReader): Extension {
  const outer = reader.open(Tag.SEQUENCE);
  const oid = reader.oid();
  const critical = reader.peek() === Tag.BOOLEAN && reader.boolean();
  const value = reader.contents(Tag.OCTET_STRING);
  reader.close(outer);
  return { oid, critical, value };
}

/** The extension as it stands, also one that is not decoded. */
export const extensionOf = (certificate: Certificate, oid: string): Extension | undefined =>
  certificate.extensions.find((extension) => extension.oid === oid);

/**
 * RFC 4514 text of the subject; for one without a subject, its first alternative name is no substitute: `(no subject)`.
 */
export const subjectText = (certificate: Certificate): string => nameText(certificate.subject) || '(no subject)';
