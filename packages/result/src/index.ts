/** @module @ferrule/result: return values, SSL_ERROR_* codes, alerts, X509_V codes and the error class of ferrule. */
export { Alert, alertLevel, alertName, type AlertLevel, type AlertName } from './alert.ts';
export { certificateCode, isCertificateCode, type CertificateCode } from './certificate-code.ts';
export { certificateText, type CertificateFault, type CertificateText } from './certificate-text.ts';
export { CODES } from '@ferrule/result/texts';
export {
  errorCodes,
  type CodeEntries,
  type CodeEntry,
  type CodeRow,
  type CommonCode,
  type TlsErrorCode,
} from './codes.ts';
export { DONE, failed, ioOutcome, notDone, outcome, returnOf } from './outcome.ts';
export type {
  Closed,
  Done,
  ErrorSource,
  Failed,
  IoOutcome,
  NotDone,
  Outcome,
  ReturnValue,
  Want,
  Wanting,
} from './outcome.ts';
export { withOptionNames } from './option-names.ts';
export { alertMeaning, peerAlert, type AlertMeaning } from './peer-alert.ts';
export { SslErrorCode, sslErrorName } from './ssl-error.ts';
export { TlsError, type AlertInfo, type TlsErrorDetails, type TlsErrorJson, type VerifyInfo } from './tls-error.ts';
export { X509V, x509VName, x509VSentence, type X509VCode, type X509VName } from './x509-v.ts';
