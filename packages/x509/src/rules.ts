/**
 * @module Rules for each certificate of a path on its own: RFC 5280 section 4 and, on demand, the CA/Browser Forum's
 * profile.
 */
import type { CommonCode, X509VCode } from '@ferrule/result';
import type { RevocationStatus } from '@ferrule/result/revocation';
import * as V from '@ferrule/result/x509-v';
import { extensionOf, type Certificate } from './certificate.ts';
import { Oid } from './extensions.ts';
import { isEmptyName } from './name.ts';
import { EXPLICIT_CURVE, hashStrength, isTooWeak, securityBits, type PublicKey } from './public-key.ts';
import { breachOfWebpki } from './webpki.ts';
import * as KeyUsage from './key-usage.ts';

/** A rule that a certificate violates. `message` continues the certificate's name: "has …", "is …". */
export interface RuleBreach {
  readonly code: CommonCode;
  /** OpenSSL's X509_V number. */
  readonly verify: X509VCode;
  readonly message: string;
  /** The answer of a filter of revoked certificates. */
  readonly crlite?: RevocationStatus;
  /** OpenSSL does not check this itself: other violations are reported first. */
  readonly late?: 'extension' | Beyond;
}

/**
 * Checks of a path that conforms to RFC 5280, in this order: public status of the server's certificate (revocation
 * filter, transparency), pinned keys, stapled response.
 */
export type Beyond = 'status' | 'pins' | 'staple';

/**
 * `compatible`: what OpenSSL with its default flags, Go and node:tls accept. `rfc5280`: also the requirements of RFC
 * 5280 section 4 on CAs. `webpki`: also the CA/Browser Forum's Baseline Requirements.
 */
export type Profile = 'compatible' | 'rfc5280' | 'webpki';
/** The position of a certificate in a path. */
export type Role = 'leaf' | 'intermediate' | 'anchor';
/** The intended use of the path; others as a dotted OID; `any` disables the check. */
export type Purpose = 'serverAuth' | 'clientAuth' | 'any' | (string & {});

export interface RuleSet {
  /** Milliseconds since the epoch, whole seconds. */
  readonly now: number;
  readonly profile: Profile;
  readonly purpose: Purpose;
  /** 1 to 5, as SSL_CTX_set_security_level(3). */
  readonly securityLevel: number;
  readonly isPublicSuffix: ((name: string) => boolean) | undefined;
}

const breach = (verify: X509VCode, message: string, code: CommonCode = 'CERT_INVALID'): RuleBreach => ({
  code,
  verify,
  message,
});

/** All violations of one certificate in its role, in the order of OpenSSL's checks; empty = none. */
export function breachesOf(certificate: Certificate, role: Role, rules: RuleSet): RuleBreach[] {
  const strict = rules.profile !== 'compatible';
  const found = [
    breachOfCritical(certificate, role),
    strict ? breachOfForm(certificate, role) : undefined,
    role === 'leaf' ? undefined : breachOfIssuer(certificate, role, strict),
    breachOfCurve(certificate),
    strict ? breachOfDuty(certificate, role, rules.profile) : undefined,
    rules.profile === 'webpki' ? breachOfWebpki(certificate, role, rules) : undefined,
    breachOfPurpose(certificate, role, rules),
    breachOfCurve(certificate) ? undefined : breachOfStrength(certificate.publicKey, role, rules.securityLevel),
    role === 'anchor' ? undefined : breachOfSignatureAlgorithm(certificate, rules.securityLevel),
    breachOfValidity(certificate, rules.now),
  ];
  return found.filter((one) => one !== undefined);
}

const MUST_NOT_BE_CRITICAL = [
  [Oid.authorityKeyIdentifier, 'authorityKeyIdentifier'],
  [Oid.subjectKeyIdentifier, 'subjectKeyIdentifier'],
  [Oid.authorityInfoAccess, 'authorityInfoAccess'],
] as const;

