/** @module The extensions that decide whether a certificate may be used (RFC 5280 section 4.2, RFC 7633). */
import { DerReader, explicit } from './der.ts';
import { readAny, readNamedBits } from './der-values.ts';
import {
  readGeneralName,
  readGeneralNames,
  readNameConstraints,
  skipString,
  type GeneralName,
  type NameConstraints,
} from './general-name.ts';
import { readRdn } from './name.ts';
import * as Tag from './tag.ts';
import * as NameType from './name-type.ts';

/** One raw extension. */
export interface Extension {
  /** Dotted OID. */
  readonly oid: string;
  readonly critical: boolean;
  /** What is inside the OCTET STRING. */
  readonly value: Uint8Array;
}

export const Oid = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  crlDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  policyMappings: '2.5.29.33',
  authorityKeyIdentifier: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  extendedKeyUsage: '2.5.29.37',
  inhibitAnyPolicy: '2.5.29.54',
  authorityInfoAccess: '1.3.6.1.5.5.7.1.1',
  tlsFeature: '1.3.6.1.5.5.7.1.24',
  sctList: '1.3.6.1.4.1.11129.2.4.2',
  netscapeCertType: '2.16.840.1.113730.1.1',
  caIssuers: '1.3.6.1.5.5.7.48.2',
  ocspNoCheck: '1.3.6.1.5.5.7.48.1.5',
  anyPolicy: '2.5.29.32.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  ocspSigning: '1.3.6.1.5.5.7.3.9',
  anyExtendedKeyUsage: '2.5.29.37.0',
} as const;

export interface BasicConstraints {
  readonly ca: boolean;
  readonly pathLength: number | undefined;
}

export interface AuthorityKeyIdentifier {
  readonly keyIdentifier: Uint8Array | undefined;
  readonly issuer: readonly GeneralName[] | undefined;
  readonly serial: Uint8Array | undefined;
}

export interface PolicyInformation {
  readonly id: string;
  /** DER of the qualifiers, if any. */
  readonly qualifiers: Uint8Array | undefined;
}

export interface PolicyConstraints {
  readonly requireExplicitPolicy: number | undefined;
  readonly inhibitPolicyMapping: number | undefined;
}

/** Decoded extensions; `undefined` if absent. */
export interface Decoded {
  basicConstraints: BasicConstraints | undefined;
  keyUsage: number | undefined;
  /** Netscape's, of the nineties: bit n is 1 << n; 0 client, 1 server, 5 CA of TLS. */
  netscapeCertType: number | undefined;
  extendedKeyUsage: readonly string[] | undefined;
  subjectAltName: readonly GeneralName[] | undefined;
  nameConstraints: NameConstraints | undefined;
  authorityKeyIdentifier: AuthorityKeyIdentifier | undefined;
  subjectKeyIdentifier: Uint8Array | undefined;
  certificatePolicies: readonly PolicyInformation[] | undefined;
  policyMappings: readonly (readonly [issuer: string, subject: string])[] | undefined;
  policyConstraints: PolicyConstraints | undefined;
  inhibitAnyPolicy: number | undefined;
  /** The full names of the CRL distribution points (section 4.2.1.13). */
  distributionPoints: readonly GeneralName[] | undefined;
  authorityInfoAccess: readonly AccessDescription[] | undefined;
  /** TLS extension numbers that the server must respond with: 5 is must-staple. */
  tlsFeatures: readonly number[] | undefined;
}

export interface AccessDescription {
  /** Dotted OID: `1.3.6.1.5.5.7.48.1` OCSP, `1.3.6.1.5.5.7.48.2` caIssuers. */
  readonly method: string;
  readonly location: GeneralName;
}

/**
 * Decodes one extension into its place; `false` for one that is not processed here, or has unsupported content.
 * @throws DerError
 */
export function decodeExtension(oid: string, reader: DerReader, into: Decoded): boolean {
  switch (oid) {
    case Oid.basicConstraints:
      into.basicConstraints = readBasicConstraints(reader);
      break;
    case Oid.keyUsage:
      into.keyUsage = readNamedBits(reader) || reader.fail('it names no usage');
      break;
    case Oid.netscapeCertType:
      into.netscapeCertType = readNamedBits(reader);
      break;
    case Oid.ocspNoCheck:
      // A responder's own revocation is not checked here (RFC 6960 section 4.2.2.2.1).
      return true;
    case Oid.extendedKeyUsage:
      into.extendedKeyUsage = sequenceOf(reader, (r) => r.oid());
      break;
    case Oid.subjectAltName:
      into.subjectAltName = explicit(reader, Tag.SEQUENCE, readGeneralNames);
      break;
    case Oid.nameConstraints:
      into.nameConstraints = readNameConstraints(reader);
      break;
    case Oid.authorityKeyIdentifier:
      into.authorityKeyIdentifier = readAuthorityKeyIdentifier(reader);
      break;
    case Oid.subjectKeyIdentifier:
      into.subjectKeyIdentifier = reader.contents(Tag.OCTET_STRING);
      break;
    case Oid.certificatePolicies:
      into.certificatePolicies = sequenceOf(reader, readPolicy);
      noteRest(reader);
      // Section 4.2.1.4: a critical extension with an unknown qualifier must be rejected
      return into.certificatePolicies.every(({ qualifiers }) => qualifiers === undefined || onlyKnown(qualifiers));
    case Oid.crlDistributionPoints:
      return readDistributionPoints(reader, into);
    case Oid.policyMappings:
      into.policyMappings = sequenceOf(reader, (r) => pair(r, () => [r.oid(), r.oid()] as const));
      break;
    case Oid.policyConstraints:
      into.policyConstraints = readPolicyConstraints(reader);
      break;
    case Oid.inhibitAnyPolicy:
      into.inhibitAnyPolicy = reader.smallInteger();
      break;
    case Oid.authorityInfoAccess:
      into.authorityInfoAccess = sequenceOf(reader, readAccessDescription);
      break;
    case Oid.tlsFeature:
      into.tlsFeatures = sequenceOf(reader, (r) => r.smallInteger());
      break;
    default:
      return false;
  }
  noteRest(reader);
  return true;
}

