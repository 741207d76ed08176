/** @module What a filter of revoked certificates says about the server's, and what that comes to. */
import type { RevocationOptions, RevocationQuestion, RevocationStatus } from '@ferrule/contract';
import { CODES, TlsError, X509V } from '@ferrule/result';
import { callbackFailed, INTERNAL_ERROR, textOf } from './callbacks.ts';

const STATUSES: readonly RevocationStatus[] = ['good', 'revoked', 'not-covered', 'not-enrolled', 'stale'];

/** @throws TlsError CALLBACK_FAILED when the filter throws, or gives no status. */
export function askFilter({ crlite: { check } }: RevocationOptions, question: RevocationQuestion): RevocationStatus {
  let status: unknown;
  try {
    status = check(question);
  } catch (error) {
    throw filterFailed(error);
  }
  if (STATUSES.includes(status as RevocationStatus)) return status as RevocationStatus;
  // A promise is no answer, and its rejection is nobody's
  if (status instanceof Promise) status.catch(() => {});
  throw filterFailed(new TypeError(`gave ${textOf(status)}; expected ${STATUSES.join(', ')}`));
}

/** The server is not verified, which it is told, and verifyResult does not say that it is. */
const filterFailed = (cause: unknown): TlsError =>
  callbackFailed('revocation.crlite', cause, {
    alert: INTERNAL_ERROR,
    verify: { code: X509V.APPLICATION_VERIFICATION, depth: 0, subject: undefined },
  });

/**
 * The failure that a status is, `undefined` where it is none, for an engine whose path validation does not ask the
 * filter itself.
 */
export function revocationError(status: RevocationStatus, { unknown }: RevocationOptions): TlsError | undefined {
  if (status === 'good' || (status !== 'revoked' && unknown !== 'refuse')) return undefined;
  const revoked = status === 'revoked';
  const code = revoked ? 'CERT_REVOKED' : 'CERT_REVOCATION_UNKNOWN';
  const what = revoked ? 'has been revoked, as CRLite has it' : `may have been revoked: CRLite says "${status}"`;
  return new TlsError(code, `Refused the server: its certificate ${what}.`, {
    verify: { code: revoked ? X509V.CERT_REVOKED : X509V.UNABLE_TO_GET_CRL, depth: 0, subject: undefined },
    alert: { description: CODES[code].alert, origin: 'local' },
  });
}
