/** @module Stapled OCSP responses: RFC 6960, with the freshness of RFC 5019. */
import { bytesEqual } from '@ferrule/result/bytes';
import * as V from '@ferrule/result/x509-v';
import { readSignatureAlgorithm } from './algorithm.ts';
import { parseCertificate, readExtension, type Certificate } from './certificate.ts';
import { checkConstraints, MAX_COMPARISONS } from './constraints.ts';
import { DerError, DerReader, explicit, readWhole } from './der.ts';
import { readAny } from './der-values.ts';
import { Oid } from './extensions.ts';
import { REASONS } from './crl.ts';
import { readName, sameName } from './name.ts';
import { policyBreach } from './policy.ts';
import { fits, hashStrength, securityBits } from './public-key.ts';
import { breachesOf, breachOfIssuer, type RuleBreach, type RuleSet } from './rules.ts';
import type { DigestName, SignatureAlgorithm, SignatureVerifier } from './signature.ts';
import { verified, type Steps } from './steps.ts';
import { CLOCK_SKEW, LONGEST_RESPONSE, readTime } from './time.ts';
import type { Issuer } from './trust.ts';
import * as KeyUsage from './key-usage.ts';
import * as Tag from './tag.ts';

/** A response's statement on one certificate. */
export interface SingleResponse {
  /** `undefined` for an unsupported hash. */
  readonly hash: DigestName | undefined;
  readonly issuerNameHash: Uint8Array;
  readonly issuerKeyHash: Uint8Array;
  readonly serial: Uint8Array;
  readonly status: 'good' | 'revoked' | 'unknown';
  /** Milliseconds since the epoch; for `revoked`. */
  readonly revokedAt: number | undefined;
  /** CRLReason number. */
  readonly reason: number | undefined;
  readonly thisUpdate: number;
  readonly nextUpdate: number | undefined;
}

/** A well-formed, successful basic response. */
export interface OcspResponse {
  readonly tbs: Uint8Array;
  /** DER `Name` of the responder, or the SHA-1 of its key. */
  readonly responder: { readonly name: Uint8Array } | { readonly keyHash: Uint8Array };
  readonly producedAt: number;
  readonly responses: readonly SingleResponse[];
  readonly signatureAlgorithm: SignatureAlgorithm | undefined;
  readonly signature: Uint8Array;
  /** Included certificates, of an authorised responder. */
  readonly certificates: readonly Uint8Array[];
}

const BASIC = '1.3.6.1.5.5.7.48.1.1';
const HASHES: ReadonlyMap<string, DigestName> = new Map<string, DigestName>([
  ['1.3.14.3.2.26', 'sha1'],
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
]);
const STATUS = [
  'successful',
  'malformed request',
  'internal error',
  'try later',
  'status 4',
  'signature required',
  'unauthorised',
];
/** Limit of certificates considered from a response, as in the native engine. */
const MAX_CERTIFICATES = 16;

/** Reads a DER OCSPResponse. @throws DerError, also for a responder's error status. */
export function parseOcspResponse(der: Uint8Array): OcspResponse {
  const reader = readWhole(der);
  const status = reader.smallInteger(Tag.ENUMERATED);
  if (status !== 0) throw new DerError(`OCSP: the responder answered "${STATUS[status] ?? status}"`);
  const outer = reader.open(0xa0);
  const bytes = reader.open(Tag.SEQUENCE);
  if (reader.oid() !== BASIC) reader.fail('OCSP: not a basic response');
  const basic = reader.contents(Tag.OCTET_STRING);
  reader.close(bytes);
  reader.close(outer);
  reader.finish();
  return readBasic(basic);
}

/** Trailing bytes are unsigned, and ignored as in OpenSSL. */
function readBasic(der: Uint8Array): OcspResponse {
  const reader = new DerReader(der);
  const whole = reader.open(Tag.SEQUENCE);
  const start = reader.position;
  const data = reader.open(Tag.SEQUENCE);
  if (reader.peek() === 0xa0 && explicit(reader, 0xa0, (r) => r.smallInteger()) !== 0)
    reader.fail('OCSP: version is not v1');
  const responder =
    reader.peek() === 0xa1
      ? { name: explicit(reader, 0xa1, readName) }
      : { keyHash: explicit(reader, 0xa2, (r) => r.contents(Tag.OCTET_STRING)) };
  const producedAt = readTime(reader).at;
  const responses: SingleResponse[] = [];
  const list = reader.open(Tag.SEQUENCE);
  while (reader.more) responses.push(readSingle(reader));
  reader.close(list);
  if (reader.more) explicit(reader, 0xa1, refuseCritical);
  reader.close(data);
  const tbs = der.subarray(start, reader.position);
  const { algorithm } = readSignatureAlgorithm(reader);
  const signature = reader.octetsOfBitString();
  const certificates: Uint8Array[] = [];
  if (reader.more) {
    const outer = reader.open(0xa0);
    const sequence = reader.open(Tag.SEQUENCE);
    while (reader.more) certificates.push(reader.element(Tag.SEQUENCE));
    reader.close(sequence);
    reader.close(outer);
  }
  reader.close(whole);
  return { tbs, responder, producedAt, responses, signatureAlgorithm: algorithm, signature, certificates };
}

