/** @module What a filter of revoked certificates says about the server's, and what that comes to. */
import type { RevocationOptions, RevocationQuestion, RevocationStatus } from '@ferrule/contract';
import { type CertificateFault, certificateText, CODES, TlsError, X509V } from '@ferrule/result';
import { REVOCATION_STATUSES, revocationVerdict } from '@ferrule/result/revocation';
import { callbackFailed, INTERNAL_ERROR, textOf } from './callbacks.ts';

/** @throws TlsError CALLBACK_FAILED when the filter throws, or gives no status. */
export function askFilter({ crlite: { check } }: RevocationOptions, question: RevocationQuestion): RevocationStatus {
  let status: unknown;
  try {
    status = check(question);
  } catch (error) {
    throw filterFailed(error);
  }
  if (REVOCATION_STATUSES.includes(status as RevocationStatus)) return status as RevocationStatus;
  // A promise is no answer, and its rejection is nobody's
  if (status instanceof Promise) status.catch(() => {});
  throw filterFailed(new TypeError(`gave ${textOf(status)}; expected ${REVOCATION_STATUSES.join(', ')}`));
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
 * @param leaf - what is known of the server's certificate.
 */
export function revocationError(
  status: RevocationStatus,
  { unknown }: RevocationOptions,
  leaf: () => Partial<CertificateFault>,
): TlsError | undefined {
  const verdict = revocationVerdict(status, unknown);
  if (verdict === undefined) return undefined;
  const fault = { ...leaf(), ...verdict, depth: 0, crlite: status };
  const { message, hint } = certificateText(fault);
  return new TlsError(verdict.code, message, {
    verify: { code: verdict.verify, depth: 0, subject: fault.subject },
    alert: { description: CODES[verdict.code].alert, origin: 'local' },
    hint,
  });
}
