/** @module A filter of revoked certificates, asked about the leaf of a path: whoever it is, and what its answer means. */
import * as V from '@ferrule/result/x509-v';
import type { Certificate } from './certificate.ts';
import type { RuleBreach } from './rules.ts';
import type { SignatureVerifier } from './signature.ts';
import type { Issuer } from './trust.ts';

/**
 * `good`: not revoked when the filter was made. `not-covered`: the filter had not seen the certificate, or it carries
 * no timestamp that could tell. `not-enrolled`: its issuer is none of the filter's. `stale`: the filter is too old to
 * call it good.
 */
export type RevocationStatus = 'good' | 'revoked' | 'not-covered' | 'not-enrolled' | 'stale';

export interface RevocationQuestion {
  /** DER Certificate of the server. */
  readonly certificate: Uint8Array;
  /** DER SubjectPublicKeyInfo of its issuer in the path. */
  readonly issuerSpki: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly sha256: (bytes: Uint8Array) => Uint8Array;
}

/** Somebody who knows which certificates are revoked; `crlite()` of `@ferrule/x509/crlite` makes one. */
export interface RevocationFilter {
  /** Answers at once. Called without `this`. */
  readonly check: (question: RevocationQuestion) => RevocationStatus;
}

/** Whom to ask, and what about those of whom the filter says nothing. */
export interface RevocationPolicy {
  readonly crlite: RevocationFilter;
  /** What about `not-covered`, `not-enrolled` and `stale`. Default `accept`. */
  readonly unknown?: 'accept' | 'refuse' | undefined;
}

/** @throws TypeError when the verifier has no digest; what the filter throws. */
export function revocationBreach(
  { crlite: { check }, unknown = 'accept' }: RevocationPolicy,
  { raw }: Certificate,
  { spki }: Issuer,
  now: number,
  { name, digest }: SignatureVerifier,
): RuleBreach | undefined {
  if (!digest) throw new TypeError(`the verifier ${name} has no digest`);
  const status = check({ certificate: raw, issuerSpki: spki, now, sha256: (bytes) => digest('sha256', bytes) });
  if (status === 'revoked')
    return { code: 'CERT_REVOKED', verify: V.CERT_REVOKED, message: 'has been revoked, as CRLite has it' };
  if (status === 'good' || unknown === 'accept') return undefined;
  return {
    code: 'CERT_REVOCATION_UNKNOWN',
    verify: V.UNABLE_TO_GET_CRL,
    message: `may have been revoked: CRLite says "${status}"`,
  };
}