function readSingle(reader: DerReader): SingleResponse {
  const single = reader.open(Tag.SEQUENCE);
  const id = reader.open(Tag.SEQUENCE);
  const algorithm = reader.open(Tag.SEQUENCE);
  const hash = HASHES.get(reader.oid());
  if (reader.more) readAny(reader);
  reader.close(algorithm);
  const issuerNameHash = reader.contents(Tag.OCTET_STRING);
  const issuerKeyHash = reader.contents(Tag.OCTET_STRING);
  const serial = reader.integer();
  reader.close(id);
  let status: SingleResponse['status'] = 'good';
  let revokedAt: number | undefined;
  let reason: number | undefined;
  if (reader.peek() === 0xa1) {
    status = 'revoked';
    const info = reader.open(0xa1);
    revokedAt = readTime(reader).at;
    if (reader.more) reason = explicit(reader, 0xa0, (r) => r.signedInteger(Tag.ENUMERATED));
    reader.close(info);
  } else {
    if (reader.peek() === 0x82) status = 'unknown';
    if (reader.contents(status === 'good' ? 0x80 : 0x82).length > 0) reader.fail('OCSP: bad status');
  }
  const thisUpdate = readTime(reader).at;
  const nextUpdate = reader.peek() === 0xa0 ? explicit(reader, 0xa0, (r) => readTime(r).at) : undefined;
  if (reader.more) explicit(reader, 0xa1, refuseCritical);
  reader.close(single);
  return { hash, issuerNameHash, issuerKeyHash, serial, status, revokedAt, reason, thisUpdate, nextUpdate };
}

function refuseCritical(reader: DerReader): void {
  const outer = reader.open(Tag.SEQUENCE);
  while (reader.more) {
    const { oid, critical } = readExtension(reader);
    if (critical) reader.fail(`OCSP: critical extension ${oid} is not understood`);
  }
  reader.close(outer);
}

const invalid = (message: string): RuleBreach => ({
  code: 'CERT_OCSP_INVALID',
  verify: V.OCSP_VERIFY_FAILED,
  message,
});

/** A breach unless a stapled response for the certificate is good, fresh and by an authorised responder. */
export function* ocspBreach(
  response: Uint8Array,
  child: Certificate,
  issuer: Issuer,
  rules: RuleSet,
  verifier: SignatureVerifier,
): Steps<RuleBreach | undefined> {
  let parsed: OcspResponse;
  try {
    parsed = parseOcspResponse(response);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    return invalid(`came with an OCSP response that cannot be used: ${error.message}`);
  }
  if (!(yield* authorised(parsed, issuer, rules, verifier)))
    return invalid('came with an OCSP response that no authorised responder signed');
  const single = find(parsed.responses, child, issuer, verifier);
  if (!single) return invalid('came with an OCSP response about another certificate');
  const { now } = rules;
  if (now < single.thisUpdate - CLOCK_SKEW) return invalid('came with an OCSP response that is not valid yet');
  if (single.nextUpdate !== undefined && now > single.nextUpdate + CLOCK_SKEW)
    return invalid('came with an OCSP response that is out of date');
  if (single.nextUpdate === undefined && now > single.thisUpdate + LONGEST_RESPONSE)
    return invalid('came with an OCSP response that is more than a week old and does not say how long it holds');
  if (single.status === 'good') return undefined;
  if (single.status === 'unknown')
    return { code: 'CERT_OCSP_INVALID', verify: V.OCSP_CERT_UNKNOWN, message: 'is not known to its OCSP responder' };
  const { reason, revokedAt = 0 } = single;
  return {
    code: 'CERT_REVOKED',
    verify: V.CERT_REVOKED,
    message: `was revoked on ${new Date(revokedAt).toISOString()}${reason === undefined ? '' : ` (${REASONS[reason] ?? `reason ${reason}`})`}`,
  };
}

