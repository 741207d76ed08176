/**
 * @module Certificate revocation lists: RFC 5280 section 5. Complete lists of the certificate's own issuer; indirect
 * ones are ignored.
 */
import type { X509VCode } from '@ferrule/result';
import { bytesEqual, toHex } from '@ferrule/result/bytes';
import * as V from '@ferrule/result/x509-v';
import type { Certificate } from './certificate.ts';
import { readExtension } from './certificate.ts';
import { readSignatureAlgorithm } from './algorithm.ts';
import { DerError, DerReader, explicit, readWhole } from './der.ts';
import { readFullName, type Extension } from './extensions.ts';
import type { GeneralName } from './general-name.ts';
import { readName, sameName } from './name.ts';
import { fits, hashStrength, securityBits } from './public-key.ts';
import type { RuleBreach } from './rules.ts';
import type { SignatureAlgorithm, SignatureVerifier } from './signature.ts';
import { verified, type Steps } from './steps.ts';
import { CLOCK_SKEW, readTime } from './time.ts';
import type { Issuer } from './trust.ts';
import * as Tag from './tag.ts';
import * as KeyUsage from './key-usage.ts';
import * as NameType from './name-type.ts';

/** Size limit of a list, bytes. */
const MAX_CRL_SIZE = 0x400_0000;

/** A well-formed list; its entries are read when a certificate is looked up. */
export interface Crl {
  readonly raw: Uint8Array;
  readonly tbs: Uint8Array;
  /** DER `Name`. */
  readonly issuer: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly thisUpdate: number;
  readonly nextUpdate: number | undefined;
  /** Contents of `revokedCertificates`, checked when they are searched. */
  readonly entries: Uint8Array;
  readonly extensions: readonly Extension[];
  readonly scope: CrlScope | undefined;
  /** A delta list (section 5.2.4), which is not supported. */
  readonly delta: boolean;
  readonly signatureAlgorithm: SignatureAlgorithm | undefined;
  readonly signature: Uint8Array;
}

/** IssuingDistributionPoint (section 5.2.5). */
export interface CrlScope {
  readonly names: readonly GeneralName[] | undefined;
  readonly users: boolean;
  readonly cas: boolean;
  readonly attributes: boolean;
  readonly someReasons: boolean;
  readonly indirect: boolean;
}

const CrlOid = {
  number: '2.5.29.20',
  delta: '2.5.29.27',
  scope: '2.5.29.28',
  authorityKey: '2.5.29.35',
  reason: '2.5.29.21',
  invalidity: '2.5.29.24',
  certificateIssuer: '2.5.29.29',
} as const;

/** Reads one DER CertificateList of at most 64 MiB. @throws DerError */
export function parseCrl(der: Uint8Array): Crl {
  const reader = readWhole(der, Tag.SEQUENCE, MAX_CRL_SIZE);
  const start = reader.position;
  const list = reader.open(Tag.SEQUENCE);
  // The version does not matter, nor does it for OpenSSL.
  if (reader.peek() === Tag.INTEGER) reader.skip();
  const inner = reader.element(Tag.SEQUENCE);
  const issuer = readName(reader);
  const thisUpdate = readTime(reader).at;
  const nextUpdate =
    reader.peek() === Tag.UTC_TIME || reader.peek() === Tag.GENERALIZED_TIME ? readTime(reader).at : undefined;
  const entries = reader.peek() === Tag.SEQUENCE ? reader.contents(Tag.SEQUENCE) : new Uint8Array();
  const extensions: Extension[] = [];
  if (reader.more) {
    const outer = reader.open(0xa0);
    const sequence = reader.open(Tag.SEQUENCE);
    while (reader.more) {
      const extension = readExtension(reader);
      if (extension.oid === CrlOid.scope && extensions.some(({ oid }) => oid === CrlOid.scope))
        reader.fail('issuingDistributionPoint is duplicated');
      extensions.push(extension);
    }
    reader.close(sequence);
    reader.close(outer);
  }
  reader.close(list);
  const tbs = der.subarray(start, reader.position);
  const algorithmStart = reader.position;
  const { algorithm } = readSignatureAlgorithm(reader);
  if (!bytesEqual(inner, der.subarray(algorithmStart, reader.position)))
    reader.fail('CRL names two different signature algorithms');
  const signature = reader.octetsOfBitString();
  reader.finish();
  const scope = extensions.find(({ oid }) => oid === CrlOid.scope);
  return {
    raw: der,
    tbs,
    issuer,
    thisUpdate,
    nextUpdate,
    entries,
    extensions,
    scope: scope && readScope(scope.value),
    delta: extensions.some(({ oid }) => oid === CrlOid.delta),
    signatureAlgorithm: algorithm,
    signature,
  };
}

