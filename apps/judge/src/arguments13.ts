/** @module Why each wrong server of TLS 1.3 must be refused, and by which alert. */
import { Alert } from '@ferrule/result';
import { type Arguments, must13 as must, should13 as should, type Unasked } from './argument.ts';

const ILLEGAL = Alert.illegal_parameter;
const DECODE = Alert.decode_error;
const UNEXPECTED = Alert.unexpected_message;
const UNSUPPORTED = Alert.unsupported_extension;
const VERSION = Alert.protocol_version;
const MAC = Alert.bad_record_mac;
const DECRYPT = Alert.decrypt_error;
const HANDSHAKE = Alert.handshake_failure;
const OVERFLOW = Alert.record_overflow;
const MISSING = Alert.missing_extension;

/** Sections without an RFC are of RFC 9846. */
export const ARGUED_13: Arguments = {
  // ServerHello
  'a session id that is not the echo of ours': must('low', '4.2.3', ILLEGAL),
  'an empty session id where ours was not': must('low', '4.2.3', ILLEGAL),
  'a cipher suite that was not offered': must('high', '4.2.3', ILLEGAL),
  'a TLS 1.2 cipher suite in TLS 1.3': must('medium', 'B.4', ILLEGAL, HANDSHAKE),
  'a cipher suite that does not exist': must('medium', '4.2.3', ILLEGAL, HANDSHAKE),
  // RFC 8446 says it of the server alone
  'legacy_version of TLS 1.1': should('low', '4.2.3', ILLEGAL, VERSION),
  'legacy_version of TLS 1.3': should('low', '4.2.3', ILLEGAL, VERSION),
  'a compression method': must('medium', '4.2.3', ILLEGAL, DECODE),
  'no key share': must('medium', '9.2', MISSING, ILLEGAL, HANDSHAKE),
  'a key share of a group that was not offered': must('medium', '4.3.8', ILLEGAL),
  'a key share of a group for which none was sent': must('medium', '4.3.8', ILLEGAL),
  'a key share that is not on the curve': must('high', '4.3.8.2', ILLEGAL),
  'an X25519 share of low order': must('high', '7.4.2', ILLEGAL),
  'a key share cut short': must('medium', '4.3.8.2', ILLEGAL, DECODE),
  'a PSK that was never offered': must('medium', '4.3', UNSUPPORTED, ILLEGAL),
  'an extension in ServerHello that was not offered': must('low', '4.3', UNSUPPORTED),
  'a GREASE extension in ServerHello': must('low', 'RFC 8701 §3.1', UNSUPPORTED, ILLEGAL),
  'ALPN in ServerHello, where it does not belong': must('low', '4.3', ILLEGAL, UNSUPPORTED),
  'an extension twice in ServerHello': should('low', '4.3', ILLEGAL, DECODE, UNSUPPORTED),
  'a cookie in ServerHello': must('low', '4.3', UNSUPPORTED, ILLEGAL),
  'supported_versions that says TLS 1.2': must('medium', '4.3.1', ILLEGAL, VERSION),
  'supported_versions that says TLS 1.4': must('medium', '4.3.1', ILLEGAL, VERSION),
  'TLS 1.2 with the downgrade sentinel': must('high', '4.2.3', ILLEGAL, VERSION),
  'TLS 1.1': must('medium', 'RFC 8996 §5', VERSION, ILLEGAL, HANDSHAKE),
  'a ServerHello with bytes behind its end': must('low', '6.2', DECODE, ILLEGAL),
  'an empty ServerHello': must('low', '6.2', DECODE, ILLEGAL),
  'a Certificate in place of ServerHello': must('medium', '4', UNEXPECTED),
  'a Finished in place of ServerHello': must('medium', '4', UNEXPECTED),
  'a ClientHello in place of ServerHello': must('medium', '4', UNEXPECTED),
  'application data in place of ServerHello': must('high', '5', UNEXPECTED),
  'handshake bytes behind ServerHello in the same record': must('medium', '5.1', UNEXPECTED),
  'a plaintext record of 2^14 + 1 bytes': must('low', '5.1', OVERFLOW),
  'a change_cipher_spec with another byte than 1': must('low', '5', UNEXPECTED, ILLEGAL),
  'plain HTTP': must('low', '5.1'),

  // HelloRetryRequest
  'HelloRetryRequest twice': must('low', '4.2.4', UNEXPECTED),
  'HelloRetryRequest to the group for which a share was sent': must('low', '4.3.8', ILLEGAL),
  'HelloRetryRequest to a group that was not offered': must('low', '4.3.8', ILLEGAL),
  'HelloRetryRequest with a TLS 1.2 cipher suite': must('low', '4.2.4', ILLEGAL, HANDSHAKE),
  'another version selected after HelloRetryRequest': must('low', '4.2.4', ILLEGAL, VERSION),
  'HelloRetryRequest that changes nothing': must('low', '4.2.4', ILLEGAL),
  'HelloRetryRequest with pre_shared_key': must('low', '4.3', UNSUPPORTED, ILLEGAL),
  'HelloRetryRequest with an empty cookie': must('low', '4.3.2', DECODE, ILLEGAL),
  'HelloRetryRequest with an extension that was not offered': must('low', '4.3', UNSUPPORTED),
  'a cookie in ServerHello that was one of the HelloRetryRequest': must('low', '4.3', ILLEGAL, UNSUPPORTED),
  'another cipher suite after HelloRetryRequest': must('low', '4.2.4', ILLEGAL),
  'TLS 1.2 after HelloRetryRequest': must('medium', '4.2.4', ILLEGAL, VERSION),
  'a share of another group than HelloRetryRequest asked for': must('medium', '4.3.8', ILLEGAL),

  // EncryptedExtensions to Finished
  'a heartbeat record': must('low', '5', UNEXPECTED),
  'EncryptedExtensions in the clear': must('high', '5', UNEXPECTED, MAC),
  // The rule of section 5.1 is one for senders
  'an EncryptedExtensions without its end, then a warning': should('low', '5.1'),
  'half an EncryptedExtensions, then a warning': should('low', '5.1'),
  // Nothing is read; with which code a command ends when it was told goodbye is its own affair
  close_notify: should('low', '6.1'),
  'a close_notify of fatal level': should('low', '6.1'),
  'no EncryptedExtensions': must('medium', '4', UNEXPECTED),
  'EncryptedExtensions twice': must('medium', '4', UNEXPECTED),
  'an extension in EncryptedExtensions that was not offered': must('low', '4.3', UNSUPPORTED),
  'key_share in EncryptedExtensions': must('low', '4.4.1', ILLEGAL, UNSUPPORTED),
  'an extension twice in EncryptedExtensions': should('low', '4.3', ILLEGAL, DECODE, UNSUPPORTED),
  'an extension with a certificate that was not offered': must('low', '4.3', UNSUPPORTED),
  'an extension twice with a certificate': should('low', '4.3', ILLEGAL, DECODE, UNSUPPORTED),
  'an extension with a certificate that does not belong there': must('low', '4.3', ILLEGAL, UNSUPPORTED),
  'a stapled response of no bytes': should('low', 'RFC 6066 §8', DECODE, ILLEGAL),
  'a CertificateRequest with an extension twice': should('low', '4.3', ILLEGAL, DECODE),
  'a CertificateRequest with an empty list of authorities': should('low', '4.3.4', DECODE, ILLEGAL),
  'an application protocol that was not offered': should(
    'low',
    'RFC 7301 §3.2',
    ILLEGAL,
    Alert.no_application_protocol,
  ),
  'two application protocols': should('low', 'RFC 7301 §3.1', DECODE, ILLEGAL),
  'ALPN without having been asked': must('low', '4.3', UNSUPPORTED),
  'early data accepted that was never offered': must('medium', '4.3', UNSUPPORTED, ILLEGAL),
  'no Certificate': must('high', '4', UNEXPECTED),
  'a Certificate without certificates': must('high', '4.5.1.3', DECODE),
  'a Certificate with a request context': should('low', '4.5.1', DECODE, ILLEGAL),
  'a certificate that is not a certificate': must(
    'high',
    '4.5.1.3',
    Alert.bad_certificate,
    DECODE,
    Alert.unsupported_certificate,
    Alert.certificate_unknown,
  ),
  'an unasked OCSP response': must('low', '4.3', UNSUPPORTED),
  'no CertificateVerify': must('high', '4', UNEXPECTED),
  'a CertificateVerify with one bit changed': must('high', '4.5.2', DECRYPT),
  'a CertificateVerify over another transcript': must('high', '4.5.2', DECRYPT),
  "a CertificateVerify with the client's context string": must('high', '4.5.2', DECRYPT),
  'a signature algorithm that was not offered': must('medium', '4.5.2', ILLEGAL, DECRYPT, HANDSHAKE),
  'a signature algorithm that does not fit the key': must('medium', '4.5.2', ILLEGAL, DECRYPT, HANDSHAKE),
  'RSA PKCS#1 in CertificateVerify': must('medium', '4.5.2', ILLEGAL, DECRYPT, HANDSHAKE),
  'an empty signature': must('high', '4.5.2', DECRYPT, DECODE),
  'a Finished with one bit changed': must('high', '4.5.3', DECRYPT),
  'a Finished cut short': must('high', '4.5.3', DECRYPT, DECODE),
  'handshake bytes behind Finished in the same record': must('medium', '5.1', UNEXPECTED),
  'application data before Finished': must('high', '2', UNEXPECTED),
  'application data under the handshake keys, at once': must('high', '2', UNEXPECTED),
  'a KeyUpdate before Finished': must('medium', '4.7.3', UNEXPECTED),
  'a ticket before Finished': must('medium', '4', UNEXPECTED),
  'a CertificateRequest after Certificate': must('medium', '4', UNEXPECTED),
  'CertificateRequest twice': must('medium', '4', UNEXPECTED),
  'a CertificateRequest with a context': should('low', '4.4.2', DECODE, ILLEGAL),
  'a CertificateRequest without signature_algorithms': should('low', '4.4.2', MISSING, ILLEGAL, DECODE),
  'a record that does not decrypt': must('high', '5.2', MAC),
  'an encrypted handshake record without content': must('low', '5.4', UNEXPECTED),
  'an encrypted alert record without content': must('low', '5.4', UNEXPECTED),
  'a record of zeros only': must('low', '5.4', UNEXPECTED),
  'an encrypted change_cipher_spec': must('low', '5', UNEXPECTED),
  'an encrypted record of 2^14 + 257 bytes': must('low', '5.2', OVERFLOW),
  '2^14 + 1 bytes of content in one record': must('low', '5.2', OVERFLOW),
  'an alert in the clear once the keys are on': must('low', '6'),
  'a fatal alert, encrypted': must('low', '6.2'),
  'an alert of three bytes': must('low', '6', DECODE, UNEXPECTED, ILLEGAL),

  // A server with an RSA key
  'an RSA signature with one bit changed': must('high', '4.5.2', DECRYPT),
  'RSA PKCS#1 in CertificateVerify, by a key that could': must('medium', '4.5.2', ILLEGAL, DECRYPT, HANDSHAKE),
  'an RSASSA-PSS salt of another length than the hash': must('low', '4.3.3', DECRYPT),
  'RSASSA-PSS over another hash than it says': must('high', '4.5.2', DECRYPT),
  // The section says it of the server alone
  'rsa_pss_pss of a key that is rsaEncryption': should('low', '4.3.3', ILLEGAL, DECRYPT, HANDSHAKE),
  'ECDSA, by an RSA key': must('medium', '4.5.2', ILLEGAL, DECRYPT, HANDSHAKE),

  // A client that comes back
  'a PSK taken up with a cipher suite of another hash': must('medium', '4.3.11', ILLEGAL),
  'a PSK that is not among those offered': must('medium', '4.3.11', ILLEGAL),
  'a HelloRetryRequest that selects a PSK': must('low', '4.3', ILLEGAL, UNSUPPORTED),
  'a PSK without a key share': must('medium', '4.3.11', MISSING, ILLEGAL, HANDSHAKE),
  'a PSK taken up by one who does not know it': must('high', '5.2', MAC),
  'a PSK taken up, and a Certificate': must('medium', '4', UNEXPECTED),
  'a PSK taken up with a wrong Finished': must('high', '4.5.3', DECRYPT),

  // After the handshake
  'data under the old keys after KeyUpdate': must('high', '4.7.3', MAC),
  'a KeyUpdate that asks for something unknown': must('low', '4.7.3', ILLEGAL),
  'a KeyUpdate with two bytes': must('low', '6.2', DECODE, ILLEGAL),
  'bytes behind a KeyUpdate in the same record': must('medium', '5.1', UNEXPECTED),
  'half a KeyUpdate, then data': should('low', '5.1'),
  'half a KeyUpdate, then a warning': should('low', '5.1'),
  'a warning alert that TLS 1.3 does not have': must('low', '6'),
  'a ticket without a ticket': should('low', '4.7.1', DECODE, ILLEGAL),
  'a ticket with an extension twice': should('low', '4.3', ILLEGAL, DECODE),
  'Finished again': must('medium', '4', UNEXPECTED),
  'HelloRequest in TLS 1.3': must('low', '4', UNEXPECTED),
  'a ServerHello again': must('low', '4', UNEXPECTED),
  'a CertificateRequest that was not invited': must('low', '4.7.2', UNEXPECTED),
  'a change_cipher_spec after the handshake': must('low', '5', UNEXPECTED),
  'data in the clear': must('high', '5.2', UNEXPECTED, MAC),
  'data that does not decrypt': must('high', '5.2', MAC),
  'a record replayed': must('high', '5.2', MAC),
  '2^14 + 1 bytes of data in one record': must('low', '5.2', OVERFLOW),
};

const LIMIT = 'a limit of our own: no RFC has a number';
const EARLY = 'no command is asked for early data';
export const UNASKED_13: Unasked = {
  'early data accepted with another cipher suite': EARLY,
  'early data accepted with another application protocol': EARLY,
  'early data accepted without an application protocol where the session had one': EARLY,
  'early data accepted without the PSK': EARLY,
  'early data, then TLS 1.2': EARLY,
  'a record of another protocol version than 3.x': 'RFC 9846 §5.1 has the version of a record ignored',
  'a message that says it is a megabyte long': LIMIT,
  'more certificates than the limit': LIMIT,
  'half a KeyUpdate, then close_notify': 'the connection ends either way',
  'half a KeyUpdate, then a fatal alert': 'the connection ends either way',
  'a flood of KeyUpdates': LIMIT,
  'a flood of empty records': LIMIT,
  'a flood of user_canceled warnings': LIMIT,
  'an alert of an unknown level': 'RFC 9846 §6 lets the level be ignored',
};
