/** @module What a filter of revoked certificates (CRLite) is asked, what it may answer, and what its answer means. */
import * as V from '@ferrule/result/x509-v';

/**
 * `good`: not revoked when the filter was made. `not-covered`: the filter had not seen the certificate, or it carries
 * no timestamp that could tell. `not-enrolled`: its issuer is none of the filter's. `stale`: the filter is too old to
 * call it good.
 */
export type RevocationStatus = 'good' | 'revoked' | 'not-covered' | 'not-enrolled' | 'stale';

export const REVOCATION_STATUSES: readonly RevocationStatus[] = [
  'good',
  'revoked',
  'not-covered',
  'not-enrolled',
  'stale',
];

/** Knows which certificates are revoked: what `crlite()` of `@ferrule/x509/crlite` returns. */
export interface RevocationFilter {
  /**
   * Answers at once. Called without `this`. Where an engine asks, a throw, or an answer of another kind, is
   * `CALLBACK_FAILED`, and sessions are bound to the function: another filter verifies anew.
   */
  readonly check: (question: RevocationQuestion) => RevocationStatus;
}

export interface RevocationQuestion {
  /** DER Certificate of the server; an engine gives a copy. */
  readonly certificate: Uint8Array;
  /** DER SubjectPublicKeyInfo of its issuer in the path; an engine gives a copy. */
  readonly issuerSpki: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Of the engine, or of the verifier. */
  readonly sha256: (bytes: Uint8Array) => Uint8Array;
}

/** Why a status refuses the server, with the X509_V code for it; `undefined` where it does not. */
export function revocationVerdict(
  status: RevocationStatus,
  unknown: 'accept' | 'refuse' = 'accept',
):
  | {
      readonly code: 'CERT_REVOKED' | 'CERT_REVOCATION_UNKNOWN';
      readonly verify: typeof V.CERT_REVOKED | typeof V.UNABLE_TO_GET_CRL;
    }
  | undefined {
  if (status === 'revoked') return { code: 'CERT_REVOKED', verify: V.CERT_REVOKED };
  if (status === 'good' || unknown === 'accept') return undefined;
  return { code: 'CERT_REVOCATION_UNKNOWN', verify: V.UNABLE_TO_GET_CRL };
}