function readScope(value: Uint8Array): CrlScope {
  const reader = new DerReader(value);
  reader.open(Tag.SEQUENCE);
  const names = reader.peek() === 0xa0 ? explicit(reader, 0xa0, readFullName) : undefined;
  const flag = (tag: number): boolean => {
    if (reader.peek() !== tag) return false;
    const contents = reader.contents(tag);
    // An implicit BOOLEAN, as OpenSSL reads it
    if (contents.length !== 1) reader.fail('DER: bad BOOLEAN');
    return contents[0] !== 0;
  };
  const users = flag(0x81);
  const cas = flag(0x82);
  const someReasons = reader.peek() === 0x83;
  if (someReasons) reader.skip();
  const indirect = flag(0x84);
  const attributes = flag(0x85);
  reader.finish();
  return { names, users, cas, attributes, someReasons, indirect };
}

/** The names of a certificate's CRL distribution points (section 4.2.1.13). */
export const distributionPoints = (certificate: Certificate): readonly GeneralName[] =>
  certificate.distributionPoints ?? [];

/** The context of a CRL look-up. */
export interface CrlSearch {
  readonly crls: readonly Crl[];
  /** Milliseconds since the epoch, whole seconds. */
  readonly now: number;
  readonly securityLevel: number;
  readonly verifier: SignatureVerifier;
  /** Checked signatures: the same list serves many certificates. */
  readonly checked: Map<Crl, { readonly spki: Uint8Array; readonly ok: boolean }[]>;
  /** Their statements on certificates. */
  readonly said: Map<Crl, Map<Certificate, Said>>;
  /** The issuer's other keys, which may sign its lists after a rollover (RFC 5280 section 6.3.3 f). */
  otherKeys(issuer: Issuer): Iterable<Issuer>;
  /** Whether a certificate with one of these keys has a path to the same anchor. */
  leadsToAnchor(issuer: Issuer): Steps<boolean>;
}

/**
 * The lists' verdict on a certificate of this issuer; per scope the newest list counts. Without a usable list that
 * covers it: a breach if `required`, else none.
 */
export function* crlBreach(
  search: CrlSearch,
  child: Certificate,
  issuer: Issuer,
  required: boolean,
): Steps<RuleBreach | undefined> {
  const newest = new Map<string, Crl[]>();
  let fault: RuleBreach | undefined;
  for (const crl of search.crls) {
    if (!sameName(crl.issuer, child.issuer)) continue;
    const said = once(search, crl, child);
    const problem = said.unusable ?? (yield* signerBreach(crl, issuer, search));
    if (problem) {
      fault ??= problem;
      continue;
    }
    const scope = toHex(crl.extensions.find(({ oid }) => oid === CrlOid.scope)?.value ?? new Uint8Array());
    const known = newest.get(scope) ?? [];
    const age = (known[0]?.thisUpdate ?? -Infinity) - crl.thisUpdate;
    if (age <= 0) newest.set(scope, age < 0 ? [crl] : [...known, crl]);
  }
  let covered = false;
  for (const crl of [...newest.values()].flat()) {
    const { status } = once(search, crl, child);
    if (status?.code === 'CERT_REVOKED') return status;
    if (status) fault ??= status;
    else if (!crl.scope?.someReasons) covered = true;
  }
  if (covered || (!required && !fault)) return undefined;
  return fault ?? unknownBreach(V.UNABLE_TO_GET_CRL, 'is not covered by any of the given CRLs');
}

