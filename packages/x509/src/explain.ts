/** @module Failures that say what is wrong: the most promising path, the rule that it broke, what to do. */
import type { TlsErrorCode, X509V, X509VCode } from '@ferrule/result';
import { subjectText, type Certificate } from './certificate.ts';
import { accessUris } from './extensions.ts';
import { generalNameText, NameType, printable } from './general-name.ts';
import { nameText } from './name.ts';
import type { Search } from './path.ts';
import type { RuleBreach } from './rules.ts';
import type { Issuer } from './trust.ts';

/** A rule broken at a place in a path. */
export interface Defect extends RuleBreach {
  /** Absent for an anchor that is no certificate. */
  readonly certificate: Certificate | undefined;
  /** 0 is the leaf. */
  readonly depth: number;
}

/** A path as far as it got. */
export interface Attempt {
  /** Leaf first, without the anchor. */
  readonly path: readonly Certificate[];
  readonly anchor: Issuer | undefined;
  readonly defects: readonly Defect[];
}

/** Why there is no valid path: everything that a `TlsError` of `@ferrule/result` is made of, and the path that came closest. */
export interface PathFailure {
  readonly code: TlsErrorCode;
  /** X509_V number, as X509_STORE_CTX_get_error(3). */
  readonly verify: X509VCode;
  /** Place in the chain of the certificate concerned; 0 is the leaf. */
  readonly depth: number;
  /** RFC 4514 subject of that certificate. */
  readonly subject: string | undefined;
  /** One sentence. */
  readonly message: string;
  /** What to do; `undefined` where the code's general remedy says it. */
  readonly hint: string | undefined;
  /** The most promising path, leaf first, as far as it got. */
  readonly chain: readonly Certificate[];
}

/** The numbers of the X509_V names that are used here, checked against `@ferrule/result` by the compiler without loading it. */
const NUMBERS = {
  UNSPECIFIED: 1,
  UNABLE_TO_GET_CRL: 3,
  CERT_SIGNATURE_FAILURE: 7,
  CRL_SIGNATURE_FAILURE: 8,
  CERT_NOT_YET_VALID: 9,
  CERT_HAS_EXPIRED: 10,
  CRL_NOT_YET_VALID: 11,
  CRL_HAS_EXPIRED: 12,
  ERROR_IN_CERT_NOT_BEFORE_FIELD: 13,
  ERROR_IN_CERT_NOT_AFTER_FIELD: 14,
  ERROR_IN_CRL_NEXT_UPDATE_FIELD: 16,
  DEPTH_ZERO_SELF_SIGNED_CERT: 18,
  SELF_SIGNED_CERT_IN_CHAIN: 19,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 20,
  CERT_CHAIN_TOO_LONG: 22,
  CERT_REVOKED: 23,
  PATH_LENGTH_EXCEEDED: 25,
  INVALID_PURPOSE: 26,
  KEYUSAGE_NO_CERTSIGN: 32,
  UNHANDLED_CRITICAL_EXTENSION: 34,
  KEYUSAGE_NO_CRL_SIGN: 35,
  UNHANDLED_CRITICAL_CRL_EXTENSION: 36,
  INVALID_EXTENSION: 41,
  INVALID_POLICY_EXTENSION: 42,
  NO_EXPLICIT_POLICY: 43,
  DIFFERENT_CRL_SCOPE: 44,
  PERMITTED_VIOLATION: 47,
  EXCLUDED_VIOLATION: 48,
  SUBTREE_MINMAX: 49,
  APPLICATION_VERIFICATION: 50,
  UNSUPPORTED_CONSTRAINT_TYPE: 51,
  UNSUPPORTED_CONSTRAINT_SYNTAX: 52,
  UNSUPPORTED_NAME_SYNTAX: 53,
  HOSTNAME_MISMATCH: 62,
  IP_ADDRESS_MISMATCH: 64,
  EE_KEY_TOO_SMALL: 66,
  CA_KEY_TOO_SMALL: 67,
  CA_MD_TOO_WEAK: 68,
  NO_VALID_SCTS: 71,
  OCSP_VERIFY_NEEDED: 73,
  OCSP_VERIFY_FAILED: 74,
  OCSP_CERT_UNKNOWN: 75,
  UNSUPPORTED_SIGNATURE_ALGORITHM: 76,
  SIGNATURE_ALGORITHM_MISMATCH: 77,
  SIGNATURE_ALGORITHM_INCONSISTENCY: 78,
  INVALID_CA: 79,
  PATHLEN_INVALID_FOR_NON_CA: 80,
  PATHLEN_WITHOUT_KU_KEY_CERT_SIGN: 81,
  KU_KEY_CERT_SIGN_INVALID_FOR_NON_CA: 82,
  ISSUER_NAME_EMPTY: 83,
  SUBJECT_NAME_EMPTY: 84,
  MISSING_AUTHORITY_KEY_IDENTIFIER: 85,
  MISSING_SUBJECT_KEY_IDENTIFIER: 86,
  EMPTY_SUBJECT_ALT_NAME: 87,
  EMPTY_SUBJECT_SAN_NOT_CRITICAL: 88,
  CA_BCONS_NOT_CRITICAL: 89,
  AUTHORITY_KEY_IDENTIFIER_CRITICAL: 90,
  SUBJECT_KEY_IDENTIFIER_CRITICAL: 91,
  CA_CERT_MISSING_KEY_USAGE: 92,
  EXTENSIONS_REQUIRE_VERSION_3: 93,
  EC_KEY_EXPLICIT_PARAMS: 94,
} as const;

