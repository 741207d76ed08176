/**
 * @module The codes that several packages use: meaning, remedy, and the alert sent to the peer (RFC 9846 section 6.2).
 * Where the RFC leaves a choice, the alert is BoringSSL's; for certificates it is OpenSSL's for the X509_V code, so
 * that both engines send the same.
 *
 * `npm run docs:codes` generates the documentation page and the alerts of `no-texts`.
 */
import { errorCodes, type CodeEntries, type CodeRow } from '../codes.ts';

/** The remedies of entries without their own: a broken peer, or a faulty certificate. */
const PEER_BROKEN =
  'The peer broke the protocol, or something on the path alters the bytes; capture the handshake (`onMessage`, `onKeylog`) and report it to the operator of the peer.';
const REISSUE = "The server's operator must install a correct certificate.";

export const TABLE = {
  // ── The transport ──
  UNEXPECTED_EOF: {
    meaning: 'The transport ended without close_notify.',
    remedy:
      'During a handshake: the port may not speak TLS, or the server refused the ClientHello without an alert. Later: treat what was read as truncated.',
  },
  TRANSPORT_ERROR: {
    meaning: 'The transport under the BIO failed.',
    remedy: 'See `cause` for the error of the socket or pipe.',
  },
  PROXY_UNREACHABLE: {
    meaning: 'The proxy, relay or command that should carry the connection could not be reached or started.',
    remedy: "Check its address and that it is running; `cause` has the system's error.",
  },
  PROXY_REFUSED: {
    meaning: 'The proxy refused to connect.',
    remedy: 'See the message for its answer: it may not allow this host or port.',
  },
  PROXY_AUTHENTICATION_REQUIRED: {
    meaning: 'The proxy requires credentials, or refused those that were given.',
    remedy: 'Give them in its URL, percent-encoded: scheme://user:password@host:port.',
  },
  PROXY_CLOSED: {
    meaning: 'The proxy closed the connection before it was established.',
    remedy: 'It may be overloaded, refuse this client, or speak another protocol: see its log.',
  },
  PROXY_MALFORMED: {
    meaning: 'The endpoint is not a proxy of the kind that was named.',
    remedy: 'Check scheme and port of its URL: one port may not speak both SOCKS and HTTP.',
  },
  TIMEOUT: {
    meaning: 'The peer did not answer in time.',
    remedy: 'Check host, port and firewalls; raise the timeout if the peer is slow.',
  },
  ABORTED: {
    meaning: 'The caller aborted the operation.',
    remedy: 'Nothing to do: your program aborted the signal, or destroyed the connection.',
  },
  BLOCKING_FORBIDDEN: {
    meaning: 'This thread may not wait: Atomics.wait is forbidden here.',
    remedy: 'Run the blocking connection in a worker, or use a non-blocking BIO with drive().',
  },
  DISPOSED: {
    meaning: 'The connection was disposed.',
    remedy: 'Make a new connection; a disposed one has wiped its keys.',
  },
  BIO_MISSING: { meaning: 'The connection has no BIO.', remedy: 'Call setBio(rbio, wbio) before connect().' },
  CONNECTION_TYPE_NOT_SET: {
    meaning: 'doHandshake() was called before setConnectState().',
    remedy: 'Call setConnectState() first, or use connect().',
  },
  PROTOCOL_IS_SHUTDOWN: {
    meaning: 'Data was written after close_notify had been sent.',
    remedy: 'Write before shutdown().',
  },
  HANDSHAKE_NOT_DONE: {
    meaning: 'The operation needs an established connection.',
    remedy: 'Call connect() until it returns 1 first.',
  },
  ASYNC_OPERATION_FAILED: {
    meaning: "One of the caller's callbacks (signer, verifier, credential choice) failed.",
    remedy: 'See `cause` for what the callback threw.',
    alert: 'internal_error',
  },
  CRYPTO_FAILED: {
    meaning: "The platform's cryptography (node:crypto, WebCrypto) failed at something that it should be able to do.",
    remedy: 'See `cause` for what it threw; `ferrule doctor` tells what the platform can do. Try another provider.',
    alert: 'internal_error',
  },
  CALLBACK_FAILED: {
    meaning:
      "One of the caller's callbacks that observe (onSession, onKeylog, onMessage), tell the time (now) or give random bytes (random) failed.",
    remedy: 'The message names the callback, and `cause` is what it threw; no bytes were lost.',
  },
  INTERNAL_ERROR: {
    meaning: 'The engine reached a state that should be impossible.',
    remedy: 'This is a bug: please report it with the message trace.',
    alert: 'internal_error',
  },

  // ── The peer is at fault ──
  PEER_ALERT: {
    meaning: 'The peer ended the connection with an alert, which the message names and explains.',
    remedy: 'The log of the server says why.',
  },
  HTTP_REQUEST: {
    meaning: 'The peer answered in plain HTTP.',
    remedy: 'This port speaks HTTP without TLS: use http://, or the TLS port (often 443 or 8443).',
    alert: 'protocol_version',
  },
  PLAINTEXT_PEER: {
    meaning: 'The peer greeted in plain text, as a STARTTLS protocol does.',
    remedy: 'Use STARTTLS for that protocol, or its implicit-TLS port (465, 993, 995, 636).',
    alert: 'protocol_version',
  },
  WRONG_VERSION_NUMBER: {
    meaning: 'The data received is not a TLS record.',
    remedy: 'The port may speak another protocol; check host and port, and whether STARTTLS is needed.',
    alert: 'protocol_version',
  },
  UNSUPPORTED_PROTOCOL: {
    meaning: 'The peer chose a TLS version that was not offered.',
    remedy: 'The server may only know TLS 1.1 or older; it should be upgraded. Check `minVersion`, `maxVersion`.',
    alert: 'protocol_version',
  },
  DOWNGRADE_DETECTED: {
    meaning: 'The ServerHello carries the downgrade sentinel of RFC 9846 section 4.2.3.',
    remedy: 'Someone on the path forces an older version; do not trust this network.',
    alert: 'illegal_parameter',
  },

  // ── Records ──
  DECODE_ERROR: { meaning: 'A message could not be decoded.', alert: 'decode_error' },
  UNEXPECTED_RECORD: { meaning: 'A record arrived that is not allowed at this point.', alert: 'unexpected_message' },
  BAD_RECORD_MAC: { meaning: 'A record could not be decrypted.', alert: 'bad_record_mac' },
  RECORD_TOO_LARGE: { meaning: 'A record is longer than allowed.', alert: 'record_overflow' },
  BAD_CHANGE_CIPHER_SPEC: { meaning: 'A change_cipher_spec record is malformed.', alert: 'unexpected_message' },
  BAD_ALERT: {
    meaning:
      'An alert record is malformed, or a warning that TLS 1.3 does not have, or a no_renegotiation that nobody asked for.',
    alert: 'decode_error',
  },
  UNKNOWN_ALERT_LEVEL: { meaning: 'An alert is neither a warning nor fatal.', alert: 'illegal_parameter' },
  TOO_MANY_EMPTY_RECORDS: {
    meaning: 'The peer sent too many empty records in a row.',
    remedy: 'The peer is broken or hostile; `limits.emptyRecordsInARow` sets the bound.',
    alert: 'unexpected_message',
  },
  TOO_MANY_WARNING_ALERTS: {
    meaning: 'The peer sent too many warning alerts in a row.',
    remedy: 'The peer is broken or hostile.',
    alert: 'unexpected_message',
  },
  TOO_MANY_KEY_UPDATES: {
    meaning: 'The peer sent too many KeyUpdates in a row.',
    remedy: 'The peer is broken or hostile; `limits.keyUpdatesInARow` sets the bound.',
    alert: 'unexpected_message',
  },
  TOO_MANY_MESSAGES: {
    meaning: 'The peer sent too many handshake messages, or too many pieces of them, without data in between.',
    remedy: 'The peer is broken or hostile.',
    alert: 'unexpected_message',
  },
  EXCESSIVE_MESSAGE_SIZE: {
    meaning: 'A handshake message is longer than limits allow.',
    remedy: 'If the server is honest (a giant chain), raise `limits.handshakeBytes`.',
    alert: 'illegal_parameter',
  },
  APPLICATION_DATA_ON_SHUTDOWN: {
    meaning: 'Application data arrived while shutdown() was waiting for close_notify.',
    remedy: 'Read to the end before shutdown(), or do not wait for the close_notify of a peer that goes on sending.',
  },
  EXCESS_HANDSHAKE_DATA: {
    meaning: 'Handshake bytes followed a message after which the keys change.',
    alert: 'unexpected_message',
  },
  KEY_LIMIT_REACHED: {
    meaning: 'The number of records under one key has reached its limit.',
    remedy: 'Reconnect, or call keyUpdate() in time.',
    alert: 'internal_error',
  },

  // ── Handshake ──
  UNEXPECTED_MESSAGE: { meaning: 'A handshake message arrived out of order.', alert: 'unexpected_message' },
  ILLEGAL_PARAMETER: { meaning: 'A field of a message has a value that its RFC forbids.', alert: 'illegal_parameter' },
  UNEXPECTED_EXTENSION: {
    meaning: 'The peer sent an extension that was not offered or not allowed there.',
    alert: 'unsupported_extension',
  },
  MISPLACED_EXTENSION: {
    meaning: 'The peer sent a known extension in a message where it does not belong.',
    alert: 'illegal_parameter',
  },
  DUPLICATE_EXTENSION: { meaning: 'The peer sent an extension twice.', alert: 'illegal_parameter' },
  ERROR_PARSING_EXTENSION: { meaning: 'An extension could not be decoded.', alert: 'decode_error' },
  MISSING_EXTENSION: { meaning: 'A required extension is missing.', alert: 'missing_extension' },
  MISSING_KEY_SHARE: { meaning: 'The ServerHello has no key_share.', alert: 'missing_extension' },
  INVALID_SESSION_ID: { meaning: 'The legacy session id was not echoed, or is malformed.', alert: 'illegal_parameter' },
  INVALID_COMPRESSION: { meaning: 'The peer chose a compression method.', alert: 'illegal_parameter' },
  WRONG_CIPHER_SUITE: {
    meaning: 'The peer chose a cipher suite that was not offered, does not exist or does not fit.',
    remedy: 'Check `cipherSuites`, `minVersion`, `maxVersion`; otherwise the peer is broken.',
    alert: 'illegal_parameter',
  },
  WRONG_GROUP: {
    meaning: 'The peer chose a key exchange group that was not offered or does not fit.',
    remedy: 'Check `groups`, `keyShares`; otherwise the peer is broken.',
    alert: 'illegal_parameter',
  },
  BAD_KEY_SHARE: { meaning: "The peer's key share is not a valid public key.", alert: 'illegal_parameter' },
  BAD_HELLO_RETRY_REQUEST: {
    meaning: 'A HelloRetryRequest is malformed, repeated, or changes nothing.',
    alert: 'illegal_parameter',
  },
  WRONG_VERSION_ON_RETRY: {
    meaning: 'Version or suite changed between HelloRetryRequest and ServerHello.',
    alert: 'illegal_parameter',
  },
  BAD_SIGNATURE: {
    meaning: 'The peer could not prove that it holds the key of its certificate.',
    remedy:
      'Someone may impersonate the server; do not go on. Otherwise certificate and key of the server do not match.',
    alert: 'decrypt_error',
  },
  WRONG_SIGNATURE_TYPE: {
    meaning: 'The peer signed with an algorithm that was not offered or does not fit its key.',
    alert: 'illegal_parameter',
  },
  NO_COMMON_SIGNATURE_ALGORITHMS: {
    meaning:
      'The client credential that onCertificateRequest returned has no signature algorithm that the server accepts.',
    remedy: 'Use a client certificate with another kind of key.',
    alert: 'handshake_failure',
  },
  NO_MATCHING_CREDENTIAL: {
    meaning:
      'The client credential that onCertificateRequest returned is not of a type or issuer that the server accepts.',
    remedy: 'Use a client certificate of an issuer that the server lists, or leave out `mustMatchIssuer`.',
    alert: 'handshake_failure',
  },
  PEER_BAD_FINISHED: {
    meaning: "The peer's Finished does not match the handshake.",
    remedy: 'The handshake was altered in transit, or the peer is broken.',
    alert: 'decrypt_error',
  },
  NO_CERTIFICATE: { meaning: 'The server sent no certificate.', alert: 'decode_error' },
  WRONG_CERTIFICATE_TYPE: {
    meaning: 'The certificate is of a type or key that the negotiated parameters do not allow.',
    alert: 'illegal_parameter',
  },
  CERT_DECOMPRESSION_FAILED: {
    meaning: 'The compressed certificate could not be decompressed to its stated length.',
    alert: 'bad_certificate',
  },
  UNKNOWN_CERT_COMPRESSION: {
    meaning: 'The peer compressed its certificate with an algorithm that was not offered.',
    alert: 'illegal_parameter',
  },
  INVALID_ALPN_PROTOCOL: {
    meaning: 'The peer chose an application protocol that was not offered.',
    remedy: 'Check `alpn`; otherwise the peer is broken.',
    alert: 'illegal_parameter',
  },
  NO_EXTENDED_MASTER_SECRET: {
    meaning: 'The server does not support extended master secret (RFC 7627).',
    remedy: 'Have the server upgraded. If you accept the risk, `extendedMasterSecret: "allow"` connects all the same.',
    alert: 'handshake_failure',
  },
  EXTENDED_MASTER_SECRET_CHANGED: {
    meaning: 'A resumed session and this handshake disagree on extended master secret.',
    alert: 'handshake_failure',
  },
  RENEGOTIATION_MISMATCH: {
    meaning: 'The secure renegotiation information is wrong or missing (RFC 5746).',
    remedy:
      'The server is old or hostile. Have it upgraded; if it is yours and you accept the risk, `secureRenegotiation: "allow"` connects all the same.',
    alert: 'handshake_failure',
  },
  NO_RENEGOTIATION: {
    meaning: 'The peer asked for renegotiation, which is not supported.',
    remedy:
      'Configure the server not to renegotiate, or to use TLS 1.3; `renegotiation: "ignore"` ignores the request.',
    alert: 'no_renegotiation',
  },
  RESUMPTION_MISMATCH: {
    meaning: 'The resumed session does not fit what the server negotiated.',
    remedy: 'Drop the stored session and connect again.',
    alert: 'illegal_parameter',
  },
  PSK_IDENTITY_NOT_FOUND: { meaning: 'The server chose a PSK that was not offered.', alert: 'illegal_parameter' },
  EARLY_DATA_REFUSED: {
    meaning: 'Early data cannot be sent on this connection.',
    remedy: 'Write after connect() has returned 1.',
  },
  UNEXPECTED_EARLY_DATA: {
    meaning: 'The server accepted early data that was never offered, or with other parameters.',
    alert: 'illegal_parameter',
  },
  ECH_REJECTED: {
    meaning: 'The server rejected Encrypted ClientHello and proved its public name.',
    remedy: 'Connect again with its `echRetryConfigs` as `ech`, or without ECH where that is safe.',
    alert: 'ech_required',
  },
  ECH_REQUIRED: { meaning: 'No ECH configuration could be used.', remedy: 'Fetch the current ECHConfigList from DNS.' },

  // ── Certificates ──
  CERT_INVALID: {
    meaning: 'A certificate of the chain is malformed or breaks a rule of RFC 5280.',
    alert: 'bad_certificate',
  },
  CERT_EXPIRED: {
    meaning: 'A certificate of the chain has expired.',
    remedy: 'Have it renewed; check the clock of this machine too.',
    alert: 'certificate_expired',
  },
  CERT_NOT_YET_VALID: {
    meaning: 'A certificate of the chain is not valid yet.',
    remedy: 'Check the clock of this machine.',
    alert: 'bad_certificate',
  },
  CERT_NAME_MISMATCH: {
    meaning: 'The certificate is not valid for this host name.',
    remedy: 'Connect with a name that the certificate lists, or have the name added to it.',
    alert: 'bad_certificate',
  },
  CERT_SELF_SIGNED: {
    meaning: 'The certificate is self-signed and not trusted.',
    remedy: 'If the certificate is yours, make it a trust anchor (`ca`, `trustAnchors`).',
    alert: 'unknown_ca',
  },
  CERT_UNTRUSTED_ROOT: {
    meaning: 'The chain ends in a root that is not trusted.',
    remedy: 'If you trust this CA, make its root a trust anchor (`ca`, `trustAnchors`).',
    alert: 'unknown_ca',
  },
  CERT_MISSING_INTERMEDIATE: {
    meaning: 'The server did not send the certificate that links its own to a trust anchor.',
    remedy:
      'Have the server send its whole chain (fullchain.pem), or make the issuer a trust anchor (`ca`, `trustAnchors`).',
    alert: 'unknown_ca',
  },
  CERT_REVOKED: {
    meaning: 'A certificate of the chain has been revoked.',
    remedy: 'Do not connect; the server must get a new certificate.',
    alert: 'certificate_revoked',
  },
  CERT_REVOCATION_UNKNOWN: {
    meaning: 'Revocation had to be checked and could not be.',
    remedy: 'Give a fresh CRL or CRLite filter, or have the server staple a good OCSP response.',
    alert: 'unknown_ca',
  },
  CERT_OCSP_MISSING: {
    meaning: 'A stapled OCSP response is required and the server sent none.',
    remedy: 'Have the server staple a response, or only ask for one (`ocsp: "request"`).',
    alert: 'bad_certificate_status_response',
  },
  CERT_OCSP_INVALID: {
    meaning: 'The stapled OCSP response is not valid.',
    remedy: 'Have the server refresh its staple.',
    alert: 'bad_certificate_status_response',
  },
  CERT_PURPOSE: { meaning: 'The certificate may not be used for a TLS server.', alert: 'unsupported_certificate' },
  CERT_WEAK_KEY: { meaning: 'A key or hash in the chain is too weak.', alert: 'bad_certificate' },
  CERT_NAME_CONSTRAINT: {
    meaning: 'A name in the chain violates the name constraints of a CA.',
    alert: 'certificate_unknown',
  },
  CERT_SIGNATURE: { meaning: 'A signature in the chain is wrong.', alert: 'decrypt_error' },
  CERT_CHAIN_TOO_LONG: {
    meaning: 'The chain is longer than limits allow, or the search for a path exceeded its budget.',
    remedy: 'If the server is honest, raise `limits.chainLength` or `limits.pathBuildingSteps`.',
    alert: 'unknown_ca',
  },
  CERT_TRANSPARENCY: { meaning: 'Too few valid signed certificate timestamps.', alert: 'certificate_unknown' },
  CERT_PIN_MISMATCH: {
    meaning: 'No key of the verified chain matches a pin.',
    remedy: 'Someone may impersonate the server, or its key was replaced: check, then update the pins.',
    alert: 'bad_certificate',
  },
  CERT_REJECTED: {
    meaning: 'The verify callback refused the certificate.',
    remedy: 'Your verify function decides: look there, and at `cause` for what it threw.',
    alert: 'handshake_failure',
  },
} as const;

const remedyOf = (code: string): string => (code.startsWith('CERT_') ? REISSUE : PEER_BROKEN);

const rows: Readonly<Record<string, CodeRow>> = Object.fromEntries(
  Object.entries<Omit<CodeRow, 'remedy'> & Partial<CodeRow>>(TABLE).map(([code, row]) => [
    code,
    { remedy: remedyOf(code), ...row },
  ]),
);

/** Every code of this package. */
export const CODES: CodeEntries<typeof TABLE> = errorCodes(rows) as unknown as CodeEntries<typeof TABLE>;