function breachOfCritical(c: Certificate, role: Role): RuleBreach | undefined {
  const { unhandledCritical: oid } = c;
  // CRL distribution points and policies of an anchor are irrelevant (section 6.1.1 d).
  if (role === 'anchor' && (oid === Oid.crlDistributionPoints || oid === Oid.certificatePolicies)) return undefined;
  if (oid === Oid.crlDistributionPoints)
    return { ...breach(V.INVALID_EXTENSION, 'has critical CRL distribution points that are none'), late: 'extension' };
  if (oid !== undefined)
    return {
      ...breach(V.UNHANDLED_CRITICAL_EXTENSION, `has the critical extension ${oid}, which is not understood`),
      ...(oid === Oid.certificatePolicies && { late: 'extension' as const }),
    };
  for (const { oid, critical } of c.extensions) {
    for (const [id, name] of MUST_NOT_BE_CRITICAL)
      if (critical && oid === id) return breach(V.UNHANDLED_CRITICAL_EXTENSION, `has a critical ${name}`);
  }
  return undefined;
}

/**
 * A certificate that signs others (section 4.2.1.9, 4.2.1.3, 6.1.4 k and n). With `compatible`, an anchor needs no
 * basicConstraints if it is self-signed and of version 1, as roots of the nineties are, or has keyCertSign: as in
 * OpenSSL.
 */
export function breachOfIssuer(
  { basicConstraints, keyUsage, netscapeCertType = 0, version, selfIssued }: Certificate,
  role: Role,
  strict: boolean,
): RuleBreach | undefined {
  if (keyUsage !== undefined && !(keyUsage & KeyUsage.keyCertSign))
    return breach(V.INVALID_CA, 'may not sign certificates (keyUsage lacks keyCertSign)');
  if (
    basicConstraints
      ? basicConstraints.ca
      : !strict &&
        role === 'anchor' &&
        (keyUsage !== undefined || (version === 1 && selfIssued) || (netscapeCertType & KeyUsage.netscapeCa) !== 0)
  )
    return undefined;
  return breach(V.INVALID_CA, 'signed another certificate but is not a CA');
}

const breachOfCurve = ({ publicKey: key }: Certificate): RuleBreach | undefined =>
  key.kind === 'unknown' && key.description === EXPLICIT_CURVE
    ? breach(V.EC_KEY_EXPLICIT_PARAMS, 'has an EC key with explicit parameters')
    : undefined;

/** RFC 5280's rules on the encoding of a certificate. */
function breachOfForm(c: Certificate, role: Role): RuleBreach | undefined {
  if (c.odd !== undefined && role !== 'anchor') return breach(V.UNSPECIFIED, `is not DER as RFC 5280 has it: ${c.odd}`);
  if (c.extensions.length > 0 && c.version !== 3 && role !== 'anchor')
    return breach(V.EXTENSIONS_REQUIRE_VERSION_3, `has extensions but is of version ${c.version}`);
  if (!c.signatureAlgorithmsAgree)
    return breach(V.SIGNATURE_ALGORITHM_INCONSISTENCY, 'names two different signature algorithms');
  if (!c.timeForms[0] && role !== 'anchor')
    return breach(V.ERROR_IN_CERT_NOT_BEFORE_FIELD, 'has a notBefore before 2050 that is not a UTCTime');
  if (!c.timeForms[1] && role !== 'anchor')
    return breach(V.ERROR_IN_CERT_NOT_AFTER_FIELD, 'has a notAfter before 2050 that is not a UTCTime');
  // Section 4.1.2.2
  const { serial } = c;
  if (
    role !== 'anchor' &&
    ((serial[0] as number) >= 0x80 ||
      serial.length > 20 + (serial[0] === 0 ? 1 : 0) ||
      (serial.length === 1 && serial[0] === 0))
  ) {
    return breach(V.UNSPECIFIED, 'has a serial number that is not positive or is longer than 20 octets');
  }
  return undefined;
}

/**
 * Requirements of RFC 5280 section 4 on CAs. Some roots trusted by every browser lack keyUsage or subjectKeyIdentifier,
 * or have non-critical basicConstraints: anchors are exempt from these.
 */
const breachOfDuty = (c: Certificate, role: Role, profile: Profile): RuleBreach | undefined =>
  (role === 'leaf' ? breachOfLeaf(c) : role === 'intermediate' ? breachOfIntermediate(c) : undefined) ??
  breachOfNames(c) ??
  breachOfCriticality(c, role, profile);