/** A list's statement on a certificate, regardless of signers. */
export interface Said {
  readonly unusable: RuleBreach | undefined;
  /** Of a usable list. */
  readonly status: RuleBreach | undefined;
}

/** Cached: a search may reach a certificate on many paths, and a list may have a million entries. */
function once({ said, now }: CrlSearch, crl: Crl, child: Certificate): Said {
  let known = said.get(crl);
  if (!known) said.set(crl, (known = new Map<Certificate, Said>()));
  let own = known.get(child);
  if (!own) {
    const problem = unusable(crl, child, now);
    known.set(child, (own = { unusable: problem, status: problem ? undefined : look(crl, child) }));
  }
  return own;
}

const unknownBreach = (verify: X509VCode, message: string): RuleBreach => ({
  code: 'CERT_REVOCATION_UNKNOWN',
  verify,
  message,
});

/** Why the list is unusable for this certificate, regardless of its signer. */
function unusable(crl: Crl, child: Certificate, now: number): RuleBreach | undefined {
  if (now < crl.thisUpdate - CLOCK_SKEW)
    return unknownBreach(V.CRL_NOT_YET_VALID, 'has an issuer whose CRL is not valid yet');
  // Without nextUpdate it does not expire, as in OpenSSL.
  if (crl.nextUpdate !== undefined && now > crl.nextUpdate + CLOCK_SKEW)
    return unknownBreach(V.CRL_HAS_EXPIRED, 'has an issuer whose CRL has expired');
  return inScope(crl.scope, child)
    ? undefined
    : unknownBreach(V.DIFFERENT_CRL_SCOPE, 'has an issuer whose CRL covers other certificates');
}

const maySignCrls = ({ certificate }: Issuer): boolean =>
  certificate?.keyUsage === undefined || (certificate.keyUsage & KeyUsage.cRLSign) !== 0;

/**
 * Any subscriber may have a certificate with the issuer's name: without CA status it needs explicit cRLSign, as
 * separate CRL issuers have.
 */
const isIssuers = ({ certificate }: Issuer): boolean =>
  certificate === undefined || certificate.keyUsage !== undefined || certificate.basicConstraints?.ca === true;

function* signerBreach(crl: Crl, issuer: Issuer, search: CrlSearch): Steps<RuleBreach | undefined> {
  if (maySignCrls(issuer) && (yield* signedBy(crl, issuer, search))) return undefined;
  for (const other of search.otherKeys(issuer)) {
    if (
      isIssuers(other) &&
      maySignCrls(other) &&
      (yield* signedBy(crl, other, search)) &&
      (yield* search.leadsToAnchor(other))
    )
      return undefined;
  }
  return maySignCrls(issuer)
    ? unknownBreach(V.CRL_SIGNATURE_FAILURE, 'has an issuer whose CRL has a wrong signature')
    : unknownBreach(V.KEYUSAGE_NO_CRL_SIGN, 'has an issuer that may not sign CRLs (keyUsage lacks cRLSign)');
}

function inScope(scope: CrlScope | undefined, child: Certificate): boolean {
  if (!scope) return true;
  const ca = child.basicConstraints?.ca === true;
  if (scope.indirect || scope.attributes || (scope.users && ca) || (scope.cas && !ca)) return false;
  if (!scope.names) return true;
  const points = distributionPoints(child);
  return scope.names.some((name) =>
    points.some(
      (point) =>
        point.type === name.type &&
        (name.type === NameType.directory ? sameName(point.value, name.value) : bytesEqual(point.value, name.value)),
    ),
  );
}

