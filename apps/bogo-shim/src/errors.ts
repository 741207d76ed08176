/**
 * @module What BoringSSL calls the failures of ferrule.
 *
 * BoGo looks for BoringSSL's reason in the shim's stderr. Most of our codes have one such reason; where BoringSSL tells
 * apart what ferrule does not, the runner is told by the `ErrorMap` of its configuration which of ours to take.
 */
import { Alert, type TlsError, type TlsErrorCode } from '@ferrule/result';

/** BoringSSL's reason for each code that has one. A code that is absent is printed as it is. */
const REASONS: { readonly [K in TlsErrorCode]?: string } = {
  DECODE_ERROR: 'DECODE_ERROR',
  UNEXPECTED_RECORD: 'UNEXPECTED_RECORD',
  BAD_RECORD_MAC: 'DECRYPTION_FAILED_OR_BAD_RECORD_MAC',
  RECORD_TOO_LARGE: 'DATA_LENGTH_TOO_LONG',
  BAD_CHANGE_CIPHER_SPEC: 'BAD_CHANGE_CIPHER_SPEC',
  BAD_ALERT: 'BAD_ALERT',
  UNKNOWN_ALERT_LEVEL: 'UNKNOWN_ALERT_TYPE',
  TOO_MANY_EMPTY_RECORDS: 'TOO_MANY_EMPTY_FRAGMENTS',
  TOO_MANY_WARNING_ALERTS: 'TOO_MANY_WARNING_ALERTS',
  TOO_MANY_KEY_UPDATES: 'TOO_MANY_KEY_UPDATES',
  EXCESSIVE_MESSAGE_SIZE: 'EXCESSIVE_MESSAGE_SIZE',
  APPLICATION_DATA_ON_SHUTDOWN: 'APPLICATION_DATA_ON_SHUTDOWN',
  EXCESS_HANDSHAKE_DATA: 'EXCESS_HANDSHAKE_DATA',
  WRONG_VERSION_NUMBER: 'WRONG_VERSION_NUMBER',
  UNSUPPORTED_PROTOCOL: 'UNSUPPORTED_PROTOCOL',
  DOWNGRADE_DETECTED: 'TLS13_DOWNGRADE',
  UNEXPECTED_MESSAGE: 'UNEXPECTED_MESSAGE',
  UNEXPECTED_EXTENSION: 'UNEXPECTED_EXTENSION',
  DUPLICATE_EXTENSION: 'DUPLICATE_EXTENSION',
  ERROR_PARSING_EXTENSION: 'ERROR_PARSING_EXTENSION',
  MISSING_EXTENSION: 'MISSING_EXTENSION',
  MISSING_KEY_SHARE: 'MISSING_KEY_SHARE',
  INVALID_SESSION_ID: 'SERVER_ECHOED_INVALID_SESSION_ID',
  INVALID_COMPRESSION: 'UNSUPPORTED_COMPRESSION_ALGORITHM',
  WRONG_CIPHER_SUITE: 'WRONG_CIPHER_RETURNED',
  WRONG_GROUP: 'WRONG_CURVE',
  BAD_KEY_SHARE: 'BAD_ECPOINT',
  WRONG_VERSION_ON_RETRY: 'SECOND_SERVERHELLO_VERSION_MISMATCH',
  BAD_SIGNATURE: 'BAD_SIGNATURE',
  WRONG_SIGNATURE_TYPE: 'WRONG_SIGNATURE_TYPE',
  NO_COMMON_SIGNATURE_ALGORITHMS: 'NO_COMMON_SIGNATURE_ALGORITHMS',
  PEER_BAD_FINISHED: 'DIGEST_CHECK_FAILED',
  NO_CERTIFICATE: 'PEER_DID_NOT_RETURN_A_CERTIFICATE',
  WRONG_CERTIFICATE_TYPE: 'WRONG_CERTIFICATE_TYPE',
  CERT_DECOMPRESSION_FAILED: 'CERT_DECOMPRESSION_FAILED',
  UNKNOWN_CERT_COMPRESSION: 'UNKNOWN_CERT_COMPRESSION_ALG',
  INVALID_ALPN_PROTOCOL: 'INVALID_ALPN_PROTOCOL',
  RENEGOTIATION_MISMATCH: 'RENEGOTIATION_MISMATCH',
  NO_RENEGOTIATION: 'NO_RENEGOTIATION',
  PSK_IDENTITY_NOT_FOUND: 'PSK_IDENTITY_NOT_FOUND',
  ASYNC_OPERATION_FAILED: 'CERT_CB_ERROR',
  CERT_OCSP_INVALID: 'OCSP_CB_ERROR',
  ECH_REJECTED: 'ECH_REJECTED',
  ECH_REQUIRED: 'UNUSABLE_ECH_CONFIG_LIST',
};