function breachOfIntermediate(c: Certificate): RuleBreach | undefined {
  if (c.keyUsage === undefined) return breach(V.CA_CERT_MISSING_KEY_USAGE, 'is a CA without keyUsage');
  if (!extensionOf(c, Oid.basicConstraints)?.critical)
    return breach(V.CA_BCONS_NOT_CRITICAL, 'is a CA whose basicConstraints is not critical');
  if (!c.subjectKeyIdentifier) return breach(V.MISSING_SUBJECT_KEY_IDENTIFIER, 'is a CA without subjectKeyIdentifier');
  return undefined;
}

function breachOfLeaf(c: Certificate): RuleBreach | undefined {
  const ca = c.basicConstraints?.ca === true;
  if (!ca && c.basicConstraints?.pathLength !== undefined)
    return breach(V.PATHLEN_INVALID_FOR_NON_CA, 'is not a CA but has a pathLenConstraint');
  if (!ca && (c.keyUsage ?? 0) & KeyUsage.keyCertSign)
    return breach(V.KU_KEY_CERT_SIGN_INVALID_FOR_NON_CA, 'is not a CA but may sign certificates (keyUsage)');
  if (!ca && c.nameConstraints) return breach(V.INVALID_EXTENSION, 'is not a CA but has name constraints');
  return undefined;
}

function breachOfNames(c: Certificate): RuleBreach | undefined {
  if (isEmptyName(c.issuer)) return breach(V.ISSUER_NAME_EMPTY, 'has an empty issuer name');
  if (c.subjectAltName?.length === 0) return breach(V.EMPTY_SUBJECT_ALT_NAME, 'has an empty subjectAltName');
  if (isEmptyName(c.subject) && c.subjectAltName && !extensionOf(c, Oid.subjectAltName)?.critical) {
    return breach(V.EMPTY_SUBJECT_SAN_NOT_CRITICAL, 'has an empty subject and a subjectAltName that is not critical');
  }
  // Section 4.2.1.1: only a self-signed certificate may omit it
  if (!c.authorityKeyIdentifier?.keyIdentifier && !c.selfIssued)
    return breach(V.MISSING_AUTHORITY_KEY_IDENTIFIER, 'has no authorityKeyIdentifier');
  if (
    c.basicConstraints?.pathLength !== undefined &&
    c.keyUsage !== undefined &&
    !(c.keyUsage & KeyUsage.keyCertSign)
  ) {
    return breach(V.PATHLEN_WITHOUT_KU_KEY_CERT_SIGN, 'has a pathLenConstraint but may not sign certificates');
  }
  return undefined;
}

const MUST_BE_CRITICAL = [
  [Oid.policyConstraints, 'policyConstraints'],
  [Oid.inhibitAnyPolicy, 'inhibitAnyPolicy'],
] as const;

function breachOfCriticality(c: Certificate, role: Role, profile: Profile): RuleBreach | undefined {
  for (const { oid, critical } of c.extensions) {
    if (critical) continue;
    for (const [id, name] of MUST_BE_CRITICAL)
      if (oid === id && role !== 'anchor')
        return breach(V.INVALID_POLICY_EXTENSION, `has ${name} that is not critical`);
    // BR section 7.1.2.5.2 allows non-critical name constraints, RFC 5280 does not
    if (oid === Oid.nameConstraints && profile === 'rfc5280')
      return breach(V.INVALID_EXTENSION, 'has name constraints that are not critical');
  }
  return undefined;
}

/**
 * The EKU of every certificate of the path must allow the purpose, as all browsers and OpenSSL interpret RFC 5280
 * section 4.2.1.12.
 */
