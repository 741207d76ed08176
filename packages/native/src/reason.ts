/**
 * @module From OpenSSL's reasons to ferrule's codes: one table, by number. The numbers are part of OpenSSL's ABI; its
 * texts differ between versions.
 */
import { Alert, CODES, peerAlert, SslErrorCode, TlsError, type CommonCode, failed, type Failed } from '@ferrule/result';
import { endText, foreignPeer } from '@ferrule/ssl';
import { type NativeFailure, OwnReason } from './binding.ts';
import { certificateError, type PeerFacts } from './certificate-error.ts';

/** ERR_LIB_SSL. */
const LIBRARY_SSL = 20;
/** SSL_AD_REASON_OFFSET: reasons from here on are the peer's alerts, by description. */
const ALERT_OFFSET = 1000;

/** ERR_R_* reasons of other libraries are far beyond those of alerts. */
const isAlert = (reason: number): boolean => reason >= ALERT_OFFSET && reason <= ALERT_OFFSET + 255;
const CERTIFICATE_VERIFY_FAILED = 134;

/** `SSL_R_*` → code. Others follow the alert that OpenSSL sent, or are INTERNAL_ERROR. */
const CODE_OF: ReadonlyMap<number, CommonCode> = new Map<number, CommonCode>([
  [100, 'UNEXPECTED_RECORD'], // APP_DATA_IN_HANDSHAKE
  [101, 'MISSING_KEY_SHARE'], // NO_SUITABLE_KEY_SHARE
  [102, 'BAD_KEY_SHARE'], // BAD_DH_VALUE
  [103, 'BAD_CHANGE_CIPHER_SPEC'],
  [104, 'EXTENDED_MASTER_SECRET_CHANGED'], // INCONSISTENT_EXTMS
  [105, 'DECODE_ERROR'], // BAD_HELLO_REQUEST
  [107, 'CERT_DECOMPRESSION_FAILED'], // BAD_DECOMPRESSION
  [108, 'BAD_KEY_SHARE'],
  [110, 'ERROR_PARSING_EXTENSION'], // BAD_EXTENSION
  [114, 'PSK_IDENTITY_NOT_FOUND'], // BAD_PSK_IDENTITY
  [111, 'PEER_BAD_FINISHED'], // BAD_DIGEST_LENGTH
  [115, 'DECODE_ERROR'], // BAD_PACKET_LENGTH
  [116, 'WRONG_VERSION_NUMBER'], // BAD_PROTOCOL_VERSION_NUMBER
  [118, 'NO_COMMON_SIGNATURE_ALGORITHMS'], // NO_SUITABLE_SIGNATURE_ALGORITHM
  [120, 'DECODE_ERROR'], // INVALID_KEY_UPDATE_TYPE
  [122, 'DECODE_ERROR'], // BAD_KEY_UPDATE
  [123, 'BAD_SIGNATURE'],
  [131, 'DECODE_ERROR'], // CA_DN_LENGTH_MISMATCH
  [132, 'TOO_MANY_KEY_UPDATES'],
  [133, 'UNEXPECTED_MESSAGE'], // CCS_RECEIVED_EARLY
  [135, 'DECODE_ERROR'], // CERT_LENGTH_MISMATCH
  [140, 'RECORD_TOO_LARGE'], // COMPRESSED_LENGTH_TOO_LONG
  [145, 'EXCESS_HANDSHAKE_DATA'], // DATA_BETWEEN_CCS_AND_FINISHED
  [146, 'RECORD_TOO_LARGE'], // DATA_LENGTH_TOO_LONG
  [147, 'BAD_RECORD_MAC'], // DECRYPTION_FAILED
  [149, 'PEER_BAD_FINISHED'], // DIGEST_CHECK_FAILED
  [150, 'RECORD_TOO_LARGE'], // ENCRYPTED_LENGTH_TOO_LONG
  [152, 'EXCESSIVE_MESSAGE_SIZE'],
  [153, 'DECODE_ERROR'], // EXTRA_DATA_IN_MESSAGE
  [154, 'UNEXPECTED_MESSAGE'], // GOT_A_FIN_BEFORE_A_CCS
  [155, 'HTTP_REQUEST'], // HTTPS_PROXY_REQUEST
  [156, 'HTTP_REQUEST'],
  [157, 'ERROR_PARSING_EXTENSION'], // TLS_INVALID_ECPOINTFORMAT_LIST
  [159, 'DECODE_ERROR'], // LENGTH_MISMATCH
  [160, 'DECODE_ERROR'], // LENGTH_TOO_SHORT
  [162, 'BAD_KEY_SHARE'], // ILLEGAL_POINT_COMPRESSION
  [182, 'EXCESS_HANDSHAKE_DATA'], // NOT_ON_RECORD_BOUNDARY
  [198, 'RECORD_TOO_LARGE'], // PACKET_LENGTH_TOO_LONG
  [194, 'RECORD_TOO_LARGE'], // EXCEEDS_MAX_FRAGMENT_SIZE
  [197, 'RESUMPTION_MISMATCH'], // OLD_SESSION_CIPHER_NOT_RETURNED
  [205, 'BAD_ALERT'], // INVALID_ALERT
  [207, 'PROTOCOL_IS_SHUTDOWN'],
  [210, 'RESUMPTION_MISMATCH'], // SSL_SESSION_VERSION_MISMATCH
  [213, 'DECODE_ERROR'], // RECORD_LENGTH_MISMATCH
  [214, 'BAD_HELLO_RETRY_REQUEST'], // NO_CHANGE_FOLLOWING_HRR
  [217, 'UNEXPECTED_EXTENSION'], // UNSOLICITED_EXTENSION
  [218, 'RESUMPTION_MISMATCH'], // CIPHERSUITE_DIGEST_HAS_CHANGED
  [220, 'WRONG_CERTIFICATE_TYPE'], // SIGNATURE_FOR_NON_SIGNING_CERTIFICATE
  [222, 'EARLY_DATA_REFUSED'], // INCONSISTENT_EARLY_DATA_ALPN
  [223, 'PSK_IDENTITY_NOT_FOUND'],
  [227, 'ERROR_PARSING_EXTENSION'], // PARSE_TLSEXT
  [231, 'EARLY_DATA_REFUSED'], // INCONSISTENT_EARLY_DATA_SNI
  [232, 'ERROR_PARSING_EXTENSION'], // SSL3_EXT_INVALID_MAX_FRAGMENT_LENGTH
  [233, 'UNEXPECTED_EARLY_DATA'], // BAD_EARLY_DATA
  [234, 'ASYNC_OPERATION_FAILED'], // CALLBACK_FAILED
  [235, 'INVALID_ALPN_PROTOCOL'], // NO_APPLICATION_PROTOCOL
  [239, 'WRONG_CERTIFICATE_TYPE'], // UNABLE_TO_FIND_PUBLIC_KEY_PARAMETERS
  [240, 'DECODE_ERROR'], // BAD_PACKET
  [244, 'UNEXPECTED_MESSAGE'],
  [245, 'UNEXPECTED_RECORD'],
  [246, 'BAD_ALERT'], // UNKNOWN_ALERT_TYPE
  [247, 'WRONG_CERTIFICATE_TYPE'], // UNKNOWN_CERTIFICATE_TYPE
  [248, 'WRONG_CIPHER_SUITE'], // UNKNOWN_CIPHER_RETURNED
  [250, 'WRONG_CIPHER_SUITE'], // UNKNOWN_KEY_EXCHANGE_TYPE
  [252, 'UNSUPPORTED_PROTOCOL'], // UNKNOWN_PROTOCOL
  [254, 'UNSUPPORTED_PROTOCOL'], // UNKNOWN_SSL_VERSION
  [257, 'INVALID_COMPRESSION'], // UNSUPPORTED_COMPRESSION_ALGORITHM
  [258, 'UNSUPPORTED_PROTOCOL'],
  [259, 'UNSUPPORTED_PROTOCOL'], // UNSUPPORTED_SSL_VERSION
  [260, 'BAD_CHANGE_CIPHER_SPEC'], // INVALID_CCS_MESSAGE
  [261, 'WRONG_CIPHER_SUITE'], // WRONG_CIPHER_RETURNED
  [262, 'UNEXPECTED_RECORD'], // UNEXPECTED_CCS_MESSAGE
  [263, 'WRONG_VERSION_ON_RETRY'], // BAD_HRR_VERSION
  [264, 'BAD_SIGNATURE'], // WRONG_SIGNATURE_LENGTH
  [265, 'BAD_SIGNATURE'], // WRONG_SIGNATURE_SIZE
  [266, 'UNSUPPORTED_PROTOCOL'], // WRONG_SSL_VERSION
  [267, 'WRONG_VERSION_NUMBER'],
  [271, 'DECODE_ERROR'], // BAD_LENGTH
  [275, 'ERROR_PARSING_EXTENSION'], // SERVERHELLO_TLSEXT
  [281, 'BAD_RECORD_MAC'], // DECRYPTION_FAILED_OR_BAD_RECORD_MAC
  [290, 'ERROR_PARSING_EXTENSION'], // MISSING_PARAMETERS
  [291, 'APPLICATION_DATA_ON_SHUTDOWN'], // APPLICATION_DATA_AFTER_CLOSE_NOTIFY
  [292, 'WRONG_VERSION_NUMBER'], // BAD_LEGACY_VERSION
  [293, 'EXCESS_HANDSHAKE_DATA'], // MIXED_HANDSHAKE_AND_NON_HANDSHAKE_DATA
  [294, 'UNEXPECTED_EOF'],
  [298, 'TOO_MANY_EMPTY_RECORDS'], // RECORD_TOO_SMALL
  [300, 'INVALID_SESSION_ID'], // SSL3_SESSION_ID_TOO_LONG
  [304, 'WRONG_CERTIFICATE_TYPE'], // BAD_ECC_CERT
  [306, 'BAD_KEY_SHARE'], // BAD_ECPOINT
  [313, 'BAD_RECORD_MAC'], // RECORD_LAYER_FAILURE (3.2)
  [315, 'WRONG_GROUP'], // UNSUPPORTED_ELLIPTIC_CURVE
  [317, 'DECODE_ERROR'], // INVALID_RECORD (3.2)
  [319, 'ERROR_PARSING_EXTENSION'], // SSL3_EXT_INVALID_SERVERNAME
  [326, 'UNKNOWN_CERT_COMPRESSION'], // BAD_COMPRESSION_ALGORITHM (3.2)
  [327, 'KEY_LIMIT_REACHED'], // SEQUENCE_CTR_WRAPPED (3.2)
  [328, 'CERT_OCSP_INVALID'], // INVALID_STATUS_RESPONSE
  [329, 'DECODE_ERROR'], // UNSUPPORTED_STATUS_TYPE
  [332, 'DECODE_ERROR'], // BAD_HANDSHAKE_LENGTH
  [333, 'WRONG_SIGNATURE_TYPE'], // LEGACY_SIGALG_DISALLOWED_OR_UNSUPPORTED
  [335, 'RENEGOTIATION_MISMATCH'], // RENEGOTIATE_EXT_TOO_LONG
  [336, 'RENEGOTIATION_MISMATCH'], // RENEGOTIATION_ENCODING_ERR
  [337, 'RENEGOTIATION_MISMATCH'],
  [338, 'RENEGOTIATION_MISMATCH'], // UNSAFE_LEGACY_RENEGOTIATION_DISABLED
  [339, 'BAD_ALERT'], // NO_RENEGOTIATION: the peer's alert; we never ask for one
  [340, 'INVALID_COMPRESSION'], // INCONSISTENT_COMPRESSION
  [341, 'INVALID_COMPRESSION'],
  [342, 'INVALID_COMPRESSION'],
  [343, 'INVALID_COMPRESSION'],
  [344, 'RESUMPTION_MISMATCH'], // OLD_SESSION_COMPRESSION_ALGORITHM_NOT_RETURNED
  [348, 'CERT_INVALID'], // BAD_CERTIFICATE (3.2)
  [360, 'ERROR_PARSING_EXTENSION'], // SIGNATURE_ALGORITHMS_ERROR
  [370, 'WRONG_SIGNATURE_TYPE'],
  [373, 'DOWNGRADE_DETECTED'], // INAPPROPRIATE_FALLBACK
  [376, 'NO_COMMON_SIGNATURE_ALGORITHMS'],
  [377, 'ASYNC_OPERATION_FAILED'], // CERT_CB_ERROR
  [378, 'WRONG_GROUP'], // WRONG_CURVE
  [383, 'WRONG_CERTIFICATE_TYPE'],
  [390, 'DECODE_ERROR'], // BAD_DATA
  [394, 'CERT_WEAK_KEY'], // DH_KEY_TOO_SMALL
  [395, 'KEY_LIMIT_REACHED'], // MAXIMUM_ENCRYPTED_PKTS_REACHED (3.2)
  [397, 'CERT_WEAK_KEY'], // CA_KEY_TOO_SMALL
  [398, 'CERT_WEAK_KEY'], // CA_MD_TOO_WEAK
  [399, 'CERT_WEAK_KEY'], // EE_KEY_TOO_SMALL
  [404, 'EXCESSIVE_MESSAGE_SIZE'], // LENGTH_TOO_LONG
  [407, 'HANDSHAKE_NOT_DONE'], // SHUTDOWN_WHILE_IN_INIT
  [408, 'INVALID_SESSION_ID'], // SSL_SESSION_ID_TOO_LONG
  [409, 'TOO_MANY_WARNING_ALERTS'],
  [443, 'UNEXPECTED_RECORD'], // BAD_RECORD_TYPE
  [999, 'INVALID_SESSION_ID'],
]);

