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
import { POISON, type Behaviour } from './behaviour.ts';
import { FLIGHT } from './flight13.ts';
import {
  groupWithoutShare,
  need,
  needShare,
  offeredProtocol,
  sharedGroup,
  unoffered,
  unofferedGroup,
} from './offer.ts';
import { header, type Script } from './peer.ts';
import {
  refusal,
  UNEXPECTED,
  UNEXPECTED_RECORD,
  FORGED,
  NOT_OFFERED,
  WRONG_SUITE,
  BAD_RETRY,
  DECODE,
  hello,
  after,
} from './rows13.ts';

/** With the suites of CCM, which few offer. */
const SUITES_13 = [0x1303, 0x1302, 0x1304, 0x1305];

const HELLO: readonly Behaviour[] = [
  hello('a session id that is not the echo of ours', refusal('INVALID_SESSION_ID', Alert.illegal_parameter), (s) =>
    s.serverHello({ sessionId: s.random(32) }),
  ),
  hello('an empty session id where ours was not', refusal('INVALID_SESSION_ID', Alert.illegal_parameter), (s) => {
    need(s.hello.sessionId.length > 0, 'the client sends no session id');
    s.serverHello({ sessionId: EMPTY });
  }),
  hello(
    'a cipher suite that was not offered',
    WRONG_SUITE,
    (s) => s.serverHello({ cipherSuite: unoffered(SUITES_13, s.hello.cipherSuites, 'suite') }),
    {
      cipherSuites: [0x1301],
    },
  ),
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
    (s) => {
      const group = unofferedGroup(s);
      s.serverHello({ share: { group, keyExchange: s.publicKey(group) } });
    },
    { groups: [0x0017], keyShares: [0x0017] },
  ),
  hello(
    'a key share of a group for which none was sent',
    refusal('WRONG_GROUP', Alert.illegal_parameter),
    (s) => {
      const group = groupWithoutShare(s);
      s.serverHello({ share: { group, keyExchange: s.publicKey(group) } });
    },
    { groups: [0x0017, 0x0018], keyShares: [0x0017] },
  ),
  hello(
    'a key share that is not on the curve',
    refusal('BAD_KEY_SHARE', Alert.illegal_parameter),
    (s) => {
      needShare(s, 0x0017);
      s.serverHello({ share: { group: 0x0017, keyExchange: concat([Uint8Array.of(4), new Uint8Array(64).fill(1)]) } });
    },
    { groups: [0x0017] },
  ),
  hello(
    'an X25519 share of low order',
    refusal('BAD_KEY_SHARE', Alert.illegal_parameter),
    (s) => {
      needShare(s, 0x001d);
      s.serverHello({ share: { group: 0x001d, keyExchange: new Uint8Array(32) } });
    },
    { groups: [0x001d] },
  ),
  hello(
    'a key share cut short',
    refusal('BAD_KEY_SHARE', Alert.illegal_parameter),
    (s) => {
      needShare(s, 0x001d);
      s.serverHello({ share: { group: 0x001d, keyExchange: new Uint8Array(31).fill(9) } });
    },
    { groups: [0x001d] },
  ),
  hello('a PSK that was never offered', NOT_OFFERED, (s) =>
    s.serverHello({ psk: { selected: 0, key: new Uint8Array(32) } }),
  ),
  hello('an extension in ServerHello that was not offered', NOT_OFFERED, (s) =>
    s.serverHello({ add: [{ type: 0x4242, data: EMPTY }] }),
  ),
  hello('a GREASE extension in ServerHello', NOT_OFFERED, (s) => {
    need(!s.hello.extensions.some(({ type }) => type === 0x0a0a), 'the client offers that extension');
    s.serverHello({ add: [{ type: 0x0a0a, data: EMPTY }] });
  }),
  hello(
    'ALPN in ServerHello, where it does not belong',
    refusal('MISPLACED_EXTENSION', Alert.illegal_parameter),
    (s) => s.serverHello({ add: [encodeExtension('encryptedExtensions', 'alpn', offeredProtocol(s))] }),
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
  hello('TLS 1.1', refusal('UNSUPPORTED_PROTOCOL', Alert.protocol_version), (s) => {
    need(s.offered.supportedVersions?.includes(0x0302) !== true, 'the client offers TLS 1.1');
    s.serverHello({ legacyVersion: 0x0302, extensions: [] });
  }),
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
      const [first, second] = [groupWithoutShare(s), sharedGroup(s)];
      s.helloRetryRequest(first);
      yield* s.clientHello();
      s.helloRetryRequest(second);
    },
  },
  hello(
    'HelloRetryRequest to the group for which a share was sent',
    refusal('WRONG_GROUP', Alert.illegal_parameter),
    (s) => s.helloRetryRequest(sharedGroup(s)),
    { groups: [0x0017], keyShares: [0x0017] },
  ),
  hello(
    'HelloRetryRequest to a group that was not offered',
    refusal('WRONG_GROUP', Alert.illegal_parameter),
    (s) => s.helloRetryRequest(unofferedGroup(s)),
    { groups: [0x0017], keyShares: [0x0017] },
  ),
  // RFC 9846 section 4.2.4: of the suites offered for TLS 1.3, which these are.
  hello(
    'HelloRetryRequest with a TLS 1.2 cipher suite',
    WRONG_SUITE,
    (s) => s.helloRetryRequest(groupWithoutShare(s), { cipherSuite: 0xc02b }),
    { groups: [0x0017, 0x0018], keyShares: [0x0017] },
  ),
  {
    version: 'TLSv1.3',
    name: 'another version selected after HelloRetryRequest',
    expect: refusal('WRONG_VERSION_ON_RETRY', Alert.illegal_parameter),
    options: { groups: [0x0017, 0x0018], keyShares: [0x0017] },
    *script(s): Script {
      yield* s.clientHello();
      s.helloRetryRequest(groupWithoutShare(s));
      yield* s.clientHello();
      s.serverHello({ extensions: encodeExtensions('serverHello', { supportedVersions: 0x0305 }) });
    },
  },
  hello('HelloRetryRequest that changes nothing', BAD_RETRY, (s) => s.helloRetryRequest(undefined)),
  hello(
    'HelloRetryRequest with pre_shared_key',
    NOT_OFFERED,
    (s) =>
      s.helloRetryRequest(groupWithoutShare(s), {
        add: [{ type: ExtensionType.pre_shared_key, data: Uint8Array.of(0, 0) }],
      }),
    { groups: [0x0017, 0x0018], keyShares: [0x0017] },
  ),
  hello('HelloRetryRequest with an empty cookie', refusal('ERROR_PARSING_EXTENSION', Alert.decode_error), (s) =>
    s.helloRetryRequest(undefined, { add: [{ type: ExtensionType.cookie, data: Uint8Array.of(0, 0) }] }),
  ),
  hello(
    'HelloRetryRequest with an extension that was not offered',
    NOT_OFFERED,
    (s) => s.helloRetryRequest(groupWithoutShare(s), { add: [{ type: 0x4242, data: EMPTY }] }),
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
      s.helloRetryRequest(groupWithoutShare(s), { add: [cookie] });
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
      s.helloRetryRequest(groupWithoutShare(s));
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
      s.helloRetryRequest(groupWithoutShare(s));
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
      const before =
        s.offered.keyShare
          ?.map(({ group }) => group)
          .filter((id) => s.provider.groups.some((each) => each.id === id && !each.kem)) ?? [];
      s.helloRetryRequest(groupWithoutShare(s));
      yield* s.clientHello();
      const [group = 0] = before;
      s.serverHello({ share: { group, keyExchange: s.publicKey(group) } });
    },
  },
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
  after('a CertificateRequest that was not invited', UNEXPECTED, (s) => {
    need(s.offered.postHandshakeAuth !== true, 'the client invites it');
    s.certificateRequest(undefined, Uint8Array.of(1));
  }),
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
