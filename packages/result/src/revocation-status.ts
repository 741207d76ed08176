/** @module The query to a filter of revoked certificates (CRLite), its possible answers and their meaning. */
import * as V from '@ferrule/result/x509-v';

/**
 * `good`: not revoked when the filter was created. `not-covered`: the filter does not include the certificate, or it
 * has no timestamp to decide by. `not-enrolled`: the filter does not cover its issuer. `stale`: the filter is too old
 * to report `good`.
 */
export type RevocationStatus = 'good' | 'revoked' | 'not-covered' | 'not-enrolled' | 'stale';

export const REVOCATION_STATUSES: readonly RevocationStatus[] = [
  'good',
  'revoked',
  'not-covered',
  'not-enrolled',
  'stale',
];

/** Knows which certificates are revoked; returned by `crlite()` of `@ferrule/x509/crlite`. */
export interface RevocationFilter {
  /**
   * Synchronous. Called without `this`. In an engine, a throw or any other return value is `CALLBACK_FAILED`, and
   * sessions are bound to the function: they are not offered with another filter.
   */
  readonly check: (question: RevocationQuestion) => RevocationStatus;
}

export interface RevocationQuestion {
  /** DER Certificate of the server; engines pass a copy. */
  readonly certificate: Uint8Array;
  /** DER SubjectPublicKeyInfo of its issuer in the path; engines pass a copy. */
  readonly issuerSpki: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Provided by the engine or the verifier. */
  readonly sha256: (bytes: Uint8Array) => Uint8Array;
}

/** Why a status rejects the server, with its X509_V code; `undefined` if it does not. */
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