/** Used without a reason of the TLS library: OpenSSL's alert is then the best indication. */
const CODE_OF_ALERT: ReadonlyMap<number, CommonCode> = new Map<number, CommonCode>([
  [Alert.unexpected_message, 'UNEXPECTED_MESSAGE'],
  [Alert.bad_record_mac, 'BAD_RECORD_MAC'],
  [Alert.record_overflow, 'RECORD_TOO_LARGE'],
  [Alert.handshake_failure, 'WRONG_CIPHER_SUITE'],
  [Alert.bad_certificate, 'CERT_INVALID'],
  [Alert.illegal_parameter, 'ILLEGAL_PARAMETER'],
  [Alert.decode_error, 'DECODE_ERROR'],
  [Alert.decrypt_error, 'BAD_SIGNATURE'],
  [Alert.protocol_version, 'UNSUPPORTED_PROTOCOL'],
  [Alert.missing_extension, 'MISSING_EXTENSION'],
  [Alert.unsupported_extension, 'UNEXPECTED_EXTENSION'],
]);

const OWN: Readonly<Record<number, CommonCode>> = {
  [OwnReason.keyUpdateFlood]: 'TOO_MANY_KEY_UPDATES',
  [OwnReason.noExtendedMasterSecret]: 'NO_EXTENDED_MASTER_SECRET',
  [OwnReason.renegotiation]: 'NO_RENEGOTIATION',
  [OwnReason.messageTooLong]: 'EXCESSIVE_MESSAGE_SIZE',
  [OwnReason.unofferedAlpn]: 'INVALID_ALPN_PROTOCOL',
  [OwnReason.notTls]: 'WRONG_VERSION_NUMBER',
  [OwnReason.helloRequestInHandshake]: 'UNEXPECTED_MESSAGE',
  [OwnReason.messageInterrupted]: 'UNEXPECTED_RECORD',
  [OwnReason.unofferedExtension]: 'UNEXPECTED_EXTENSION',
  [OwnReason.misplacedExtension]: 'MISPLACED_EXTENSION',
  [OwnReason.extensionTwice]: 'DUPLICATE_EXTENSION',
  [OwnReason.malformedExtension]: 'ERROR_PARSING_EXTENSION',
  [OwnReason.malformedMessage]: 'DECODE_ERROR',
  [OwnReason.illegalValue]: 'ILLEGAL_PARAMETER',
  [OwnReason.unofferedSuite]: 'WRONG_CIPHER_SUITE',
  [OwnReason.unofferedGroup]: 'WRONG_GROUP',
  [OwnReason.badPoint]: 'BAD_KEY_SHARE',
  [OwnReason.sessionIdOfNoSession]: 'INVALID_SESSION_ID',
  [OwnReason.unofferedVersion]: 'UNSUPPORTED_PROTOCOL',
  [OwnReason.versionAfterRetry]: 'WRONG_VERSION_ON_RETRY',
  [OwnReason.renegotiationInfo]: 'RENEGOTIATION_MISMATCH',
  [OwnReason.unofferedScheme]: 'WRONG_SIGNATURE_TYPE',
  [OwnReason.noCertificate]: 'NO_CERTIFICATE',
  [OwnReason.unexpectedEarlyData]: 'UNEXPECTED_EARLY_DATA',
  [OwnReason.recordTooLarge]: 'RECORD_TOO_LARGE',
  [OwnReason.unknownAlertLevel]: 'UNKNOWN_ALERT_LEVEL',
  [OwnReason.warningIn13]: 'BAD_ALERT',
  [OwnReason.noKeyShare]: 'MISSING_KEY_SHARE',
  [OwnReason.changeCipherSpecLate]: 'UNEXPECTED_RECORD',
  [OwnReason.shortRecord]: 'BAD_RECORD_MAC',
  [OwnReason.messageFlood]: 'TOO_MANY_MESSAGES',
};

