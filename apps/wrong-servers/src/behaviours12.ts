/** @module Wrong servers of TLS 1.2. */
import { Alert } from '@ferrule/result';
import {
  ContentType,
  DOWNGRADE_TO_TLS12,
  encodeExtension,
  encodeFinished,
  encodeMessage,
  ExtensionType,
  HandshakeType,
} from '@ferrule/pure/wire';
import { concat, EMPTY } from '@ferrule/result/bytes';
import { POISON, type Behaviour, type Verdict } from './behaviour.ts';
import { need, needGroup, offers13, unoffered, unofferedGroup, unofferedProtocol } from './offer.ts';
import type { Script } from './peer.ts';
import type { Server12 } from './server12.ts';

const refusal = (code: Verdict['code'], alert: number | null): Verdict => ({ code, alert });
const UNEXPECTED = refusal('UNEXPECTED_MESSAGE', Alert.unexpected_message);
const UNEXPECTED_RECORD = refusal('UNEXPECTED_RECORD', Alert.unexpected_message);

/** ECDHE with RSA and ECDSA, AEAD first; the last is of no use to anybody. */
const SUITES_12 = [0xc02f, 0xc02c, 0xcca9, 0xc0ae, 0xc0ac, 0xc001];

const hello = (
  name: string,
  expect: Verdict,
  act: (s: Server12) => void,
  options?: Behaviour['options'],
): Behaviour => ({
  version: 'TLSv1.2',
  name,
  expect,
  ...(options && { options }),
  *script(s): Script {
    yield* s.clientHello();
    act(s);
  },
});
/** After the client's Finished: the server's last words. */
const last = (name: string, expect: Verdict, act: (s: Server12) => void): Behaviour => ({
  version: 'TLSv1.2',
  name,
  expect,
  *script(s): Script {
    yield* s.clientHello();
    s.flight();
    yield* s.clientKeyExchange();
    yield* s.clientFinished();
    act(s);
  },
});
const after = (
  name: string,
  expect: Verdict,
  act: (s: Server12) => void,
  options?: Behaviour['options'],
): Behaviour => ({
  version: 'TLSv1.2',
  name,
  expect,
  ...(options && { options }),
  late: true,
  *script(s): Script {
    yield* s.handshake();
    act(s);
  },
});

