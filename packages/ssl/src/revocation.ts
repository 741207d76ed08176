/** @module Queries a filter of revoked certificates and evaluates its answer. */
import type { RevocationOptions, RevocationQuestion, RevocationStatus } from '@ferrule/contract';
import { type CertificateFault, certificateText, CODES, TlsError, X509V } from '@ferrule/result';
import { REVOCATION_STATUSES, revocationVerdict } from '@ferrule/result/revocation';
import { callbackFailed, INTERNAL_ERROR, textOf } from './callbacks.ts';

/** @throws TlsError CALLBACK_FAILED if the filter throws or does not return a status. */
export function askFilter({ crlite: { check } }: RevocationOptions, question: RevocationQuestion): RevocationStatus {
  let status: unknown;
  try {
    status = check(question);
  } catch (error) {
    throw filterFailed(error);
  }
  if (REVOCATION_STATUSES.includes(status as RevocationStatus)) return status as RevocationStatus;
  // A promise is not an answer; suppress its rejection
  if (status instanceof Promise) status.catch(() => {});
  throw filterFailed(new TypeError(`gave ${textOf(status)}; expected ${REVOCATION_STATUSES.join(', ')}`));
}

/** The server is not verified: it gets an alert, and verifyResult is not X509_V_OK. */
const filterFailed = (cause: unknown): TlsError =>
  callbackFailed('revocation.crlite', cause, {
    alert: INTERNAL_ERROR,
    verify: { code: X509V.APPLICATION_VERIFICATION, depth: 0, subject: undefined },
  });

/**
 * The failure for a status, or `undefined`, for engines whose path validation does not query the filter itself.
 * @param leaf - known facts about the server's certificate.
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
