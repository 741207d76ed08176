/**
 * @module The single reason → alert map: which alert a failure sends to the peer (RFC 9846 section 6.2).
 *
 * Nobody else chooses an alert. Flow, wire and record code say what is wrong with {@link fail}; the engine sends what
 * this table says. Where RFC 9846 leaves a choice, the alert is the one that BoringSSL sends; certificates have a table
 * that both engines of ferrule share.
 */
import {
  Alert,
  CERTIFICATE_ALERTS,
  CODES,
  TlsError,
  X509V,
  type TlsErrorCode,
  type TlsErrorDetails,
} from '@ferrule/result';

/** The alert of each code; `null` where none is owed: the peer or the transport is gone, or nothing was said yet. */
export const ALERT_OF: { readonly [K in TlsErrorCode]: number | null } = Object.freeze({
  // The transport, and misuse by the caller.
  UNEXPECTED_EOF: null,
  TRANSPORT_ERROR: null,
  PROXY_UNREACHABLE: null,
  PROXY_REFUSED: null,
  PROXY_AUTHENTICATION_REQUIRED: null,
  PROXY_CLOSED: null,
  PROXY_MALFORMED: null,
  TIMEOUT: null,
  ABORTED: null,
  BLOCKING_FORBIDDEN: null,
  DISPOSED: null,
  BIO_MISSING: null,
  CONNECTION_TYPE_NOT_SET: null,
  PROTOCOL_IS_SHUTDOWN: null,
  HANDSHAKE_NOT_DONE: null,
  ASYNC_OPERATION_FAILED: Alert.internal_error,
  CRYPTO_FAILED: Alert.internal_error,
  // The caller's own end of the connection, as dispose() is.
  CALLBACK_FAILED: null,
  INTERNAL_ERROR: Alert.internal_error,

  // Not TLS, or not our TLS.
  PEER_ALERT: null,
  HTTP_REQUEST: Alert.protocol_version,
  PLAINTEXT_PEER: Alert.protocol_version,
  STARTTLS_NOT_OFFERED: null,
  STARTTLS_REFUSED: null,
  STARTTLS_INJECTION: null,
  TLS_REQUIRED: null,
  STARTTLS_MALFORMED: null,
  WRONG_VERSION_NUMBER: Alert.protocol_version,
  UNSUPPORTED_PROTOCOL: Alert.protocol_version,
  DOWNGRADE_DETECTED: Alert.illegal_parameter,

  // Records.
  DECODE_ERROR: Alert.decode_error,
  UNEXPECTED_RECORD: Alert.unexpected_message,
  BAD_RECORD_MAC: Alert.bad_record_mac,
  RECORD_TOO_LARGE: Alert.record_overflow,
  BAD_CHANGE_CIPHER_SPEC: Alert.unexpected_message,
  BAD_ALERT: Alert.decode_error,
  UNKNOWN_ALERT_LEVEL: Alert.illegal_parameter,
  TOO_MANY_EMPTY_RECORDS: Alert.unexpected_message,
  TOO_MANY_WARNING_ALERTS: Alert.unexpected_message,
  TOO_MANY_KEY_UPDATES: Alert.unexpected_message,
  TOO_MANY_MESSAGES: Alert.unexpected_message,
  TOO_MUCH_SKIPPED_EARLY_DATA: Alert.unexpected_message,
  EXCESSIVE_MESSAGE_SIZE: Alert.illegal_parameter,
  EXCESS_HANDSHAKE_DATA: Alert.unexpected_message,
  APPLICATION_DATA_ON_SHUTDOWN: null,
  KEY_LIMIT_REACHED: Alert.internal_error,

  // Handshake.
  UNEXPECTED_MESSAGE: Alert.unexpected_message,
  ILLEGAL_PARAMETER: Alert.illegal_parameter,
  UNEXPECTED_EXTENSION: Alert.unsupported_extension,
  MISPLACED_EXTENSION: Alert.illegal_parameter,
  DUPLICATE_EXTENSION: Alert.illegal_parameter,
  ERROR_PARSING_EXTENSION: Alert.decode_error,
  MISSING_EXTENSION: Alert.missing_extension,
  MISSING_KEY_SHARE: Alert.missing_extension,
  INVALID_SESSION_ID: Alert.illegal_parameter,
  INVALID_COMPRESSION: Alert.illegal_parameter,
  UNKNOWN_CIPHER_SUITE: Alert.illegal_parameter,
  WRONG_CIPHER_SUITE: Alert.illegal_parameter,
  WRONG_GROUP: Alert.illegal_parameter,
  BAD_KEY_SHARE: Alert.illegal_parameter,
  BAD_HELLO_RETRY_REQUEST: Alert.illegal_parameter,
  WRONG_VERSION_ON_RETRY: Alert.illegal_parameter,
  BAD_SIGNATURE: Alert.decrypt_error,
  WRONG_SIGNATURE_TYPE: Alert.illegal_parameter,
  NO_COMMON_SIGNATURE_ALGORITHMS: Alert.handshake_failure,
  NO_MATCHING_CREDENTIAL: Alert.handshake_failure,
  PEER_BAD_FINISHED: Alert.decrypt_error,
  NO_CERTIFICATE: Alert.decode_error,
  WRONG_CERTIFICATE_TYPE: Alert.illegal_parameter,
  CERT_DECOMPRESSION_FAILED: Alert.bad_certificate,
  UNKNOWN_CERT_COMPRESSION: Alert.illegal_parameter,
  INVALID_ALPN_PROTOCOL: Alert.illegal_parameter,
  NO_EXTENDED_MASTER_SECRET: Alert.handshake_failure,
  EXTENDED_MASTER_SECRET_CHANGED: Alert.handshake_failure,
  RENEGOTIATION_MISMATCH: Alert.handshake_failure,
  NO_RENEGOTIATION: Alert.no_renegotiation,
  RESUMPTION_MISMATCH: Alert.illegal_parameter,
  PSK_IDENTITY_NOT_FOUND: Alert.illegal_parameter,
  EARLY_DATA_REFUSED: null,
  UNEXPECTED_EARLY_DATA: Alert.illegal_parameter,
  EARLY_DATA_REJECTED: null,
  INVALID_TICKET: Alert.decode_error,
  INVALID_ECH_PUBLIC_NAME: null,
  ECH_REJECTED: Alert.ech_required,
  ECH_REQUIRED: null,

  // Certificates.
  ...CERTIFICATE_ALERTS,
});