/** Reasons of BoringSSL that ferrule files elsewhere as well: further codes that the runner takes for them. */
const ALSO: Readonly<Record<string, readonly TlsErrorCode[]>> = {
  // Records
  BAD_DECRYPT: ['BAD_RECORD_MAC'],
  DECRYPTION_FAILED_OR_BAD_RECORD_MAC: ['UNEXPECTED_RECORD'], // A record of padding alone
  ENCRYPTED_LENGTH_TOO_LONG: ['RECORD_TOO_LARGE'],
  INVALID_OUTER_RECORD_TYPE: ['UNEXPECTED_RECORD'],
  UNEXPECTED_RECORD: ['EXCESS_HANDSHAKE_DATA'],
  // Fields with forbidden values, which BoringSSL counts among what it cannot decode
  DECODE_ERROR: [
    'ILLEGAL_PARAMETER',
    'ERROR_PARSING_EXTENSION',
    'MISSING_EXTENSION',
    'INVALID_COMPRESSION',
    'NO_CERTIFICATE',
  ],
  ERROR_PARSING_EXTENSION: ['ILLEGAL_PARAMETER', 'MISPLACED_EXTENSION', 'DECODE_ERROR'],
  // A server that answers an offer of keys alone with a certificate, for which BoringSSL does not even ask
  MISSING_EXTENSION: ['CERT_REJECTED'],
  // QUIC
  NO_APPLICATION_PROTOCOL: ['INVALID_ALPN_PROTOCOL'],
  WRONG_ENCRYPTION_LEVEL_RECEIVED: ['UNEXPECTED_MESSAGE', 'EXCESS_HANDSHAKE_DATA'],
  PARSE_TLSEXT: ['ERROR_PARSING_EXTENSION'],
  EMPTY_HELLO_RETRY_REQUEST: ['BAD_HELLO_RETRY_REQUEST'],
  UNKNOWN_CIPHER_RETURNED: ['WRONG_CIPHER_SUITE'],
  UNEXPECTED_EXTENSION: ['MISPLACED_EXTENSION', 'PSK_IDENTITY_NOT_FOUND'],
  UNSUPPORTED_PROTOCOL: ['ILLEGAL_PARAMETER'], // legacy_version of a TLS 1.3 ServerHello
  // sessions
  ALPN_MISMATCH_ON_EARLY_DATA: ['UNEXPECTED_EARLY_DATA'],
  CIPHER_MISMATCH_ON_EARLY_DATA: ['UNEXPECTED_EARLY_DATA'],
  WRONG_VERSION_ON_EARLY_DATA: ['UNSUPPORTED_PROTOCOL'],
  OLD_SESSION_PRF_HASH_MISMATCH: ['RESUMPTION_MISMATCH'],
  OLD_SESSION_VERSION_NOT_RETURNED: ['RESUMPTION_MISMATCH', 'INVALID_SESSION_ID'],
  RESUMED_EMS_SESSION_WITHOUT_EMS_EXTENSION: ['EXTENDED_MASTER_SECRET_CHANGED'],
  RESUMED_NON_EMS_SESSION_WITH_EMS_EXTENSION: ['EXTENDED_MASTER_SECRET_CHANGED'],
  // Certificates
  BAD_ECC_CERT: ['WRONG_CERTIFICATE_TYPE'],
  CANNOT_PARSE_LEAF_CERT: ['CERT_INVALID', 'DECODE_ERROR'],
  KEY_USAGE_BIT_INCORRECT: ['CERT_PURPOSE'],
  NO_MATCHING_ISSUER: ['NO_MATCHING_CREDENTIAL'],
  UNKNOWN_CERTIFICATE_TYPE: ['NO_MATCHING_CREDENTIAL'],
  UNSUPPORTED_ALGORITHM: ['WRONG_SIGNATURE_TYPE'],
  INVALID_RAW_PUBLIC_KEY: ['DECODE_ERROR'],
  UNCOMPRESSED_CERT_TOO_LARGE: ['EXCESSIVE_MESSAGE_SIZE'],
  UNSUPPORTED_CERTIFICATE: ['WRONG_CERTIFICATE_TYPE'],
  // ECH
  INCONSISTENT_ECH_NEGOTIATION: ['ILLEGAL_PARAMETER'],
  // The end
  'Unexpected SSL_shutdown result: -1 != 1': ['UNEXPECTED_EOF'],
};

