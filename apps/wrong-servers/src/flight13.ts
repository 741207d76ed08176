/** @module Wrong servers of TLS 1.3 in the flight behind the ServerHello. */
import { Alert } from '@ferrule/result';
import {
  ContentType,
  encodeExtension,
  encodeKeyUpdate,
  encodeMessage,
  ExtensionType,
  HandshakeType,
} from '@ferrule/pure/wire';
import { concat, EMPTY } from '@ferrule/result/bytes';
import { POISON, type Behaviour } from './behaviour.ts';
import { need, offeredProtocol, unoffered, unofferedProtocol } from './offer.ts';
import { header } from './peer.ts';
import { refusal, UNEXPECTED, UNEXPECTED_RECORD, FORGED, NOT_OFFERED, DECODE, flight } from './rows13.ts';

export const FLIGHT: readonly Behaviour[] = [
  flight('a heartbeat record', UNEXPECTED_RECORD, (s) => s.sendRecord(24, new Uint8Array(3))),
  // BoringSSL's runner wants bad_record_mac of what is not authentic, whatever its outer type
  // (UnencryptedEncryptedExtensions).
  flight('EncryptedExtensions in the clear', FORGED, (s) => {
    s.writeWith(undefined);
    s.encryptedExtensions();
  }),
  flight('an EncryptedExtensions without its end, then a warning', UNEXPECTED_RECORD, (s) => {
    s.sendHandshake(Uint8Array.of(HandshakeType.encrypted_extensions, 0, 0, 2, 0));
    s.sendAlert(1, Alert.user_canceled);
    s.sendHandshake(Uint8Array.of(0));
  }),
  flight('half an EncryptedExtensions, then a warning', UNEXPECTED_RECORD, (s) => {
    s.sendHandshake(Uint8Array.of(HandshakeType.encrypted_extensions, 0, 0));
    s.sendAlert(1, Alert.user_canceled);
    s.sendHandshake(Uint8Array.of(2, 0, 0));
  }),
  flight('close_notify', refusal('PEER_ALERT', null), (s) => s.sendAlert(1, Alert.close_notify)),
  flight('a close_notify of fatal level', refusal('PEER_ALERT', null), (s) => s.sendAlert(2, Alert.close_notify)),
  flight('no EncryptedExtensions', UNEXPECTED, (s) => s.certificate()),
  flight('EncryptedExtensions twice', UNEXPECTED, (s) => {
    s.encryptedExtensions();
    s.encryptedExtensions();
  }),
  flight('an extension in EncryptedExtensions that was not offered', NOT_OFFERED, (s) =>
    s.encryptedExtensions([{ type: 0x4242, data: EMPTY }]),
  ),
  flight('key_share in EncryptedExtensions', refusal('MISPLACED_EXTENSION', Alert.illegal_parameter), (s) =>
    s.encryptedExtensions([{ type: ExtensionType.key_share, data: EMPTY }]),
  ),
  flight(
    'an extension twice in EncryptedExtensions',
    DECODE,
    (s) => {
      const alpn = encodeExtension('encryptedExtensions', 'alpn', offeredProtocol(s));
      s.encryptedExtensions([alpn, alpn]);
    },
    { alpn: ['h2'] },
  ),
  flight('an extension with a certificate that was not offered', NOT_OFFERED, (s) => {
    s.encryptedExtensions();
    s.certificate(undefined, { extensions: [{ type: 0x4242, data: EMPTY }] });
    s.certificateVerify();
    s.finished();
  }),
  flight(
    'an extension twice with a certificate',
    refusal('DUPLICATE_EXTENSION', Alert.illegal_parameter),
    (s) => {
      need(s.offered.signedCertificateTimestamp === true, 'the client asks for no certificate timestamps');
      const scts = encodeExtension('certificate', 'signedCertificateTimestamp', Uint8Array.of(0, 3, 0, 1, 1));
      s.encryptedExtensions();
      s.certificate(undefined, { extensions: [scts, scts] });
      s.certificateVerify();
      s.finished();
    },
    { signedCertificateTimestamps: true },
  ),
  flight(
    'an extension with a certificate that does not belong there',
    refusal('MISPLACED_EXTENSION', Alert.illegal_parameter),
    (s) => {
      s.encryptedExtensions();
      s.certificate(undefined, { extensions: [{ type: ExtensionType.supported_groups, data: EMPTY }] });
      s.certificateVerify();
      s.finished();
    },
  ),
  flight(
    'a stapled response of no bytes',
    refusal('ERROR_PARSING_EXTENSION', Alert.decode_error),
    (s) => {
      need(s.offered.statusRequest === true, 'the client asks for no OCSP response');
      s.encryptedExtensions();
      s.certificate(undefined, {
        extensions: [{ type: ExtensionType.status_request, data: Uint8Array.of(1, 0, 0, 0) }],
      });
      s.certificateVerify();
      s.finished();
    },
    { ocsp: 'request' },
  ),
  flight(
    'a CertificateRequest with an extension twice',
    refusal('DUPLICATE_EXTENSION', Alert.illegal_parameter),
    (s) => {
      const schemes = encodeExtension('certificateRequest', 'signatureAlgorithms', [0x0403]);
      s.encryptedExtensions();
      s.certificateRequest([schemes, schemes]);
      s.certificate();
      s.certificateVerify();
      s.finished();
    },
  ),
  flight(
    'a CertificateRequest with an empty list of authorities',
    refusal('ERROR_PARSING_EXTENSION', Alert.decode_error),
    (s) => {
      s.encryptedExtensions();
      s.certificateRequest([
        encodeExtension('certificateRequest', 'signatureAlgorithms', [0x0403]),
        { type: ExtensionType.certificate_authorities, data: Uint8Array.of(0, 0) },
      ]);
      s.certificate();
      s.certificateVerify();
      s.finished();
    },
  ),
  flight(
    'an application protocol that was not offered',
    refusal('INVALID_ALPN_PROTOCOL', Alert.illegal_parameter),
    (s) => s.encryptedExtensions([encodeExtension('encryptedExtensions', 'alpn', unofferedProtocol(s))]),
    { alpn: ['h2', 'http/1.1'] },
  ),
  flight(
    'two application protocols',
    refusal('ERROR_PARSING_EXTENSION', Alert.decode_error),
    (s) => {
      const name = offeredProtocol(s);
      const names = concat([Uint8Array.of(name.length), name, Uint8Array.of(name.length), name]);
      s.encryptedExtensions([
        {
          type: ExtensionType.application_layer_protocol_negotiation,
          data: concat([Uint8Array.of(0, names.length), names]),
        },
      ]);
    },
    { alpn: ['h2', 'h3'] },
  ),
  flight('ALPN without having been asked', NOT_OFFERED, (s) => {
    need(s.offered.alpn === undefined, 'the client offers ALPN');
    s.encryptedExtensions([encodeExtension('encryptedExtensions', 'alpn', Buffer.from('h2'))]);
  }),
  flight('early data accepted that was never offered', NOT_OFFERED, (s) => {
    need(s.offered.earlyData === undefined, 'the client offers early data');
    s.encryptedExtensions([encodeExtension('encryptedExtensions', 'earlyData', true)]);
  }),
  flight('no Certificate', UNEXPECTED, (s) => {
    s.encryptedExtensions();
    s.certificateVerify();
  }),
  flight('a Certificate without certificates', refusal('NO_CERTIFICATE', Alert.decode_error), (s) => {
    s.encryptedExtensions();
    s.certificate([]);
  }),
  flight('a Certificate with a request context', DECODE, (s) => {
    s.encryptedExtensions();
    s.certificate(undefined, { context: Uint8Array.of(1) });
  }),
  flight('a certificate that is not a certificate', DECODE, (s) => {
    s.encryptedExtensions();
    s.certificate([Buffer.from('not DER')]);
    s.certificateVerify();
    s.finished();
  }),
  flight('an unasked OCSP response', NOT_OFFERED, (s) => {
    need(s.offered.statusRequest === undefined, 'the client asks for an OCSP response');
    s.encryptedExtensions();
    s.certificate(undefined, { extensions: [encodeExtension('certificate', 'statusRequest', Buffer.from('x'))] });
  }),
  flight('more certificates than the limit', refusal('CERT_CHAIN_TOO_LONG', Alert.unknown_ca), (s) => {
    s.encryptedExtensions();
    s.certificate(Array.from({ length: 30 }, () => s.identity.certificate));
    s.certificateVerify();
    s.finished();
  }),
  flight('no CertificateVerify', UNEXPECTED, (s) => {
    s.encryptedExtensions();
    s.certificate();
    s.finished();
  }),
  flight('a CertificateVerify with one bit changed', refusal('BAD_SIGNATURE', Alert.decrypt_error), (s) => {
    s.encryptedExtensions();
    s.certificate();
    s.certificateVerify({ corrupt: true });
    s.finished();
  }),
  flight('a CertificateVerify over another transcript', refusal('BAD_SIGNATURE', Alert.decrypt_error), (s) => {
    s.encryptedExtensions();
    s.certificate();
    s.certificateVerify({ over: new Uint8Array(32) });
    s.finished();
  }),
  flight("a CertificateVerify with the client's context string", refusal('BAD_SIGNATURE', Alert.decrypt_error), (s) => {
    s.encryptedExtensions();
    s.certificate();
    s.certificateVerify({ context: 'TLS 1.3, client CertificateVerify' });
    s.finished();
  }),
  flight(
    'a signature algorithm that was not offered',
    refusal('WRONG_SIGNATURE_TYPE', Alert.illegal_parameter),
    (s) => {
      s.encryptedExtensions();
      s.certificate();
      s.certificateVerify({
        algorithm: unoffered([0x0503, 0x0603, 0x0708], s.offered.signatureAlgorithms ?? [], 'signature algorithm'),
      });
      s.finished();
    },
    { signatureAlgorithms: [0x0403] },
  ),
  flight(
    'a signature algorithm that does not fit the key',
    refusal('WRONG_SIGNATURE_TYPE', Alert.illegal_parameter),
    (s) => {
      s.encryptedExtensions();
      s.certificate();
      s.certificateVerify({ algorithm: 0x0804 });
      s.finished();
    },
  ),
  flight('RSA PKCS#1 in CertificateVerify', refusal('WRONG_SIGNATURE_TYPE', Alert.illegal_parameter), (s) => {
    s.encryptedExtensions();
    s.certificate();
    s.certificateVerify({ algorithm: 0x0401 });
    s.finished();
  }),
  flight('an empty signature', refusal('BAD_SIGNATURE', Alert.decrypt_error), (s) => {
    s.encryptedExtensions();
    s.certificate();
    s.certificateVerify({ signature: EMPTY });
    s.finished();
  }),
  flight('a Finished with one bit changed', refusal('PEER_BAD_FINISHED', Alert.decrypt_error), (s) => {
    s.encryptedExtensions();
    s.certificate();
    s.certificateVerify();
    s.finished({ corrupt: true });
    s.sendData(POISON);
  }),
  flight('a Finished cut short', refusal('PEER_BAD_FINISHED', Alert.decrypt_error), (s) => {
    s.encryptedExtensions();
    s.certificate();
    s.certificateVerify();
    s.finished({ length: 31 });
  }),
  flight(
    'handshake bytes behind Finished in the same record',
    refusal('EXCESS_HANDSHAKE_DATA', Alert.unexpected_message),
    (s) => {
      s.encryptedExtensions();
      s.certificate();
      s.certificateVerify();
      s.finished({ trailing: encodeKeyUpdate(false) });
    },
  ),
  flight('application data before Finished', UNEXPECTED_RECORD, (s) => {
    s.encryptedExtensions();
    s.certificate();
    s.certificateVerify();
    s.sendData(POISON);
    s.finished();
  }),
  flight('application data under the handshake keys, at once', UNEXPECTED_RECORD, (s) => s.sendData(POISON)),
  flight('a KeyUpdate before Finished', UNEXPECTED, (s) => {
    s.encryptedExtensions();
    s.sendHandshake(encodeKeyUpdate(false));
  }),
  flight('a ticket before Finished', UNEXPECTED, (s) => {
    s.encryptedExtensions();
    s.sendHandshake(encodeMessage(HandshakeType.new_session_ticket, (w) => w.bytes(new Uint8Array(20))));
  }),
  flight('a CertificateRequest after Certificate', UNEXPECTED, (s) => {
    s.encryptedExtensions();
    s.certificate();
    s.certificateRequest();
  }),
  flight('CertificateRequest twice', UNEXPECTED, (s) => {
    s.encryptedExtensions();
    s.certificateRequest();
    s.certificateRequest();
  }),
  flight('a CertificateRequest with a context', DECODE, (s) => {
    s.encryptedExtensions();
    s.certificateRequest(undefined, Uint8Array.of(1));
    s.certificate();
    s.certificateVerify();
    s.finished();
  }),
  flight(
    'a CertificateRequest without signature_algorithms',
    refusal('MISSING_EXTENSION', Alert.missing_extension),
    (s) => {
      s.encryptedExtensions();
      s.certificateRequest([]);
    },
  ),
  flight('a record that does not decrypt', refusal('BAD_RECORD_MAC', Alert.bad_record_mac), (s) =>
    s.sendCorrupted(
      ContentType.handshake,
      encodeMessage(HandshakeType.encrypted_extensions, (w) => w.vector16(EMPTY)),
    ),
  ),
  // RFC 9846 section 5.4
  flight('an encrypted handshake record without content', UNEXPECTED_RECORD, (s) =>
    s.sendRecord(ContentType.handshake, EMPTY),
  ),
  flight('an encrypted alert record without content', UNEXPECTED_RECORD, (s) => s.sendRecord(ContentType.alert, EMPTY)),
  flight('a record of zeros only', UNEXPECTED_RECORD, (s) => s.sendRecord(0, EMPTY, { padding: 10 })),
  flight('an encrypted change_cipher_spec', UNEXPECTED_RECORD, (s) =>
    s.sendRecord(ContentType.change_cipher_spec, Uint8Array.of(1)),
  ),
  flight('an encrypted record of 2^14 + 257 bytes', refusal('RECORD_TOO_LARGE', Alert.record_overflow), (s) =>
    s.sendRaw(concat([header(23, 0x0303, 16_384 + 257), new Uint8Array(16_384 + 257)])),
  ),
  flight('2^14 + 1 bytes of content in one record', refusal('RECORD_TOO_LARGE', Alert.record_overflow), (s) =>
    s.sendRecord(ContentType.handshake, new Uint8Array(16_385)),
  ),
  flight('an alert in the clear once the keys are on', FORGED, (s) =>
    s.sendAlert(2, Alert.handshake_failure, { plain: true }),
  ),
  flight('a fatal alert, encrypted', refusal('PEER_ALERT', null), (s) => s.sendAlert(2, Alert.handshake_failure)),
  flight('an alert of three bytes', refusal('BAD_ALERT', Alert.decode_error), (s) =>
    s.sendRecord(ContentType.alert, Uint8Array.of(2, 40, 0)),
  ),
];