/** What OpenSSL sends for the X509_V code of a failed path validation, where that is not the alert of our own code. */
const ALERT_OF_X509V: ReadonlyMap<number, number> = new Map<number, number>([
  [X509V.UNSPECIFIED, Alert.internal_error],
  [X509V.INVALID_CA, Alert.unknown_ca],
  [X509V.PATH_LENGTH_EXCEEDED, Alert.unknown_ca],
  [X509V.UNABLE_TO_GET_CRL, Alert.unknown_ca],
  [X509V.UNABLE_TO_GET_CRL_ISSUER, Alert.unknown_ca],
  [X509V.CRL_HAS_EXPIRED, Alert.certificate_expired],
  [X509V.CRL_NOT_YET_VALID, Alert.bad_certificate],
  [X509V.CRL_SIGNATURE_FAILURE, Alert.decrypt_error],
  [X509V.INVALID_PURPOSE, Alert.unsupported_certificate],
]);

/**
 * The error of a failure on our side, with the alert that it owes the peer: `throw fail('BAD_KEY_SHARE', '…')`.
 * The message says what was met and where; the code's own sentence when absent.
 */
export function fail(
  code: TlsErrorCode,
  message: string = CODES[code].meaning,
  details: Omit<TlsErrorDetails, 'alert'> = {},
): TlsError {
  const description = ALERT_OF_X509V.get(details.verify?.code ?? X509V.OK) ?? ALERT_OF[code];
  return new TlsError(
    code,
    message,
    description === null ? details : { ...details, alert: { description, origin: 'local' } },
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
