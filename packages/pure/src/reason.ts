/**
 * @module Failures on our side: flow, wire and record code say what is wrong with {@link fail}, and the row of the code
 * says which alert the peer is sent. Nobody else chooses an alert.
 */
import { Alert, CODES, TlsError, X509V, type CommonCode, type TlsErrorDetails } from '@ferrule/result';

/**
 * What OpenSSL sends for the X509_V code of a failed path validation, where our own code does not tell enough: beside
 * these it is certificate_unknown.
 */
const BY_X509V: readonly CommonCode[] = ['CERT_INVALID', 'CERT_REVOCATION_UNKNOWN'];
const ALERT_OF_X509V: ReadonlyMap<number, number> = new Map<number, number>([
  [X509V.UNSPECIFIED, Alert.internal_error],
  [X509V.INVALID_CA, Alert.unknown_ca],
  [X509V.PATH_LENGTH_EXCEEDED, Alert.unknown_ca],
  [X509V.EC_KEY_EXPLICIT_PARAMS, Alert.bad_certificate],
  [X509V.ERROR_IN_CERT_NOT_BEFORE_FIELD, Alert.bad_certificate],
  [X509V.ERROR_IN_CERT_NOT_AFTER_FIELD, Alert.bad_certificate],
  [X509V.UNABLE_TO_GET_CRL, Alert.unknown_ca],
  [X509V.UNABLE_TO_GET_CRL_ISSUER, Alert.unknown_ca],
  [X509V.CRL_HAS_EXPIRED, Alert.certificate_expired],
  [X509V.CRL_NOT_YET_VALID, Alert.bad_certificate],
  [X509V.CRL_SIGNATURE_FAILURE, Alert.decrypt_error],
  [X509V.ERROR_IN_CRL_LAST_UPDATE_FIELD, Alert.bad_certificate],
  [X509V.ERROR_IN_CRL_NEXT_UPDATE_FIELD, Alert.bad_certificate],
  [X509V.INVALID_PURPOSE, Alert.unsupported_certificate],
]);

/**
 * The error of a failure on our side, with its alert to the peer: `throw fail('BAD_KEY_SHARE', '…')`.
 * The message says what was met and where; the code's own sentence when absent.
 */
export function fail(
  code: CommonCode,
  message: string = CODES[code].meaning,
  details: Omit<TlsErrorDetails, 'alert'> = {},
): TlsError {
  const { verify } = details;
  const description =
    ALERT_OF_X509V.get(verify?.code ?? X509V.OK) ??
    (verify !== undefined && BY_X509V.includes(code) ? Alert.certificate_unknown : CODES[code].alert);
  return new TlsError(
    code,
    message,
    description === undefined ? details : { ...details, alert: { description, origin: 'local' } },
  );
}

/** RFC 9001 section 8.1: QUIC needs a protocol, and names the alert. */
export const noApplicationProtocol = (): TlsError =>
  new TlsError('INVALID_ALPN_PROTOCOL', 'the server chose no application protocol, which QUIC needs', {
    alert: { description: Alert.no_application_protocol, origin: 'local' },
  });

/** CRYPTO_FAILED with what the provider has thrown as its cause; a TlsError is what it is. */
export function cryptoFailed(what: string, thrown: unknown): TlsError {
  if (TlsError.is(thrown)) return thrown;
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  return fail('CRYPTO_FAILED', `${what} failed: ${why}`, { cause: thrown });
}