function* signedBy(
  crl: Crl,
  { spki, publicKey }: Issuer,
  { verifier, checked, securityLevel }: CrlSearch,
): Steps<boolean> {
  let known = checked.get(crl);
  if (!known) checked.set(crl, (known = []));
  for (const one of known) if (bytesEqual(one.spki, spki)) return one.ok;
  const { signatureAlgorithm: algorithm } = crl;
  const ok =
    algorithm !== undefined &&
    hashStrength(algorithm) >= securityBits(securityLevel) &&
    fits(algorithm, publicKey) &&
    (yield* verified(verifier, algorithm, spki, crl.tbs, crl.signature));
  known.push({ spki, ok });
  return ok;
}

/**
 * Searches the entries for the serial number, checking each. A list with an unknown critical extension, of its own or
 * of an entry, must not be used (sections 5.2 and 5.3); it does not fall back to an older list. Entries after a
 * certificateIssuer concern another issuer, as in indirect lists, which are inconclusive.
 */
function look(crl: Crl, { serial }: Certificate): RuleBreach | undefined {
  const reader = new DerReader(crl.entries);
  let revoked: RuleBreach | undefined;
  const own = crl.extensions.find(
    ({ oid, critical }) => critical && oid !== CrlOid.scope && oid !== CrlOid.authorityKey,
  );
  let unknown = own && `it has the critical extension ${own.oid}`;
  let away: EntryExtensions['issuer'];
  try {
    while (reader.more) {
      const entry = reader.open(Tag.SEQUENCE);
      const found = bytesEqual(reader.integer(), serial);
      const at = readTime(reader).at;
      const { reason, unknown: own, issuer } = reader.more ? readEntryExtensions(reader) : NO_EXTENSIONS;
      unknown ??= own;
      away = issuer ?? away;
      reader.close(entry);
      if (found && away === 'critical') unknown ??= 'its entry is about a certificate of another issuer';
      if (found)
        revoked = {
          code: 'CERT_REVOKED',
          verify: V.CERT_REVOKED,
          message: `was revoked on ${new Date(at).toISOString()}${reason === undefined ? '' : ` (${REASONS[reason] ?? `reason ${reason}`})`}`,
        };
    }
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    unknown ??= error.message;
  }
  if (unknown === undefined) return revoked;
  return unknownBreach(V.UNHANDLED_CRITICAL_CRL_EXTENSION, `has an issuer whose CRL cannot be read: ${unknown}`);
}

/** CRLReason (section 5.3.1). */
export const REASONS = [
  'unspecified',
  'key compromise',
  'CA compromise',
  'affiliation changed',
  'superseded',
  'cessation of operation',
  'certificate hold',
  'reason 7',
  'removed from CRL',
  'privilege withdrawn',
  'AA compromise',
] as const;

interface EntryExtensions {
  /** `undefined` if unreadable: any reason revokes. */
  readonly reason?: number | undefined;
  /** The unknown critical extension. */
  readonly unknown?: string | undefined;
  /** It names another issuer (section 5.3.3). */
  readonly issuer?: 'critical' | 'not critical' | undefined;
}
const NO_EXTENSIONS: EntryExtensions = {};

function readEntryExtensions(reader: DerReader): EntryExtensions {
  let reason: number | undefined;
  let unknown: string | undefined;
  let issuer: EntryExtensions['issuer'];
  const outer = reader.open(Tag.SEQUENCE);
  while (reader.more) {
    const { oid, critical, value } = readExtension(reader);
    if (oid === CrlOid.reason) reason = value.length === 3 && value[0] === Tag.ENUMERATED ? value[2] : undefined;
    else if (oid === CrlOid.certificateIssuer) issuer = critical ? 'critical' : 'not critical';
    else if (critical && oid !== CrlOid.invalidity) unknown ??= `an entry has the critical extension ${oid}`;
  }
  reader.close(outer);
  return { reason, unknown, issuer };
}