/** The connection's failure, from OpenSSL's report. */
export function failureOf(native: NativeFailure, peer: PeerFacts): Failed {
  const { own, reason, library, duringHandshake, alertSent, alertReceived, text } = native;
  if (own === OwnReason.pinMismatch || own === OwnReason.stapleRefused || (own === 0 && isVerification(native))) {
    return failed(certificateError(native, peer));
  }
  // The peer's fatal alert, or its close_notify, which is no error for OpenSSL and leaves no reason.
  const silent = own === 0 && library === 0 && reason === 0;
  if (own === 0 && ((library === LIBRARY_SSL && isAlert(reason)) || (silent && alertReceived >= 0))) {
    const description = isAlert(reason) ? reason - ALERT_OFFSET : alertReceived;
    return failed(peerAlert(description), duringHandshake ? 0 : -1);
  }
  const foreign = duringHandshake && reason !== ALERT_OFFSET ? foreignOf(native) : undefined;
  const code = foreign?.code ?? codeOf(native);
  const alert =
    alertSent > 0 && code !== 'UNEXPECTED_EOF' ? { description: alertSent, origin: 'local' as const } : undefined;
  // The message is ours, the same with every OpenSSL; its own is the cause.
  const cause = text === '' ? undefined : new Error(`OpenSSL: ${text}`);
  return failed(
    new TlsError(code, foreign?.message ?? messageOf(code, native), { alert, cause }),
    -1,
    SslErrorCode.ssl,
  );
}

function messageOf(code: CommonCode, { head, duringHandshake }: NativeFailure): string {
  return code === 'UNEXPECTED_EOF' ? endText(head.length > 0, !duringHandshake) : CODES[code].meaning;
}

const isVerification = ({ library, reason }: NativeFailure): boolean =>
  library === LIBRARY_SSL && reason === CERTIFICATE_VERIFY_FAILED;

function codeOf({ own, library, reason, alertSent }: NativeFailure): CommonCode {
  const known = OWN[own] ?? (library === LIBRARY_SSL ? CODE_OF.get(reason) : undefined);
  return known ?? CODE_OF_ALERT.get(alertSent) ?? 'INTERNAL_ERROR';
}

/** No text begins with a TLS content type, or a possible future one: 0x14 to 0x18, and anything below a tab. */
function foreignOf({ head }: NativeFailure): ReturnType<typeof foreignPeer> | undefined {
  const first = head[0];
  return first === undefined || (first < 0x20 && first !== 0x09) ? undefined : foreignPeer(head);
}
