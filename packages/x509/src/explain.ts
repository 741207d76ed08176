/** @module Explains failures: the most promising path, the rule it violates, the remedy. */
import type { CertificateFault, X509VCode } from '@ferrule/result';
import * as V from '@ferrule/result/x509-v';
import { subjectText, type Certificate } from './certificate.ts';
import { faultFacts } from './fault-facts.ts';
import { nameText } from './name.ts';
import { identifierMatch, type Search } from './path.ts';
import type { Beyond, RuleBreach } from './rules.ts';
import type { Issuer } from './trust.ts';

/** A rule violated at a position in a path. */
export interface Defect extends RuleBreach {
  /** Absent for an anchor that is not a certificate. */
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
  /** How promising it is. */
  readonly score: number;
}

/**
 * Why there is no valid path, and the path that came closest. `certificateText()` of `@ferrule/result` turns it into
 * the message and hint of a `TlsError`, the same for both engines.
 */
export interface PathFailure extends CertificateFault {
  /** As in X509_STORE_CTX_get_error(3). */
  readonly verify: X509VCode;
  /** Set if the path conforms to RFC 5280: which further check failed. */
  readonly beyond: Beyond | undefined;
  /** One sentence about the violated rule, more specific than the X509_V code. */
  readonly message: string;
  /** The most promising path, leaf first, as far as it got. */
  readonly chain: readonly Certificate[];
}

/** The failure of a search that found nothing. */
export function explain(search: Search): PathFailure {
  const { best } = search;
  const unlucky = !best?.anchor;
  if (unlucky && search.gaveUp) {
    const message = `no path to a trust anchor was found within ${search.maxSteps} steps`;
    return failure(
      { code: 'CERT_CHAIN_TOO_LONG', verify: V.CERT_CHAIN_TOO_LONG, message, certificate: undefined, depth: -1 },
      search,
      best?.path ?? [],
      undefined,
    );
  }
  const { path, anchor, defects } = best as Attempt;
  // OpenSSL checks the strength of the server's key before it looks for issuers.
  const defect =
    anchor || defects.some(({ verify }) => verify === V.EE_KEY_TOO_SMALL) ? first(defects) : untrusted(search, path);
  return failure(defect, search, path, anchor);
}

function failure(
  defect: Defect,
  { leaf }: Search,
  path: readonly Certificate[],
  anchor: Issuer | undefined,
): PathFailure {
  const { code, verify, depth, certificate, message, late, crlite } = defect;
  const subject = certificate ? subjectText(certificate) : 'an anchor without certificate';
  return {
    code,
    verify,
    depth: Math.max(0, depth),
    ...faultFacts(certificate, leaf),
    trusted: depth > 0 && certificate === anchor?.certificate,
    crlite,
    beyond: late === 'extension' ? undefined : late,
    message: short(depth < 0 ? message : `${place(depth)} (${short(subject, 200)}) ${message}`),
    chain: anchor?.certificate ? [...path, anchor.certificate] : path,
  };
}

/** A certificate's name can be a megabyte long; a message should not be. */
const short = (text: string, length = 1000): string => (text.length > length ? `${text.slice(0, length)}…` : text);

const place = (depth: number): string =>
  depth === 0 ? "the server's certificate" : `certificate ${depth} of the path`;

/**
 * OpenSSL's order of checks, so that both engines report the same defect: extensions, strength, names, revocation, from
 * the top down each signature and its certificate's times, from the top down name constraints, policies. Checks that
 * OpenSSL lacks follow.
 */