export const BEHAVIOURS_12: readonly Behaviour[] = [
  hello('no extended master secret', refusal('NO_EXTENDED_MASTER_SECRET', Alert.handshake_failure), (s) => {
    s.serverHello({ without: [ExtensionType.extended_master_secret] });
    s.certificate();
    s.serverKeyExchange();
    s.serverHelloDone();
  }),
  hello('renegotiation_info that is not empty', refusal('RENEGOTIATION_MISMATCH', Alert.handshake_failure), (s) =>
    s.serverHello({
      without: [ExtensionType.renegotiation_info],
      add: [encodeExtension('serverHello12', 'renegotiationInfo', new Uint8Array(12))],
    }),
  ),
  hello('a session id of 33 bytes', refusal('DECODE_ERROR', Alert.decode_error), (s) =>
    s.serverHello({ sessionId: s.random(33) }),
  ),
  hello('an extension twice in ServerHello', refusal('DECODE_ERROR', Alert.decode_error), (s) =>
    s.serverHello({ add: [encodeExtension('serverHello12', 'extendedMasterSecret', true)] }),
  ),
  hello('a ServerHelloDone with a body', refusal('DECODE_ERROR', Alert.decode_error), (s) => {
    s.serverHello();
    s.certificate();
    s.serverKeyExchange();
    s.send(encodeMessage(HandshakeType.server_hello_done, (w) => w.u8(0)));
  }),
  hello(
    'a CertificateStatus without a response',
    refusal('DECODE_ERROR', Alert.decode_error),
    (s) => {
      need(s.offered.statusRequest === true, 'the client asks for no OCSP response');
      s.serverHello({ add: [encodeExtension('serverHello12', 'statusRequest', true)] });
      s.certificate();
      s.send(encodeMessage(HandshakeType.certificate_status, (w) => w.u8(1).vector24(EMPTY)));
      s.serverKeyExchange();
      s.serverHelloDone();
    },
    { ocsp: 'request' },
  ),
  hello('a CertificateRequest without signature algorithms', refusal('DECODE_ERROR', Alert.decode_error), (s) => {
    s.serverHello();
    s.certificate();
    s.serverKeyExchange();
    s.send(
      encodeMessage(HandshakeType.certificate_request, (w) =>
        w.vector8(Uint8Array.of(64)).vector16(EMPTY).vector16(EMPTY),
      ),
    );
    s.serverHelloDone();
  }),
  hello(
    'a compressed point',
    refusal('BAD_KEY_SHARE', Alert.illegal_parameter),
    (s) => {
      needGroup(s, 0x0017);
      s.serverHello();
      s.certificate();
      s.serverKeyExchange({
        group: 0x0017,
        publicKey: Uint8Array.of(2, ...s.keyShare(0x0017).publicKey.subarray(1, 33)),
      });
      s.serverHelloDone();
    },
    { groups: [0x0017], maxVersion: 'TLSv1.2' },
  ),
  hello('no renegotiation_info', refusal('RENEGOTIATION_MISMATCH', Alert.handshake_failure), (s) => {
    s.serverHello({ without: [ExtensionType.renegotiation_info] });
    s.certificate();
    s.serverKeyExchange();
    s.serverHelloDone();
  }),
  hello(
    'an application protocol that was not offered',
    refusal('INVALID_ALPN_PROTOCOL', Alert.illegal_parameter),
    (s) => {
      s.serverHello({ add: [encodeExtension('serverHello12', 'alpn', unofferedProtocol(s))] });
      s.certificate();
      s.serverKeyExchange();
      s.serverHelloDone();
    },
    { alpn: ['h2', 'http/1.1'] },
  ),
  hello(
    'a session id that stands for no session',
    refusal('INVALID_SESSION_ID', Alert.illegal_parameter),
    (s) => {
      need(s.hello.sessionId.length > 0, 'the client sends no session id');
      s.serverHello({ sessionId: s.hello.sessionId });
      s.certificate();
      s.serverKeyExchange();
      s.serverHelloDone();
    },
    { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' },
  ),
  hello(
    'a random that says it could have spoken TLS 1.3',
    refusal('DOWNGRADE_DETECTED', Alert.illegal_parameter),
    (s) => {
      need(offers13(s), 'the client does not offer TLS 1.3');
      s.serverHello({ random: concat([s.random(24), DOWNGRADE_TO_TLS12]) });
      s.certificate();
      s.serverKeyExchange();
      s.serverHelloDone();
    },
    { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' },
  ),
  hello(
    'a cipher suite that was not offered',
    refusal('WRONG_CIPHER_SUITE', Alert.illegal_parameter),
    (s) => s.serverHello({ cipherSuite: unoffered(SUITES_12, s.hello.cipherSuites, 'suite') }),
    { cipherSuites: [0xc02b], maxVersion: 'TLSv1.2' },
  ),
  hello('a cipher suite that does not exist', refusal('WRONG_CIPHER_SUITE', Alert.illegal_parameter), (s) =>
    s.serverHello({ cipherSuite: 0x7777 }),
  ),
  hello('a TLS 1.3 cipher suite in TLS 1.2', refusal('WRONG_CIPHER_SUITE', Alert.illegal_parameter), (s) =>
    s.serverHello({ cipherSuite: 0x1301 }),
  ),
  hello('a compression method', refusal('INVALID_COMPRESSION', Alert.illegal_parameter), (s) =>
    s.serverHello({ compressionMethod: 1 }),
  ),
  hello('an extension that was not offered', refusal('UNEXPECTED_EXTENSION', Alert.unsupported_extension), (s) =>
    s.serverHello({ add: [{ type: 0x4242, data: EMPTY }] }),
  ),
  hello('key_share in a TLS 1.2 ServerHello', refusal('UNEXPECTED_EXTENSION', Alert.unsupported_extension), (s) =>
    s.serverHello({ add: [{ type: ExtensionType.key_share, data: EMPTY }] }),
  ),
  hello('point formats without the uncompressed one', refusal('ILLEGAL_PARAMETER', Alert.illegal_parameter), (s) =>
    s.serverHello({ add: [encodeExtension('serverHello12', 'ecPointFormats', [1])] }),
  ),
  hello('no Certificate', UNEXPECTED, (s) => {
    s.serverHello();
    s.serverKeyExchange();
  }),
  hello('a Certificate without certificates', refusal('NO_CERTIFICATE', Alert.decode_error), (s) => {
    s.serverHello();
    s.certificate([]);
    s.serverKeyExchange();
    s.serverHelloDone();
  }),
  hello('no ServerKeyExchange', UNEXPECTED, (s) => {
    s.serverHello();
    s.certificate();
    s.serverHelloDone();
  }),
  hello('ServerKeyExchange twice', UNEXPECTED, (s) => {
    s.serverHello();
    s.certificate();
    s.serverKeyExchange();
    s.serverKeyExchange();
  }),
  hello(
    'a ServerKeyExchange with one bit of its signature changed',
    refusal('BAD_SIGNATURE', Alert.decrypt_error),
    (s) => {
      s.serverHello();
      s.certificate();
      s.serverKeyExchange({ corrupt: true });
      s.serverHelloDone();
    },
  ),
  hello('a ServerKeyExchange signed for other randoms', refusal('BAD_SIGNATURE', Alert.decrypt_error), (s) => {
    s.serverHello();
    s.certificate();
    s.serverKeyExchange({ over: new Uint8Array(100) });
    s.serverHelloDone();
  }),
  hello(
    'a curve that was not offered',
    refusal('WRONG_GROUP', Alert.illegal_parameter),
    (s) => {
      s.serverHello();
      s.certificate();
      const group = unofferedGroup(s);
      s.serverKeyExchange({ group, publicKey: s.publicKey(group) });
      s.serverHelloDone();
    },
    { groups: [0x001d, 0x0017], maxVersion: 'TLSv1.2' },
  ),
  hello(
    'a point that is not on the curve',
    refusal('BAD_KEY_SHARE', Alert.illegal_parameter),
    (s) => {
      needGroup(s, 0x0017);
      s.serverHello();
      s.certificate();
      s.serverKeyExchange({ group: 0x0017, publicKey: Uint8Array.of(4, ...new Uint8Array(64).fill(1)) });
      s.serverHelloDone();
    },
    { groups: [0x0017], maxVersion: 'TLSv1.2' },
  ),
  hello('a signature algorithm that was not offered', refusal('WRONG_SIGNATURE_TYPE', Alert.illegal_parameter), (s) => {
    s.serverHello();
    s.certificate();
    s.serverKeyExchange({
      algorithm: unoffered([0x0203, 0x0202, 0x0101], s.offered.signatureAlgorithms ?? [], 'signature algorithm'),
    });
    s.serverHelloDone();
  }),
  hello(
    'a signature algorithm that does not fit the key',
    refusal('WRONG_SIGNATURE_TYPE', Alert.illegal_parameter),
    (s) => {
      s.serverHello();
      s.certificate();
      s.serverKeyExchange({ algorithm: 0x0804 });
      s.serverHelloDone();
    },
  ),
  hello('CertificateRequest twice', UNEXPECTED, (s) => {
    s.serverHello();
    s.certificate();
    s.serverKeyExchange();
    s.certificateRequest();
    s.certificateRequest();
  }),
  hello('change_cipher_spec before the client has sent its key exchange', UNEXPECTED_RECORD, (s) => {
    s.serverHello();
    s.certificate();
    s.sendChangeCipherSpec();
    s.serverKeyExchange();
  }),
  // RFC 5246 section 7.2.1: the other party answers with a close_notify of its own.
  hello('close_notify in the middle', refusal('PEER_ALERT', Alert.close_notify), (s) => {
    s.serverHello();
    s.sendAlert(1, Alert.close_notify);
  }),
  hello('a close_notify of fatal level in the middle', refusal('PEER_ALERT', Alert.close_notify), (s) => {
    s.serverHello();
    s.sendAlert(2, Alert.close_notify);
  }),
  last('close_notify in place of Finished', refusal('PEER_ALERT', Alert.close_notify), (s) =>
    s.sendAlert(1, Alert.close_notify),
  ),
  hello('half a Certificate, then a warning', UNEXPECTED_RECORD, (s) => {
    s.serverHello();
    s.sendHandshake(Uint8Array.of(HandshakeType.certificate, 0, 1));
    s.sendAlert(1, Alert.no_renegotiation);
    s.certificate();
  }),
  hello('application data in the middle', UNEXPECTED_RECORD, (s) => {
    s.serverHello();
    s.sendData(POISON);
  }),
  {
    version: 'TLSv1.2',
    name: 'Finished before the keys',
    expect: UNEXPECTED_RECORD,
    *script(s): Script {
      yield* s.clientHello();
      s.flight();
      s.sendHandshake(encodeFinished(new Uint8Array(12)));
      yield* s.clientKeyExchange();
      yield* s.clientFinished();
    },
  },
  last('no change_cipher_spec before Finished', UNEXPECTED_RECORD, (s) => {
    s.finished();
    s.sendData(POISON);
  }),
  last('change_cipher_spec twice', UNEXPECTED_RECORD, (s) => {
    s.sendChangeCipherSpec();
    s.useKeys();
    s.sendRecord(ContentType.change_cipher_spec, Uint8Array.of(1));
    s.finished();
  }),
  last(
    'a change_cipher_spec with another byte than 1',
    refusal('BAD_CHANGE_CIPHER_SPEC', Alert.unexpected_message),
    (s) => s.sendChangeCipherSpec(2),
  ),
  last('a Finished with one bit changed', refusal('PEER_BAD_FINISHED', Alert.decrypt_error), (s) => {
    s.sendChangeCipherSpec();
    s.useKeys();
    s.finished({ corrupt: true });
    s.sendData(POISON);
  }),
  last('a Finished cut short', refusal('PEER_BAD_FINISHED', Alert.decrypt_error), (s) => {
    s.sendChangeCipherSpec();
    s.useKeys();
    s.finished({ length: 11 });
  }),
  last('application data in place of Finished', UNEXPECTED_RECORD, (s) => {
    s.sendChangeCipherSpec();
    s.useKeys();
    s.sendData(POISON);
  }),
  last('a ticket that was not announced', UNEXPECTED_RECORD, (s) => {
    s.newSessionTicket();
    s.finish();
  }),
  last('half a message, then change_cipher_spec', UNEXPECTED_RECORD, (s) => {
    s.sendHandshake(Uint8Array.of(HandshakeType.finished, 0));
    s.sendChangeCipherSpec();
    s.useKeys();
    s.finished();
  }),
  after('a HelloRequest with a body', refusal('DECODE_ERROR', Alert.decode_error), (s) =>
    s.sendHandshake(encodeMessage(HandshakeType.hello_request, (w) => w.u8(0))),
  ),
  after('a HelloRequest', refusal('NO_RENEGOTIATION', Alert.no_renegotiation), (s) => {
    s.sendHandshake(encodeMessage(HandshakeType.hello_request, () => undefined));
    s.sendData(POISON);
  }),
  after('a no_renegotiation that nobody asked for', refusal('BAD_ALERT', Alert.decode_error), (s) => {
    s.sendAlert(1, Alert.no_renegotiation);
    s.sendData(POISON);
  }),
  after(
    'a flood of HelloRequests, which are to be ignored',
    refusal('TOO_MANY_MESSAGES', Alert.unexpected_message),
    (s) => {
      for (let i = 0; i < 65; i++) s.sendHandshake(encodeMessage(HandshakeType.hello_request, () => undefined));
      s.sendData(POISON);
    },
    { renegotiation: 'ignore', maxVersion: 'TLSv1.2' },
  ),
  after('a ServerHello again', UNEXPECTED, (s) =>
    s.sendHandshake(encodeMessage(HandshakeType.server_hello, (w) => w.bytes(new Uint8Array(40)))),
  ),
  after('a KeyUpdate in TLS 1.2', UNEXPECTED, (s) =>
    s.sendHandshake(encodeMessage(HandshakeType.key_update, (w) => w.u8(0))),
  ),
  after('data that does not decrypt', refusal('BAD_RECORD_MAC', Alert.bad_record_mac), (s) =>
    s.sendCorrupted(ContentType.application_data, Buffer.from(POISON)),
  ),
  after('data in the clear', refusal('BAD_RECORD_MAC', Alert.bad_record_mac), (s) =>
    s.sendRecord(ContentType.application_data, Buffer.from(POISON), { plain: true }),
  ),
  after('a flood of empty records', refusal('TOO_MANY_EMPTY_RECORDS', Alert.unexpected_message), (s) => {
    for (let i = 0; i < 100; i++) s.sendData('');
    s.sendData(POISON);
  }),
  after('a fatal alert', refusal('PEER_ALERT', null), (s) => s.sendAlert(2, Alert.internal_error)),
];
