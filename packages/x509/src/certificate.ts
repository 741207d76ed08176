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
 * A well-formed certificate. Views of the input, which must not change while in use. Well-formed does not mean trusted
 * or conforming to RFC 5280: `validatePath` checks that.
 */
export interface Certificate extends Readonly<Decoded> {
  /** The whole DER. */
  readonly raw: Uint8Array;
  /** DER `TBSCertificate`: what is signed. */
  readonly tbs: Uint8Array;
  /** 1 to 3 in a conforming certificate. */
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
  /** Whether each time has the form that RFC 5280 section 4.1.2.5 requires (UTCTime through 2049). */
  readonly timeForms: readonly [notBefore: boolean, notAfter: boolean];
  /** DER `SubjectPublicKeyInfo`. */
  readonly spki: Uint8Array;
  readonly publicKey: PublicKey;
  /** `undefined` for an unsupported algorithm, or invalid parameters. */
  readonly signatureAlgorithm: SignatureAlgorithm | undefined;
  /** Dotted OID of the algorithm. */
  readonly signatureOid: string;
  /** Made over MD5, SHA-1 or RIPEMD-160, which no profile accepts. */
  readonly weakSignature: boolean;
  /** False if the signed and unsigned algorithm fields differ. */
  readonly signatureAlgorithmsAgree: boolean;
  readonly signature: Uint8Array;
  /** All extensions, in order. */
  readonly extensions: readonly Extension[];
  /** The first critical extension that this package does not process. */
  readonly unhandledCritical: string | undefined;
  /** What is wrong with a decisive extension: unreadable or duplicate. */
  readonly malformed: string | undefined;
  /** The same for a non-critical policy extension. */
  readonly malformedPolicies: string | undefined;
  /** The first encoding that DER or RFC 5280 does not allow, though OpenSSL accepts it. */
  readonly odd: string | undefined;
  /** Issuer and subject are the same name. */
  readonly selfIssued: boolean;
}

/** Extensions that only concern policies; OpenSSL reads them only when checking policies. */
const POLICY_EXTENSIONS: readonly string[] = [
  Oid.certificatePolicies,
  Oid.policyMappings,
  Oid.policyConstraints,
  Oid.inhibitAnyPolicy,
];
/** Extensions that must be readable for any verdict on a certificate. */
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
 * Reads one DER certificate of at most 1 MiB. Unsupported keys and algorithms are accepted here, and errors in
 * extensions and times are only noted: `validatePath` decides whether they matter. Trailing bytes, and anything that is
 * not a certificate, are errors.
 * @throws DerError only, for any input bytes.
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
  // One complete literal: all certificates have the same shape, which JavaScript engines optimise
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

/** The essential parts of a certificate. */
export interface CertificateKey {
  /** DER `Name`; not checked to be well-formed. */
  readonly subject: Uint8Array;
  /** DER `SubjectPublicKeyInfo`. */
  readonly spki: Uint8Array;
}

/**
 * Reads only the subject and key of a certificate: extensions, times, names and signature are not checked.
 * @throws DerError
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

/** A malformed one is reported by `validatePath`, at the same point as by OpenSSL. */
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
    // RFC 7633: without OCSP a TLS feature is not enforced here, so a critical one is unhandled
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

/** Accepts an explicit `critical FALSE`, which DER forbids: old CAs write it, and it is harmless. */
export function readExtension(reader: DerReader): Extension {
  const outer = reader.open(Tag.SEQUENCE);
  const oid = reader.oid();
  const critical = reader.peek() === Tag.BOOLEAN && reader.boolean();
  const value = reader.contents(Tag.OCTET_STRING);
  reader.close(outer);
  return { oid, critical, value };
}

/** The raw extension, even if not decoded. */
export const extensionOf = (certificate: Certificate, oid: string): Extension | undefined =>
  certificate.extensions.find((extension) => extension.oid === oid);

/** RFC 4514 text of the subject; without a subject `(no subject)`, not an alternative name. */
export const subjectText = (certificate: Certificate): string => nameText(certificate.subject) || '(no subject)';