function phase({ code, verify, late }: Defect): number {
  if (late) return verify === V.INVALID_POLICY_EXTENSION ? 6 : PHASE_OF_LATE[late];
  switch (code) {
    case 'CERT_WEAK_KEY':
      return verify === V.EE_KEY_TOO_SMALL ? -2 : 1;
    case 'CERT_NAME_MISMATCH':
      return 2;
    case 'CERT_REVOKED':
    case 'CERT_REVOCATION_UNKNOWN':
    case 'CERT_OCSP_MISSING':
    case 'CERT_OCSP_INVALID':
      return 3;
    case 'CERT_SIGNATURE':
    case 'CERT_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return 4;
    case 'CERT_NAME_CONSTRAINT':
      return 5;
    default:
      switch (verify) {
        case V.ERROR_IN_CERT_NOT_BEFORE_FIELD:
        case V.ERROR_IN_CERT_NOT_AFTER_FIELD:
          return 4;
        case V.NO_EXPLICIT_POLICY:
          return 6;
        case V.CERT_CHAIN_TOO_LONG:
          return -1;
        default:
          return 0;
      }
  }
}

const PHASE_OF_LATE = { extension: 5.5, status: 7, pins: 8, staple: 9 } as const;

function first(defects: readonly Defect[]): Defect {
  // For the same certificate, constraints of the topmost issuer come first, and the signature before the times.
  const at = (one: Defect): number =>
    phase(one) === 5 ? -defects.indexOf(one) : one.code === 'CERT_SIGNATURE' ? -1 : defects.indexOf(one);
  const down = (one: Defect): boolean => phase(one) === 4 || phase(one) === 5;
  return [...defects].sort(
    (a, b) => phase(a) - phase(b) || (down(a) ? b.depth - a.depth : a.depth - b.depth) || at(a) - at(b),
  )[0] as Defect;
}

/** No anchor was reached: what is missing above the farthest certificate. */
function untrusted(search: Search, path: readonly Certificate[]): Defect {
  const depth = path.length - 1;
  const certificate = path[depth] as Certificate;
  const at = { certificate, depth };
  const issuer = nameText(certificate.issuer) || '(no name)';
  if (certificate.selfIssued && identifierMatch(certificate, certificate) !== 0) {
    return depth === 0
      ? {
          ...at,
          code: 'CERT_SELF_SIGNED',
          verify: V.DEPTH_ZERO_SELF_SIGNED_CERT,
          message: 'is self-signed and not a trust anchor',
        }
      : {
          ...at,
          code: 'CERT_UNTRUSTED_ROOT',
          verify: V.SELF_SIGNED_CERT_IN_CHAIN,
          message: 'is the root of the chain and not a trust anchor',
        };
  }
  return missing(search, at, issuer);
}

/**
 * A leaf without an issuer: the server omitted the intermediate. Above it: the root is missing, which need not be sent.
 */
function missing(
  search: Search,
  at: { readonly certificate: Certificate; readonly depth: number },
  issuer: string,
): Defect {
  const [unreadable] = search.unreadable;
  if (unreadable !== undefined) {
    const message = `was issued by ${issuer}, which is not a trust anchor, and may be a certificate that cannot be read: ${unreadable}`;
    return { ...at, code: 'CERT_INVALID', verify: V.INVALID_EXTENSION, message };
  }
  const [unusable] = search.unusable;
  const more =
    unusable !== undefined
      ? `, and may be a certificate that cannot be used: ${unusable}`
      : search.wrongKeyIssuers.includes(at.certificate)
        ? '; a CA of that name is there, but with another key'
        : '';
  const unsent = at.depth === 0 && unusable === undefined ? ', which the server did not send and' : ',';
  return {
    ...at,
    code: at.depth === 0 ? 'CERT_MISSING_INTERMEDIATE' : 'CERT_UNTRUSTED_ROOT',
    verify: V.UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
    message: `was issued by ${issuer}${unsent} which is not a trust anchor${more}`,
  };
}

/** The defect of a signature of `child` that the issuer's key did not make. */
export function signatureDefect(child: Certificate, issuer: Issuer): string {
  if (!child.signatureAlgorithmsAgree) return 'names two different signature algorithms';
  if (!child.signatureAlgorithm || issuer.publicKey.kind === 'unknown') return 'has a signature that cannot be checked';
  return `has a signature that the key of its issuer ${nameText(child.issuer) || '(no name)'} did not make`;
}
