/** @module Wrong servers of TLS 1.3: from the first record to the last ticket. */
import { Alert } from '@ferrule/result';
import {
  ContentType,
  DOWNGRADE_TO_TLS12,
  encodeExtension,
  encodeExtensions,
  encodeFinished,
  encodeKeyUpdate,
  encodeMessage,
  ExtensionType,
  HandshakeType,
} from '@ferrule/pure/wire';
import { concat, EMPTY } from '@ferrule/result/bytes';
import { POISON, type Behaviour, type Verdict } from './behaviour.ts';
import { header, type Script } from './peer.ts';
import type { Server13 } from './server13.ts';

const refusal = (code: Verdict['code'], alert: number | null): Verdict => ({ code, alert });
const UNEXPECTED = refusal('UNEXPECTED_MESSAGE', Alert.unexpected_message);
const UNEXPECTED_RECORD = refusal('UNEXPECTED_RECORD', Alert.unexpected_message);
const FORGED = refusal('BAD_RECORD_MAC', Alert.bad_record_mac);
const NOT_OFFERED = refusal('UNEXPECTED_EXTENSION', Alert.unsupported_extension);
const WRONG_SUITE = refusal('WRONG_CIPHER_SUITE', Alert.illegal_parameter);
const BAD_RETRY = refusal('BAD_HELLO_RETRY_REQUEST', Alert.illegal_parameter);
const DECODE = refusal('DECODE_ERROR', Alert.decode_error);

/** A row whose trouble starts after ClientHello. */
const hello = (
  name: string,
  expect: Verdict,
  act: (s: Server13) => void,
  options?: Behaviour['options'],
): Behaviour => ({
  version: 'TLSv1.3',
  name,
  expect,
  ...(options && { options }),
  *script(s): Script {
    yield* s.clientHello();
    act(s);
  },
});
/** A row whose trouble starts after a good ServerHello. */
const flight = (name: string, expect: Verdict, act: (s: Server13) => void, options?: Behaviour['options']): Behaviour =>
  hello(
    name,
    expect,
    (s) => {
      s.serverHello();
      act(s);
    },
    options,
  );
/** A row whose trouble starts after a whole good handshake. */
const after = (
  name: string,
  expect: Verdict,
  act: (s: Server13) => void,
  options?: Behaviour['options'],
): Behaviour => ({
  version: 'TLSv1.3',
  name,
  expect,
  late: true,
  ...(options && { options }),
  *script(s): Script {
    yield* s.handshake();
    act(s);
  },
});