/** The names of the X509_V codes that a path can fail with. */
export type VerifyName = keyof typeof NUMBERS;
const V: Pick<typeof X509V, VerifyName> = NUMBERS;

/** The failure of a search that found nothing. */
export const explain = (search: Search): PathFailure => {
  const { best } = search;
  const unlucky = !best?.anchor;
  if (unlucky && search.exhausted) {
    const message = `no path to a trust anchor was found within ${search.maxSteps} steps`;
    return failure({ code: 'CERT_CHAIN_TOO_LONG', verify: 'CERT_CHAIN_TOO_LONG', message, certificate: undefined, depth: 0 }, best?.path ?? []);
  }
  const { path, anchor, defects } = best as Attempt;
  const chain = anchor?.certificate ? [...path, anchor.certificate] : path;
  const defect = anchor ? first(defects) : untrusted(search, path);
  return failure({ ...defect, hint: defect.hint ?? hintOf(defect, search) }, chain);
};

const failure = (defect: Omit<Defect, 'hint'> & { readonly hint?: string | undefined }, chain: readonly Certificate[]): PathFailure => {
  const { code, verify, depth, certificate, message, hint } = defect;
  const subject = certificate && subjectText(certificate);
  return { code, verify: V[verify], depth, subject, message: subject === undefined ? message : `${place(depth)} (${subject}) ${message}`, hint, chain };
};

const place = (depth: number): string => (depth === 0 ? "the server's certificate" : `certificate ${depth} of the path`);

/** OpenSSL's order of checks, so that both engines of ferrule tell of the same defect: extensions, strength, names, revocation, times from the top down, name constraints, policies. */
const phase = ({ code, verify }: Defect): number => {
  switch (code) {
    case 'CERT_WEAK_KEY':
      return 1;
    case 'CERT_NAME_MISMATCH':
      return 2;
    case 'CERT_REVOKED':
    case 'CERT_REVOCATION_UNKNOWN':
    case 'CERT_OCSP_MISSING':
    case 'CERT_OCSP_INVALID':
      return 3;
    case 'CERT_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return 4;
    case 'CERT_NAME_CONSTRAINT':
      return 5;
    default:
      return verify === 'NO_EXPLICIT_POLICY' ? 6 : verify === 'CERT_CHAIN_TOO_LONG' ? -1 : 0;
  }
};