/** Notes trailing bytes, which OpenSSL and Go ignore. */
function noteRest(reader: DerReader): void {
  if (reader.more) reader.odd ??= 'bytes behind the value of an extension';
}

/** SEQUENCE SIZE (1..MAX) OF. */
export function sequenceOf<T>(reader: DerReader, read: (reader: DerReader) => T): T[] {
  const items: T[] = [];
  const outer = reader.open(Tag.SEQUENCE);
  if (!reader.more) reader.odd ??= 'a list that must not be empty';
  while (reader.more) items.push(read(reader));
  reader.close(outer);
  return items;
}

function pair<T>(reader: DerReader, read: () => T): T {
  const outer = reader.open(Tag.SEQUENCE);
  const value = read();
  reader.close(outer);
  return value;
}

/** Accepts an explicit `cA FALSE`, which DER forbids: it is common and harmless. */
const readBasicConstraints = (reader: DerReader): BasicConstraints =>
  pair(reader, () => {
    const ca = reader.peek() === Tag.BOOLEAN && reader.boolean();
    return { ca, pathLength: reader.more ? reader.smallInteger() : undefined };
  });

const readAuthorityKeyIdentifier = (reader: DerReader): AuthorityKeyIdentifier =>
  pair(reader, () => {
    const keyIdentifier = reader.peek() === 0x80 ? reader.contents(0x80) : undefined;
    const issuer = reader.peek() === 0xa1 ? explicit(reader, 0xa1, readGeneralNames) : undefined;
    return { keyIdentifier, issuer, serial: reader.peek() === 0x82 ? reader.integer(0x82) : undefined };
  });

const readPolicy = (reader: DerReader): PolicyInformation =>
  pair(reader, () => ({ id: reader.oid(), qualifiers: reader.more ? reader.element(Tag.SEQUENCE) : undefined }));

/** id-qt-cps and id-qt-unotice: without effect, but checked to be well-formed. */
const CPS = '1.3.6.1.5.5.7.2.1';
const USER_NOTICE = '1.3.6.1.5.5.7.2.2';
const onlyKnown = (qualifiers: Uint8Array): boolean =>
  sequenceOf(new DerReader(qualifiers), (reader) => pair(reader, () => skipQualifier(reader))).every((known) => known);

/** Returns whether it is known. */
function skipQualifier(reader: DerReader): boolean {
  const id = reader.oid();
  if (id === CPS) reader.skip(Tag.IA5_STRING);
  else if (id === USER_NOTICE) pair(reader, () => skipNotice(reader));
  else readAny(reader);
  return id === CPS || id === USER_NOTICE;
}

function skipNotice(reader: DerReader): void {
  if (reader.peek() === Tag.SEQUENCE) {
    pair(reader, () => {
      skipString(reader, DISPLAY_TEXTS);
      pair(reader, () => {
        while (reader.more) reader.integer();
      });
    });
  }
  if (reader.more) skipString(reader, DISPLAY_TEXTS);
}
const DISPLAY_TEXTS: readonly number[] = [Tag.UTF8_STRING, Tag.IA5_STRING, Tag.VISIBLE_STRING, Tag.BMP_STRING];

const readPolicyConstraints = (reader: DerReader): PolicyConstraints =>
  pair(reader, () => {
    if (!reader.more) reader.fail('policy constraints are empty');
    const requireExplicitPolicy = reader.peek() === 0x80 ? reader.smallInteger(0x80) : undefined;
    return { requireExplicitPolicy, inhibitPolicyMapping: reader.more ? reader.smallInteger(0x81) : undefined };
  });

/**
 * The full names; a name relative to the issuer yields none, and so matches nothing. `false` without any point.
 * @throws DerError also for a point with only reasons
 */
function readDistributionPoints(reader: DerReader, into: Decoded): boolean {
  const names: GeneralName[] = [];
  const points = sequenceOf(reader, (r) =>
    pair(r, () => {
      const named = r.peek() === 0xa0;
      if (named) {
        // Not spread into one call, which is limited to some ten thousand arguments
        for (const name of explicit(r, 0xa0, readFullName)) names.push(name);
      }
      if (r.peek() === 0x81) readNamedBits(r, 0x81);
      if (r.peek() === 0xa2) explicit(r, 0xa2, readGeneralNames);
      else if (!named) r.fail('a distribution point names nothing');
    }),
  );
  noteRest(reader);
  into.distributionPoints = names;
  return points.length > 0;
}

/** The full names of a DistributionPointName. */
export function readFullName(reader: DerReader): GeneralName[] {
  if (reader.peek() === 0xa0) return explicit(reader, 0xa0, readGeneralNames);
  readRdn(reader, 0xa1);
  return [];
}

const readAccessDescription = (reader: DerReader): AccessDescription =>
  pair(reader, () => ({ method: reader.oid(), location: readGeneralName(reader) }));

/** The URIs of an access method, e.g. of the issuer's certificate. */
export const accessUris = (
  descriptions: readonly AccessDescription[] | undefined,
  method: string,
): readonly Uint8Array[] =>
  (descriptions ?? [])
    .filter(({ method: m, location }) => m === method && location.type === NameType.uri)
    .map(({ location }) => location.value);