const HELLO: readonly Behaviour[] = [
  hello('a session id that is not the echo of ours', refusal('INVALID_SESSION_ID', Alert.illegal_parameter), (s) =>
    s.serverHello({ sessionId: s.random(32) }),
  ),
  hello('an empty session id where ours was not', refusal('INVALID_SESSION_ID', Alert.illegal_parameter), (s) =>
    s.serverHello({ sessionId: EMPTY }),
  ),
  hello('a cipher suite that was not offered', WRONG_SUITE, (s) => s.serverHello({ cipherSuite: 0x1303 }), {
    cipherSuites: [0x1301],
  }),
  hello('a TLS 1.2 cipher suite in TLS 1.3', WRONG_SUITE, (s) => s.serverHello({ cipherSuite: 0xc02b })),
  hello('a cipher suite that does not exist', WRONG_SUITE, (s) => s.serverHello({ cipherSuite: 0x7777 })),
  hello('legacy_version of TLS 1.1', refusal('ILLEGAL_PARAMETER', Alert.illegal_parameter), (s) =>
    s.serverHello({ legacyVersion: 0x0302 }),
  ),
  hello('legacy_version of TLS 1.3', refusal('ILLEGAL_PARAMETER', Alert.illegal_parameter), (s) =>
    s.serverHello({ legacyVersion: 0x0304 }),
  ),
  hello('a compression method', DECODE, (s) => s.serverHello({ compressionMethod: 1 })),
  hello('no key share', refusal('MISSING_KEY_SHARE', Alert.missing_extension), (s) =>
    s.serverHello({ extensions: encodeExtensions('serverHello', { supportedVersions: 0x0304 }) }),
  ),
  hello(
    'a key share of a group that was not offered',
    refusal('WRONG_GROUP', Alert.illegal_parameter),
    (s) => s.serverHello({ share: { group: 0x0019, keyExchange: s.keyShare(0x0019).publicKey } }),
    { groups: [0x0017], keyShares: [0x0017] },
  ),
  hello(
    'a key share of a group for which none was sent',
    refusal('WRONG_GROUP', Alert.illegal_parameter),
    (s) => s.serverHello({ share: { group: 0x0018, keyExchange: s.keyShare(0x0018).publicKey } }),
    { groups: [0x0017, 0x0018], keyShares: [0x0017] },
  ),
  hello(
    'a key share that is not on the curve',
    refusal('BAD_KEY_SHARE', Alert.illegal_parameter),
    (s) =>
      s.serverHello({ share: { group: 0x0017, keyExchange: concat([Uint8Array.of(4), new Uint8Array(64).fill(1)]) } }),
    { groups: [0x0017] },
  ),
  hello(
    'an X25519 share of low order',
    refusal('BAD_KEY_SHARE', Alert.illegal_parameter),
    (s) => s.serverHello({ share: { group: 0x001d, keyExchange: new Uint8Array(32) } }),
    { groups: [0x001d] },
  ),
  hello(
    'a key share cut short',
    refusal('BAD_KEY_SHARE', Alert.illegal_parameter),
    (s) => s.serverHello({ share: { group: 0x001d, keyExchange: new Uint8Array(31).fill(9) } }),
    { groups: [0x001d] },
  ),
  hello('a PSK that was never offered', NOT_OFFERED, (s) =>
    s.serverHello({ psk: { selected: 0, key: new Uint8Array(32) } }),
  ),
  hello('an extension in ServerHello that was not offered', NOT_OFFERED, (s) =>
    s.serverHello({ add: [{ type: 0x4242, data: EMPTY }] }),
  ),
  hello('a GREASE extension in ServerHello', NOT_OFFERED, (s) =>
    s.serverHello({ add: [{ type: 0x0a0a, data: EMPTY }] }),
  ),
  hello(
    'ALPN in ServerHello, where it does not belong',
    refusal('MISPLACED_EXTENSION', Alert.illegal_parameter),
    (s) => s.serverHello({ add: [encodeExtension('encryptedExtensions', 'alpn', Buffer.from('h2'))] }),
    { alpn: ['h2'] },
  ),
  hello('an extension twice in ServerHello', refusal('DUPLICATE_EXTENSION', Alert.illegal_parameter), (s) =>
    s.serverHello({ add: [encodeExtension('serverHello', 'supportedVersions', 0x0304)] }),
  ),
  hello('a cookie in ServerHello', refusal('UNEXPECTED_EXTENSION', Alert.unsupported_extension), (s) =>
    s.serverHello({ add: [{ type: ExtensionType.cookie, data: Uint8Array.of(0, 1, 1) }] }),
  ),
  // RFC 9846 section 4.3.1: a version prior to TLS 1.3 may not be chosen this way
  hello('supported_versions that says TLS 1.2', refusal('MISPLACED_EXTENSION', Alert.illegal_parameter), (s) =>
    s.serverHello({
      sessionId: s.random(32),
      cipherSuite: 0xc02b,
      extensions: encodeExtensions('serverHello', { supportedVersions: 0x0303 }),
    }),
  ),
  hello('supported_versions that says TLS 1.4', refusal('UNSUPPORTED_PROTOCOL', Alert.protocol_version), (s) =>
    s.serverHello({ extensions: encodeExtensions('serverHello', { supportedVersions: 0x0305 }) }),
  ),
  hello('TLS 1.2 with the downgrade sentinel', refusal('DOWNGRADE_DETECTED', Alert.illegal_parameter), (s) =>
    s.serverHello({ random: concat([s.random(24), DOWNGRADE_TO_TLS12]), cipherSuite: 0xc02b, extensions: [] }),
  ),
  hello('TLS 1.1', refusal('UNSUPPORTED_PROTOCOL', Alert.protocol_version), (s) =>
    s.serverHello({ legacyVersion: 0x0302, extensions: [] }),
  ),
  hello('a ServerHello with bytes behind its end', DECODE, (s) =>
    s.send(
      encodeMessage(HandshakeType.server_hello, (w) =>
        w.u16(0x0303).bytes(s.random(32)).vector8(s.hello.sessionId).u16(0x1301).u8(0).vector16(EMPTY).u8(0),
      ),
    ),
  ),
  hello('an empty ServerHello', DECODE, (s) =>
    s.sendHandshake(encodeMessage(HandshakeType.server_hello, () => undefined)),
  ),
  hello('a Certificate in place of ServerHello', UNEXPECTED, (s) => s.certificate()),
  hello('a Finished in place of ServerHello', UNEXPECTED, (s) => s.sendHandshake(encodeFinished(new Uint8Array(32)))),
  hello('a ClientHello in place of ServerHello', UNEXPECTED, (s) =>
    s.sendHandshake(encodeMessage(HandshakeType.client_hello, (w) => w.bytes(new Uint8Array(40)))),
  ),
  hello('application data in place of ServerHello', UNEXPECTED_RECORD, (s) => s.sendData(POISON)),
  hello(
    'handshake bytes behind ServerHello in the same record',
    refusal('EXCESS_HANDSHAKE_DATA', Alert.unexpected_message),
    (s) => {
      const send = s.sendHandshake.bind(s);
      s.sendHandshake = (bytes): void =>
        send(concat([bytes, encodeMessage(HandshakeType.encrypted_extensions, (w) => w.vector16(EMPTY))]));
      s.serverHello();
    },
  ),
  hello('a record of another protocol version than 3.x', refusal('WRONG_VERSION_NUMBER', Alert.protocol_version), (s) =>
    s.sendRaw(concat([header(22, 0x0203, 4), new Uint8Array(4)])),
  ),
  hello('a plaintext record of 2^14 + 1 bytes', refusal('RECORD_TOO_LARGE', Alert.record_overflow), (s) =>
    s.sendRaw(concat([header(22, 0x0303, 16_385), new Uint8Array(16_385)])),
  ),
  hello('a message that says it is a megabyte long', refusal('EXCESSIVE_MESSAGE_SIZE', Alert.illegal_parameter), (s) =>
    s.sendHandshake(concat([Uint8Array.of(HandshakeType.server_hello, 0x10, 0, 0), new Uint8Array(100)])),
  ),
  hello('a change_cipher_spec with another byte than 1', UNEXPECTED_RECORD, (s) => s.sendChangeCipherSpec(2)),
  hello('plain HTTP', refusal('HTTP_REQUEST', Alert.protocol_version), (s) =>
    s.sendRaw(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')),
  ),
];

const RETRY: readonly Behaviour[] = [
  {
    version: 'TLSv1.3',
    name: 'HelloRetryRequest twice',
    expect: UNEXPECTED,
    options: { groups: [0x0017, 0x0018], keyShares: [0x0017] },
    *script(s): Script {
      yield* s.clientHello();
      s.helloRetryRequest(0x0018);
      yield* s.clientHello();
      s.helloRetryRequest(0x0017);
    },
  },
  hello(
    'HelloRetryRequest to the group for which a share was sent',
    refusal('WRONG_GROUP', Alert.illegal_parameter),
    (s) => s.helloRetryRequest(0x0017),
    { groups: [0x0017], keyShares: [0x0017] },
  ),
  hello(
    'HelloRetryRequest to a group that was not offered',
    refusal('WRONG_GROUP', Alert.illegal_parameter),
    (s) => s.helloRetryRequest(0x0019),
    { groups: [0x0017], keyShares: [0x0017] },
  ),
  // RFC 9846 section 4.2.4: of the suites offered for TLS 1.3, which these are.
  hello(
    'HelloRetryRequest with a TLS 1.2 cipher suite',
    WRONG_SUITE,
    (s) => s.helloRetryRequest(0x0018, { cipherSuite: 0xc02b }),
    { groups: [0x0017, 0x0018], keyShares: [0x0017] },
  ),
  {
    version: 'TLSv1.3',
    name: 'another version selected after HelloRetryRequest',
    expect: refusal('WRONG_VERSION_ON_RETRY', Alert.illegal_parameter),
    options: { groups: [0x0017, 0x0018], keyShares: [0x0017] },
    *script(s): Script {
      yield* s.clientHello();
      s.helloRetryRequest(0x0018);
      yield* s.clientHello();
      s.serverHello({ extensions: encodeExtensions('serverHello', { supportedVersions: 0x0305 }) });
    },
  },
  hello('HelloRetryRequest that changes nothing', BAD_RETRY, (s) => s.helloRetryRequest(undefined)),
  hello(
    'HelloRetryRequest with pre_shared_key',
    NOT_OFFERED,
    (s) => s.helloRetryRequest(0x0018, { add: [{ type: ExtensionType.pre_shared_key, data: Uint8Array.of(0, 0) }] }),
    { groups: [0x0017, 0x0018], keyShares: [0x0017] },
  ),
  hello('HelloRetryRequest with an empty cookie', refusal('ERROR_PARSING_EXTENSION', Alert.decode_error), (s) =>
    s.helloRetryRequest(undefined, { add: [{ type: ExtensionType.cookie, data: Uint8Array.of(0, 0) }] }),
  ),
  hello(
    'HelloRetryRequest with an extension that was not offered',
    NOT_OFFERED,
    (s) => s.helloRetryRequest(0x0018, { add: [{ type: 0x4242, data: EMPTY }] }),
    { groups: [0x0017, 0x0018], keyShares: [0x0017] },
  ),
  {
    version: 'TLSv1.3',
    name: 'a cookie in ServerHello that was one of the HelloRetryRequest',
    expect: refusal('MISPLACED_EXTENSION', Alert.illegal_parameter),
    options: { groups: [0x0017, 0x0018], keyShares: [0x0017] },
    *script(s): Script {
      const cookie = { type: ExtensionType.cookie, data: Uint8Array.of(0, 1, 1) };
      yield* s.clientHello();
      s.helloRetryRequest(0x0018, { add: [cookie] });
      yield* s.clientHello();
      s.serverHello({ add: [cookie] });
    },
  },
  {
    version: 'TLSv1.3',
    name: 'another cipher suite after HelloRetryRequest',
    expect: refusal('WRONG_CIPHER_SUITE', Alert.illegal_parameter),
    options: { groups: [0x0017, 0x0018], keyShares: [0x0017] },
    *script(s): Script {
      yield* s.clientHello();
      s.helloRetryRequest(0x0018);
      yield* s.clientHello();
      s.serverHello({ cipherSuite: 0x1303 });
    },
  },
  {
    version: 'TLSv1.3',
    name: 'TLS 1.2 after HelloRetryRequest',
    expect: refusal('WRONG_VERSION_ON_RETRY', Alert.illegal_parameter),
    options: { groups: [0x0017, 0x0018], keyShares: [0x0017] },
    *script(s): Script {
      yield* s.clientHello();
      s.helloRetryRequest(0x0018);
      yield* s.clientHello();
      s.serverHello({ cipherSuite: 0xc02b, extensions: [] });
    },
  },
  {
    version: 'TLSv1.3',
    name: 'a share of another group than HelloRetryRequest asked for',
    expect: refusal('WRONG_GROUP', Alert.illegal_parameter),
    options: { groups: [0x0017, 0x0018], keyShares: [0x0017] },
    *script(s): Script {
      yield* s.clientHello();
      s.helloRetryRequest(0x0018);
      yield* s.clientHello();
      s.serverHello({ share: { group: 0x0017, keyExchange: s.keyShare(0x0017).publicKey } });
    },
  },
];

const FLIGHT: readonly Behaviour[] = [
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
      const alpn = encodeExtension('encryptedExtensions', 'alpn', Buffer.from('h2'));
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
    (s) => s.encryptedExtensions([encodeExtension('encryptedExtensions', 'alpn', Buffer.from('h3'))]),
    { alpn: ['h2', 'http/1.1'] },
  ),
  flight(
    'two application protocols',
    refusal('ERROR_PARSING_EXTENSION', Alert.decode_error),
    (s) =>
      s.encryptedExtensions([
        { type: ExtensionType.application_layer_protocol_negotiation, data: Buffer.from('\0\x06\x02h2\x02h3') },
      ]),
    { alpn: ['h2', 'h3'] },
  ),
  flight('ALPN without having been asked', NOT_OFFERED, (s) =>
    s.encryptedExtensions([encodeExtension('encryptedExtensions', 'alpn', Buffer.from('h2'))]),
  ),
  flight('early data accepted that was never offered', NOT_OFFERED, (s) =>
    s.encryptedExtensions([encodeExtension('encryptedExtensions', 'earlyData', true)]),
  ),
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
  flight('a certificate that is no certificate', DECODE, (s) => {
    s.encryptedExtensions();
    s.certificate([Buffer.from('not DER')]);
    s.certificateVerify();
    s.finished();
  }),
  flight('an unasked OCSP response', NOT_OFFERED, (s) => {
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
      s.certificateVerify({ algorithm: 0x0503 });
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

const AFTER: readonly Behaviour[] = [
  after('data under the old keys after KeyUpdate', refusal('BAD_RECORD_MAC', Alert.bad_record_mac), (s) => {
    s.sendHandshake(encodeKeyUpdate(false));
    s.sendData(POISON);
  }),
  after('a KeyUpdate that asks for something unknown', refusal('ILLEGAL_PARAMETER', Alert.illegal_parameter), (s) =>
    s.sendHandshake(encodeMessage(HandshakeType.key_update, (w) => w.u8(2))),
  ),
  after('a KeyUpdate with two bytes', DECODE, (s) =>
    s.sendHandshake(encodeMessage(HandshakeType.key_update, (w) => w.u16(0))),
  ),
  after(
    'bytes behind a KeyUpdate in the same record',
    refusal('EXCESS_HANDSHAKE_DATA', Alert.unexpected_message),
    (s) => s.sendHandshake(concat([encodeKeyUpdate(false), encodeKeyUpdate(false)])),
  ),
  after('half a KeyUpdate, then data', UNEXPECTED_RECORD, (s) => {
    s.sendHandshake(encodeKeyUpdate(false).subarray(0, 3));
    s.sendData(POISON);
  }),
  after('half a KeyUpdate, then a warning', UNEXPECTED_RECORD, (s) => {
    s.sendHandshake(encodeKeyUpdate(false).subarray(0, 3));
    s.sendAlert(1, Alert.user_canceled);
    s.sendData(POISON);
  }),
  after('half a KeyUpdate, then close_notify', UNEXPECTED_RECORD, (s) => {
    s.sendHandshake(encodeKeyUpdate(false).subarray(0, 3));
    s.sendAlert(1, Alert.close_notify);
  }),
  after('half a KeyUpdate, then a fatal alert', refusal('PEER_ALERT', null), (s) => {
    s.sendHandshake(encodeKeyUpdate(false).subarray(0, 3));
    s.sendAlert(2, Alert.internal_error);
  }),
  after('a flood of KeyUpdates', refusal('TOO_MANY_KEY_UPDATES', Alert.unexpected_message), (s) => {
    for (let i = 0; i < 40; i++) s.keyUpdate(false);
    s.sendData(POISON);
  }),
  after('a flood of empty records', refusal('TOO_MANY_EMPTY_RECORDS', Alert.unexpected_message), (s) => {
    for (let i = 0; i < 100; i++) s.sendData('');
    s.sendData(POISON);
  }),
  after('a flood of user_canceled warnings', refusal('TOO_MANY_WARNING_ALERTS', Alert.unexpected_message), (s) => {
    for (let i = 0; i < 100; i++) s.sendAlert(1, Alert.user_canceled);
    s.sendData(POISON);
  }),
  after('a warning alert that TLS 1.3 does not have', refusal('BAD_ALERT', Alert.decode_error), (s) => {
    s.sendAlert(1, Alert.no_renegotiation);
    s.sendData(POISON);
  }),
  after('an alert of an unknown level', refusal('UNKNOWN_ALERT_LEVEL', Alert.illegal_parameter), (s) =>
    s.sendAlert(3, Alert.close_notify),
  ),
  after('a ticket without a ticket', DECODE, (s) => s.newSessionTicket({ ticket: EMPTY })),
  after('a ticket with an extension twice', refusal('DUPLICATE_EXTENSION', Alert.illegal_parameter), (s) =>
    s.newSessionTicket({
      extensions: [
        encodeExtension('newSessionTicket', 'earlyData', 1),
        encodeExtension('newSessionTicket', 'earlyData', 1),
      ],
    }),
  ),
  after('Finished again', UNEXPECTED, (s) => s.sendHandshake(encodeFinished(new Uint8Array(32)))),
  after('HelloRequest in TLS 1.3', UNEXPECTED, (s) =>
    s.sendHandshake(encodeMessage(HandshakeType.hello_request, () => undefined)),
  ),
  after('a ServerHello again', UNEXPECTED, (s) =>
    s.sendHandshake(encodeMessage(HandshakeType.server_hello, (w) => w.bytes(new Uint8Array(40)))),
  ),
  after('a CertificateRequest that was not invited', UNEXPECTED, (s) =>
    s.certificateRequest(undefined, Uint8Array.of(1)),
  ),
  after('a change_cipher_spec after the handshake', UNEXPECTED_RECORD, (s) => s.sendChangeCipherSpec()),
  after('data in the clear', FORGED, (s) =>
    s.sendRecord(ContentType.handshake, encodeKeyUpdate(false), { plain: true }),
  ),
  after('data that does not decrypt', refusal('BAD_RECORD_MAC', Alert.bad_record_mac), (s) =>
    s.sendCorrupted(ContentType.application_data, Buffer.from(POISON)),
  ),
  after('a record replayed', refusal('BAD_RECORD_MAC', Alert.bad_record_mac), (s) => {
    const send = s.sendRaw.bind(s);
    s.sendRaw = (bytes): void => {
      send(bytes);
      send(bytes);
    };
    s.sendRecord(ContentType.alert, Uint8Array.of(1, Alert.user_canceled));
    s.sendRaw = send;
    s.sendData(POISON);
  }),
  after('2^14 + 1 bytes of data in one record', refusal('RECORD_TOO_LARGE', Alert.record_overflow), (s) =>
    s.sendRecord(ContentType.application_data, Buffer.from(POISON.padEnd(16_385))),
  ),
];

export const BEHAVIOURS_13: readonly Behaviour[] = [...HELLO, ...RETRY, ...FLIGHT, ...AFTER];