const first = (defects: readonly Defect[]): Defect =>
  [...defects].sort((a, b) => phase(a) - phase(b) || (phase(a) === 4 ? b.depth - a.depth : a.depth - b.depth))[0] as Defect;

/** No anchor was reached: what is missing above the farthest certificate. */
const untrusted = (search: Search, path: readonly Certificate[]): Defect => {
  const depth = path.length - 1;
  const certificate = path[depth] as Certificate;
  const at = { certificate, depth };
  const issuer = nameText(certificate.issuer) || '(no name)';
  const stranger = search.strangers.find(({ child, mismatch }) => child === certificate && !mismatch);
  if (stranger && !(certificate.selfIssued && stranger.issuer.certificate === certificate)) {
    const message = `has a signature that the key of its issuer ${issuer} did not make`;
    const hint = 'The certificate was altered, or another CA of the same name issued it: the server must send the intermediate that belongs to its certificate.';
    return { ...at, code: 'CERT_SIGNATURE', verify: 'CERT_SIGNATURE_FAILURE', message, hint };
  }
  if (certificate.selfIssued) {
    return depth === 0
      ? { ...at, code: 'CERT_SELF_SIGNED', verify: 'DEPTH_ZERO_SELF_SIGNED_CERT', message: 'is self-signed and not a trust anchor' }
      : { ...at, code: 'CERT_UNTRUSTED_ROOT', verify: 'SELF_SIGNED_CERT_IN_CHAIN', message: 'is the root of the chain and not a trust anchor' };
  }
  return missing(search, at, issuer);
};

/** A leaf whose issuer is nowhere: the server left out the intermediate. Above it: what is not there is the root, which nobody has to send. */
const missing = (search: Search, at: { readonly certificate: Certificate; readonly depth: number }, issuer: string): Defect => {
  const verify = 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY';
  const [url] = accessUris(at.certificate.authorityInfoAccess, '1.3.6.1.5.5.7.48.2');
  const where = url ? ` (it is at ${printable(url)})` : '';
  const [unreadable] = search.unreadable;
  if (unreadable !== undefined) {
    const message = `was issued by ${issuer}, which is no trust anchor and may be what cannot be read: ${unreadable}`;
    return { ...at, code: 'CERT_INVALID', verify: 'INVALID_EXTENSION', message };
  }
  const mismatch = search.strangers.some(({ child }) => child === at.certificate) ? ' A CA of that name is there, but with another key.' : '';
  if (at.depth === 0) {
    const message = `was issued by ${issuer}, which the server did not send and which is not a trust anchor`;
    const hint = `The server must send the certificate of ${issuer}${where} with its own, or that CA must be made a trust anchor.${mismatch}`;
    return { ...at, code: 'CERT_MISSING_INTERMEDIATE', verify, message, hint };
  }
  const message = `was issued by ${issuer}, which is not a trust anchor`;
  const hint = `Make ${issuer} a trust anchor if you trust it; if it is no root, the server must send its certificate${where}.${mismatch}`;
  return { ...at, code: 'CERT_UNTRUSTED_ROOT', verify, message, hint };
};

const hintOf = (defect: Defect, { leaf }: Search): string | undefined => {
  if (defect.code !== 'CERT_NAME_MISMATCH') return undefined;
  const names = (leaf.subjectAltName ?? []).filter(({ type }) => type === NameType.dns || type === NameType.ip).map((name) => generalNameText(name).replace(/^[^:]*:/, ''));
  const shown = names.slice(0, 10).join(', ') + (names.length > 10 ? ` and ${names.length - 10} more` : '');
  return names.length > 0 ? `The certificate is for ${shown}.` : 'The certificate has no subjectAltName with a DNS name or an address; its common name does not count.';
};