function breachOfPurpose(c: Certificate, role: Role, { purpose, profile }: RuleSet): RuleBreach | undefined {
  if (purpose === 'any') return undefined;
  const server = purpose === 'serverAuth';
  const allowing = [
    server ? Oid.serverAuth : purpose === 'clientAuth' ? Oid.clientAuth : purpose,
    Oid.anyExtendedKeyUsage,
  ];
  if (server && profile === 'compatible') allowing.push(...SERVER_GATED);
  const { extendedKeyUsage, keyUsage, netscapeCertType } = c;
  if (extendedKeyUsage && !extendedKeyUsage.some((oid) => allowing.includes(oid))) {
    return breach(
      V.INVALID_PURPOSE,
      `may not be used for ${purpose} (its extendedKeyUsage does not list it)`,
      'CERT_PURPOSE',
    );
  }
  const usages = server
    ? KeyUsage.digitalSignature | KeyUsage.keyEncipherment | KeyUsage.keyAgreement
    : KeyUsage.digitalSignature | KeyUsage.keyAgreement;
  const netscape = server ? KeyUsage.netscapeServer : purpose === 'clientAuth' ? KeyUsage.netscapeClient : ~0;
  if (role === 'leaf' && netscapeCertType !== undefined && !(netscapeCertType & netscape))
    return breach(V.INVALID_PURPOSE, `may not be used for ${purpose} (Netscape's certificate type)`, 'CERT_PURPOSE');
  // RFC 5280 allows a CA as the leaf, whatever its key usage: users of its key check digitalSignature again
  const exempt = profile !== 'compatible' && c.basicConstraints?.ca;
  if (
    role === 'leaf' &&
    !exempt &&
    keyUsage !== undefined &&
    (server || purpose === 'clientAuth') &&
    !(keyUsage & usages)
  ) {
    return breach(V.INVALID_PURPOSE, `may not be used for ${purpose} (keyUsage)`, 'CERT_PURPOSE');
  }
  return undefined;
}
/** Netscape's and Microsoft's server gated cryptography, which stood for serverAuth in intermediates of that time. */
const SERVER_GATED: readonly string[] = ['2.16.840.1.113730.4.1', '1.3.6.1.4.1.311.10.3.3'];

/** Checks a key against this security level. */
export function breachOfStrength(key: PublicKey, role: Role, level: number): RuleBreach | undefined {
  const weak = (message: string): RuleBreach =>
    breach(role === 'leaf' ? V.EE_KEY_TOO_SMALL : V.CA_KEY_TOO_SMALL, message, 'CERT_WEAK_KEY');
  if (key.kind === 'unknown') return weak(`has a key of a kind that is not supported (${key.description})`);
  if (isTooWeak(key, level))
    return weak(`has a key of ${key.bits} bits (${key.kind}), which is too weak for security level ${level}`);
  return undefined;
}

function breachOfSignatureAlgorithm(c: Certificate, level: number): RuleBreach | undefined {
  const { signatureAlgorithm: algorithm, signatureOid, weakSignature } = c;
  if (algorithm && hashStrength(algorithm) >= securityBits(level)) return undefined;
  if (algorithm || weakSignature)
    return breach(V.CA_MD_TOO_WEAK, `is signed with a hash that is too weak (${signatureOid})`, 'CERT_WEAK_KEY');
  return breach(
    V.UNSUPPORTED_SIGNATURE_ALGORITHM,
    `is signed with an algorithm that is not supported (${signatureOid})`,
  );
}

function breachOfValidity(c: Certificate, now: number): RuleBreach | undefined {
  const { notBefore, notAfter } = c;
  if (Number.isNaN(notBefore)) return breach(V.ERROR_IN_CERT_NOT_BEFORE_FIELD, 'has a notBefore that is not a time');
  if (now < notBefore)
    return breach(V.CERT_NOT_YET_VALID, `is not valid before ${date(notBefore)}`, 'CERT_NOT_YET_VALID');
  if (Number.isNaN(notAfter)) return breach(V.ERROR_IN_CERT_NOT_AFTER_FIELD, 'has a notAfter that is not a time');
  return now > notAfter ? breach(V.CERT_HAS_EXPIRED, `expired on ${date(notAfter)}`, 'CERT_EXPIRED') : undefined;
}

/** `2026-11-23 08:47:29 UTC` */
export const date = (at: number): string => new Date(at).toISOString().replace('T', ' ').replace('.000Z', ' UTC');
