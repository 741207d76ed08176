/** @module What a filter of revoked certificates (CRLite) may answer, and what its answer comes to. */
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