/** Where OpenSSL's own reasons are coarser still, or others. */
const ALSO_OPENSSL: Readonly<Record<string, readonly TlsErrorCode[]>> = {
  BAD_ECC_CERT: ['WRONG_GROUP'],
  DECODE_ERROR: ['BAD_HELLO_RETRY_REQUEST'],
  KEY_USAGE_BIT_INCORRECT: ['WRONG_CIPHER_SUITE'],
  OLD_SESSION_VERSION_NOT_RETURNED: ['WRONG_CIPHER_SUITE'],
  PEER_DID_NOT_RETURN_A_CERTIFICATE: ['DECODE_ERROR'],
  PSK_IDENTITY_NOT_FOUND: ['ILLEGAL_PARAMETER'],
  SECOND_SERVERHELLO_VERSION_MISMATCH: ['WRONG_VERSION_NUMBER', 'UNSUPPORTED_PROTOCOL'],
  TOO_MANY_EMPTY_FRAGMENTS: ['UNEXPECTED_RECORD'],
  UNEXPECTED_EXTENSION: ['ERROR_PARSING_EXTENSION', 'WRONG_VERSION_NUMBER', 'BAD_HELLO_RETRY_REQUEST'],
  UNEXPECTED_RECORD: ['UNEXPECTED_MESSAGE'],
  UNKNOWN_CERTIFICATE_TYPE: ['NO_COMMON_SIGNATURE_ALGORITHMS'],
  WRONG_CURVE: ['BAD_KEY_SHARE'],
  WRONG_SIGNATURE_TYPE: ['WRONG_GROUP'],
};

/** The runner's `ErrorMap` for an engine: what to look for in place of one of BoringSSL's reasons. */
export function errorMap(engine: 'pure' | 'native'): Record<string, readonly string[]> {
  const map: Record<string, readonly string[]> = {};
  for (const more of engine === 'native' ? [ALSO, ALSO_OPENSSL] : [ALSO]) {
    for (const [reason, codes] of Object.entries(more)) {
      const text = /^\w+$/.test(reason) ? `:${reason}:` : reason;
      map[text] = [...(map[text] ?? [text]), ...codes.map((code) => `:${code}:`)];
    }
  }
  return map;
}

/** Alerts that SSL 3.0 had already: BoringSSL names the others after TLS 1.0. */
const SSL3_ALERTS: ReadonlySet<number> = new Set([
  Alert.unexpected_message,
  Alert.bad_record_mac,
  Alert.decompression_failure,
  Alert.handshake_failure,
  Alert.no_certificate,
  Alert.bad_certificate,
  Alert.unsupported_certificate,
  Alert.certificate_revoked,
  Alert.certificate_expired,
  Alert.certificate_unknown,
  Alert.illegal_parameter,
]);

/**
 * A failure as one line of stderr: our code and BoringSSL's reasons between colons, then the message.
 * @param beforeServerHello whether the peer had answered nothing yet, which BoringSSL tells apart for
 * handshake_failure.
 */
export function describe(error: TlsError, beforeServerHello: boolean): string {
  const reasons = new Set<string>([error.code, ...reasonsOf(error, beforeServerHello)]);
  const alert = error.alert === undefined ? '' : ` (${error.alert.origin} alert ${error.alert.name})`;
  return `error:${[...reasons].join(':')}: ${error.message}${alert}`;
}

function reasonsOf({ code, alert }: TlsError, beforeServerHello: boolean): string[] {
  if (code === 'PEER_ALERT' && alert !== undefined) {
    const first =
      beforeServerHello && alert.description === Alert.handshake_failure ? ['HANDSHAKE_FAILURE_ON_CLIENT_HELLO'] : [];
    return [...first, `${SSL3_ALERTS.has(alert.description) ? 'SSLV3' : 'TLSV1'}_ALERT_${alert.name.toUpperCase()}`];
  }
  const reason = REASONS[code];
  if (reason !== undefined) return [reason];
  return code.startsWith('CERT_') ? ['CERTIFICATE_VERIFY_FAILED'] : [];
}