/**
 * RFC 6960 section 3.2 (1): the response whose CertID matches this certificate and issuer. Each hash is computed once,
 * however many responses there are.
 */
function find(
  responses: readonly SingleResponse[],
  child: Certificate,
  issuer: Issuer,
  { digest }: SignatureVerifier,
): SingleResponse | undefined {
  const hashes = new Map<DigestName, { readonly name: Uint8Array; readonly key: Uint8Array }>();
  for (const single of responses) {
    const { hash } = single;
    if (hash === undefined || digest === undefined || !bytesEqual(single.serial, child.serial)) continue;
    let own = hashes.get(hash);
    if (own === undefined)
      hashes.set(hash, (own = { name: digest(hash, child.issuer), key: digest(hash, keyOf(issuer.spki)) }));
    if (bytesEqual(single.issuerNameHash, own.name) && bytesEqual(single.issuerKeyHash, own.key)) return single;
  }
  return undefined;
}

/** The contents of subjectPublicKey. */
function keyOf(spki: Uint8Array): Uint8Array {
  const reader = readWhole(spki);
  reader.skip(Tag.SEQUENCE);
  return reader.octetsOfBitString();
}

/** RFC 6960 section 4.2.2.2: the issuer itself, or a responder it has directly certified for OCSP signing. */
function* authorised(
  response: OcspResponse,
  issuer: Issuer,
  rules: RuleSet,
  verifier: SignatureVerifier,
): Steps<boolean> {
  const { signatureAlgorithm: algorithm, tbs, signature } = response;
  const delegates = readDelegates(response);
  if (!delegates || !algorithm || hashStrength(algorithm) < securityBits(rules.securityLevel)) return false;
  if (isResponder(response, issuer.subject, issuer.spki, verifier)) {
    return fits(algorithm, issuer.publicKey) && (yield* verified(verifier, algorithm, issuer.spki, tbs, signature));
  }
  for (const delegate of delegates.slice(0, MAX_CERTIFICATES)) {
    if (!isResponder(response, delegate.subject, delegate.spki, verifier)) continue;
    if (!mayRespond(delegate, issuer, rules) || !fits(algorithm, delegate.publicKey)) continue;
    const { signatureAlgorithm } = delegate;
    if (!signatureAlgorithm || !fits(signatureAlgorithm, issuer.publicKey)) continue;
    if (!(yield* verified(verifier, signatureAlgorithm, issuer.spki, delegate.tbs, delegate.signature))) continue;
    if (yield* verified(verifier, algorithm, delegate.spki, tbs, signature)) return true;
  }
  return false;
}

const isResponder = (
  { responder }: OcspResponse,
  subject: Uint8Array,
  spki: Uint8Array,
  { digest }: SignatureVerifier,
): boolean =>
  'name' in responder
    ? sameName(responder.name, subject)
    : digest !== undefined && bytesEqual(responder.keyHash, digest('sha1', keyOf(spki)));

/** `undefined` if one of them is not a certificate: OpenSSL then cannot decode the response. */
function readDelegates({ certificates }: OcspResponse): Certificate[] | undefined {
  try {
    return certificates.map(parseCertificate);
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

/**
 * The checks of a path, including policies, and those of OCSP; the profiles' requirements on servers do not apply to a
 * responder.
 */
const mayRespond = (delegate: Certificate, issuer: Issuer, rules: RuleSet): boolean =>
  delegate.malformed === undefined &&
  sameName(delegate.issuer, issuer.subject) &&
  // A server's certificate that is its own anchor need not be a CA.
  (!issuer.certificate || breachOfIssuer(issuer.certificate, 'anchor', false) === undefined) &&
  delegate.extendedKeyUsage?.includes(Oid.ocspSigning) === true &&
  (delegate.keyUsage === undefined || (delegate.keyUsage & KeyUsage.digitalSignature) !== 0) &&
  delegate.signatureAlgorithmsAgree &&
  breachesOf(delegate, 'leaf', { ...rules, profile: 'compatible', purpose: Oid.ocspSigning }).length === 0 &&
  policyBreach([delegate], issuer, false) === undefined &&
  (!issuer.nameConstraints ||
    !checkConstraints(issuer.nameConstraints, delegate, { comparisons: MAX_COMPARISONS }, false));
