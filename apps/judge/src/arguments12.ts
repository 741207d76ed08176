/** @module Why each wrong server of TLS 1.2 must be refused, and by which alert. */
import { Alert } from '@ferrule/result';
import { type Arguments, must12 as must, should12 as should, type Unasked } from './argument.ts';

const ILLEGAL = Alert.illegal_parameter;
const DECODE = Alert.decode_error;
const UNEXPECTED = Alert.unexpected_message;
const UNSUPPORTED = Alert.unsupported_extension;
const MAC = Alert.bad_record_mac;
const DECRYPT = Alert.decrypt_error;
const HANDSHAKE = Alert.handshake_failure;

const OTHER_KEY = [ILLEGAL, HANDSHAKE, UNEXPECTED, Alert.bad_certificate, Alert.unsupported_certificate];

/** Sections without an RFC are of RFC 5246. */
export const ARGUED_12: Arguments = {
  'renegotiation_info that is not empty': must('medium', 'RFC 5746 §3.4', HANDSHAKE),
  'a session id of 33 bytes': should('low', '7.4.1.3', DECODE, ILLEGAL),
  'an extension twice in ServerHello': should('low', '7.4.1.4', DECODE, ILLEGAL, UNSUPPORTED),
  'a ServerHelloDone with a body': should('low', '7.2.2', DECODE, ILLEGAL),
  'a CertificateStatus without a response': should('low', 'RFC 6066 §8', DECODE, ILLEGAL),
  'a CertificateRequest without signature algorithms': should('low', '7.4.4', DECODE, ILLEGAL),
  'a compressed point': should('low', 'RFC 8422 §5.4.1', ILLEGAL, DECODE, HANDSHAKE),
  'an application protocol that was not offered': should(
    'low',
    'RFC 7301 §3.2',
    ILLEGAL,
    Alert.no_application_protocol,
  ),
  'a session id that stands for no session': should('low', 'RFC 9846 §4.2.2', ILLEGAL, UNEXPECTED),
  'a random that says it could have spoken TLS 1.3': must('high', 'RFC 9846 §4.2.3', ILLEGAL),
  'a cipher suite that was not offered': must('high', '7.4.1.3', ILLEGAL, HANDSHAKE),
  'a cipher suite that does not exist': must('medium', '7.4.1.3', ILLEGAL, HANDSHAKE),
  'a TLS 1.3 cipher suite in TLS 1.2': must('medium', 'RFC 9846 §B.4', ILLEGAL, HANDSHAKE),
  'a compression method': must('medium', '7.4.1.3', ILLEGAL, DECODE, HANDSHAKE),
  'an extension that was not offered': must('low', '7.4.1.4', UNSUPPORTED),
  // A client of TLS 1.3 has offered it
  'key_share in a TLS 1.2 ServerHello': should('low', 'RFC 9846 §4.3', UNSUPPORTED, ILLEGAL),
  'point formats without the uncompressed one': should('low', 'RFC 8422 §5.2', ILLEGAL, DECODE),
  'no Certificate': must('high', '7.3', UNEXPECTED),
  'a Certificate without certificates': must(
    'high',
    '7.4.2',
    DECODE,
    Alert.bad_certificate,
    ILLEGAL,
    HANDSHAKE,
    UNEXPECTED,
  ),
  'no ServerKeyExchange': must('medium', '7.4.3', UNEXPECTED),
  'ServerKeyExchange twice': must('medium', '7.3', UNEXPECTED),
  'a ServerKeyExchange with one bit of its signature changed': must('high', '7.4.3', DECRYPT),
  'a ServerKeyExchange signed for other randoms': must('high', '7.4.3', DECRYPT),
  'a curve that was not offered': must('medium', 'RFC 8422 §5.4', ILLEGAL, HANDSHAKE),
  'a point that is not on the curve': must('high', 'RFC 8422 §5.11', ILLEGAL, DECODE, HANDSHAKE),
  'a signature algorithm that was not offered': must('medium', '7.4.3', ILLEGAL, DECRYPT, HANDSHAKE),
  'a signature algorithm that does not fit the key': must('medium', '7.4.3', ILLEGAL, DECRYPT, HANDSHAKE),
  'CertificateRequest twice': must('low', '7.3', UNEXPECTED),
  'change_cipher_spec before the client has sent its key exchange': must('high', '7.1', UNEXPECTED),
  'close_notify in the middle': should('low', '7.2.1'),
  'a close_notify of fatal level in the middle': should('low', '7.2.1'),
  'close_notify in place of Finished': should('low', '7.2.1'),
  'application data in the middle': must('high', '7.2.2', UNEXPECTED),
  'Finished before the keys': must('medium', '7.4.9', UNEXPECTED),
  'no change_cipher_spec before Finished': must('high', '7.4.9', UNEXPECTED),
  'change_cipher_spec twice': must('medium', '7.1', UNEXPECTED),
  'a change_cipher_spec with another byte than 1': should('low', '7.1', UNEXPECTED, ILLEGAL, DECODE),
  'a Finished with one bit changed': must('high', '7.4.9', DECRYPT),
  'a Finished cut short': must('high', '7.4.9', DECRYPT, DECODE),
  'application data in place of Finished': must('high', '7.4.9', UNEXPECTED),
  'a ticket that was not announced': should('low', 'RFC 5077 §3.3', UNEXPECTED),
  'half a message, then change_cipher_spec': should('medium', '7.1', UNEXPECTED),
  'a HelloRequest with a body': should('low', '7.2.2', DECODE, ILLEGAL, UNEXPECTED),
  'a ServerHello again': must('low', '7.3', UNEXPECTED),
  'a KeyUpdate in TLS 1.2': must('low', '7.3', UNEXPECTED),
  'data that does not decrypt': must('high', '6.2.3.3', MAC),
  'data in the clear': must('high', '6.2.3.3', MAC, UNEXPECTED),

  // A server with an RSA key
  'an RSA signature with one bit changed': must('high', '7.4.3', DECRYPT),
  'a PKCS#1 signature with bytes behind the hash': must('high', 'RFC 8017 §8.2.2', DECRYPT),
  'a PKCS#1 signature that does not name its hash': must('high', 'RFC 8017 §8.2.2', DECRYPT),
  'a PKCS#1 signature that names another hash': must('high', 'RFC 8017 §8.2.2', DECRYPT),
  'a PKCS#1 signature whose padding is not all ones': must('high', 'RFC 8017 §8.2.2', DECRYPT),
  'a PKCS#1 signature of block type 2': must('high', 'RFC 8017 §8.2.2', DECRYPT),
  'a ServerKeyExchange signed over SHA-1': must('medium', 'RFC 9155 §4', ILLEGAL, HANDSHAKE, DECRYPT),
  'a ServerKeyExchange signed over MD5': must('medium', 'RFC 9155 §4', ILLEGAL, HANDSHAKE, DECRYPT),
  // The section says it of the server alone
  'an RSA certificate with a cipher suite of ECDSA': should('low', '7.4.2', ...OTHER_KEY),
  'an ECDSA certificate with a cipher suite of RSA': should('low', '7.4.2', ...OTHER_KEY),

  // A client that comes back
  'a session taken up without the extended master secret that it was made with': must(
    'high',
    'RFC 7627 §5.3',
    HANDSHAKE,
  ),
  'a session taken up with another cipher suite': must('medium', '7.4.1.3', ILLEGAL, HANDSHAKE),
  'a session taken up with a wrong Finished': must('high', '7.4.9', DECRYPT),
  'a session taken up, and a Certificate': must('medium', '7.3', UNEXPECTED),
};

const LIMIT = 'a limit of our own: no RFC has a number';
export const UNASKED_12: Unasked = {
  'no extended master secret': 'RFC 7627 §5.2 leaves it to the client',
  'no renegotiation_info': 'RFC 5746 §3.4 leaves it to the client',
  'half a Certificate, then a warning': 'RFC 5246 does not forbid it',
  'a HelloRequest': 'RFC 5246 §7.4.1.1 lets a client ignore it',
  'a no_renegotiation that nobody asked for': 'RFC 5246 §7.2.2 leaves it to the client',
  'a flood of HelloRequests, which are to be ignored': LIMIT,
  'a flood of empty records': LIMIT,
  'a fatal alert': 'this is how the judge finds out whether a client reads',
};
