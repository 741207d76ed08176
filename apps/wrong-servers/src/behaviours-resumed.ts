/** @module Wrong servers to which the client comes back with a session, some of it with early data. */
import { Alert } from '@ferrule/result';
import { encodeExtension, encodeExtensions, ExtensionType } from '@ferrule/pure/wire';
import { POISON, type Behaviour, type Verdict } from './behaviour.ts';
import { need } from './offer.ts';
import type { Script } from './peer.ts';
import type { Server12 } from './server12.ts';
import type { Server13 } from './server13.ts';

const refusal = (code: Verdict['code'], alert: number | null): Verdict => ({ code, alert });
const UNEXPECTED = refusal('UNEXPECTED_MESSAGE', Alert.unexpected_message);
const ANOTHER_SUITE = refusal('RESUMPTION_MISMATCH', Alert.illegal_parameter);
const EARLY = refusal('UNEXPECTED_EARLY_DATA', Alert.illegal_parameter);
const ECDSA_CHACHA = 0xcca9;

/** A handshake as it should be, and its session by id. */
const full12 = (s: Server12): Script => s.handshake();

/** A handshake as it should be, and a ticket that allows early data. */
const ticket13 = (alpn?: string) =>
  function* (s: Server13): Script {
    yield* s.clientHello();
    s.serverHello();
    s.flight(alpn === undefined ? [] : [encodeExtension('encryptedExtensions', 'alpn', Buffer.from(alpn))]);
    yield* s.clientFinished();
    s.newSessionTicket({ extensions: encodeExtensions('newSessionTicket', { earlyData: 1000 }) });
  };

/** The session of before is offered, and this suite, which another one was chosen before. */
function needSession12(s: Server12, first: Server12, suite: number | undefined): void {
  need(Buffer.from(s.hello.sessionId).equals(first.sessionId), WITHOUT_SESSION);
  need(suite === undefined || (s.hello.cipherSuites.includes(suite) && first.cipher.id !== suite), NO_SUITE);
}
function needSession13(s: Server13, first: Server13, suite: number | undefined): void {
  need(s.offered.preSharedKey !== undefined, WITHOUT_SESSION);
  need(suite === undefined || (s.hello.cipherSuites.includes(suite) && first.cipher.id !== suite), NO_SUITE);
}
const WITHOUT_SESSION = 'the client comes back without its session';
const NO_SUITE = 'the client leaves no other cipher suite to pick';

interface More {
  readonly options?: Behaviour['options'];
  /** The suite of the second connection. */
  readonly suite?: number;
}

const resumed12 = (
  name: string,
  expect: Verdict,
  act: (s: Server12, first: Server12) => void,
  { options, suite }: More = {},
): Behaviour => ({
  version: 'TLSv1.2',
  name,
  expect,
  ...(options && { options }),
  before: full12,
  *script(s, first): Script {
    if (suite !== undefined) s.cipher = s.suite(suite);
    yield* s.clientHello();
    needSession12(s, first, suite);
    act(s, first);
    yield* s.clientFinished();
    s.sendData(POISON);
  },
});

const resumed13 = (
  name: string,
  expect: Verdict,
  act: (s: Server13, first: Server13) => void,
  { suite }: More = {},
): Behaviour => ({
  version: 'TLSv1.3',
  name,
  expect,
  before: ticket13(),
  *script(s, first): Script {
    if (suite !== undefined) s.cipher = s.suite(suite);
    yield* s.clientHello();
    needSession13(s, first, suite);
    act(s, first);
    yield* s.clientFinished();
    s.sendData(POISON);
  },
});

const early13 = (
  name: string,
  expect: Verdict,
  act: (s: Server13, first: Server13) => void,
  options?: Behaviour['options'],
): Behaviour => ({
  version: 'TLSv1.3',
  name,
  expect,
  ...(options && { options }),
  before: ticket13(options?.alpn?.[0]?.toString()),
  early: 'early',
  *script(s, first): Script {
    yield* s.clientHello();
    s.readEarly(first.ticketPsk);
    act(s, first);
    s.sendData(POISON);
  },
});
const EARLY_DATA = encodeExtension('encryptedExtensions', 'earlyData', true);

const RESUMED_12: readonly Behaviour[] = [
  resumed12(
    'a session taken up without the extended master secret that it was made with',
    refusal('EXTENDED_MASTER_SECRET_CHANGED', Alert.handshake_failure),
    (s, first) => {
      s.serverHello({ sessionId: s.hello.sessionId, without: [ExtensionType.extended_master_secret] });
      s.resume(first);
      s.finish();
    },
  ),
  resumed12(
    'a session taken up with another cipher suite',
    ANOTHER_SUITE,
    (s, first) => {
      s.serverHello({ sessionId: s.hello.sessionId });
      s.resume(first);
      s.finish();
    },
    { suite: ECDSA_CHACHA },
  ),
  resumed12(
    'a session taken up with a wrong Finished',
    refusal('PEER_BAD_FINISHED', Alert.decrypt_error),
    (s, first) => {
      s.serverHello({ sessionId: s.hello.sessionId });
      s.resume(first);
      s.sendChangeCipherSpec();
      s.useKeys();
      s.finished({ corrupt: true });
    },
  ),
  resumed12(
    'a session taken up, and a Certificate',
    refusal('UNEXPECTED_RECORD', Alert.unexpected_message),
    (s, first) => {
      s.serverHello({ sessionId: s.hello.sessionId });
      s.certificate();
      s.resume(first);
      s.finish();
    },
  ),
];

const RESUMED_13: readonly Behaviour[] = [
  resumed13(
    'a PSK taken up with a cipher suite of another hash',
    ANOTHER_SUITE,
    (s, first) => {
      s.serverHello({ psk: { selected: 0, key: first.ticketPsk } });
      s.encryptedExtensions();
      s.finished();
    },
    { suite: 0x1302 },
  ),
  resumed13(
    'a PSK that is not among those offered',
    refusal('PSK_IDENTITY_NOT_FOUND', Alert.illegal_parameter),
    (s, first) => {
      const selected = s.offered.preSharedKey?.identities.length ?? 1;
      s.serverHello({ psk: { selected, key: first.ticketPsk } });
      s.encryptedExtensions();
      s.finished();
    },
  ),
  resumed13('a HelloRetryRequest that selects a PSK', refusal('MISPLACED_EXTENSION', Alert.illegal_parameter), (s) =>
    s.helloRetryRequest(0x0018, { add: encodeExtensions('serverHello', { preSharedKey: 0 }) }),
  ),
  resumed13('a PSK without a key share', refusal('MISSING_KEY_SHARE', Alert.missing_extension), (s) => {
    s.serverHello({ extensions: encodeExtensions('serverHello', { supportedVersions: 0x0304, preSharedKey: 0 }) });
  }),
  // Our alert is under keys that such a server has not.
  resumed13('a PSK taken up by one who does not know it', refusal('BAD_RECORD_MAC', null), (s) => {
    s.serverHello({ psk: { selected: 0, key: new Uint8Array(32) } });
    s.encryptedExtensions();
    s.finished();
  }),
  resumed13('a PSK taken up, and a Certificate', UNEXPECTED, (s, first) => {
    s.serverHello({ psk: { selected: 0, key: first.ticketPsk } });
    s.flight();
  }),
  resumed13('a PSK taken up with a wrong Finished', refusal('PEER_BAD_FINISHED', Alert.decrypt_error), (s, first) => {
    s.serverHello({ psk: { selected: 0, key: first.ticketPsk } });
    s.encryptedExtensions();
    s.finished({ corrupt: true });
  }),
  early13('early data accepted with another cipher suite', EARLY, (s, first) => {
    s.cipher = s.suite(0x1303);
    s.serverHello({ psk: { selected: 0, key: first.ticketPsk }, early: true });
    s.encryptedExtensions([EARLY_DATA]);
    s.finished();
  }),
  early13(
    'early data accepted with another application protocol',
    EARLY,
    (s, first) => {
      s.serverHello({ psk: { selected: 0, key: first.ticketPsk }, early: true });
      s.encryptedExtensions([encodeExtension('encryptedExtensions', 'alpn', Buffer.from('http/1.1')), EARLY_DATA]);
      s.finished();
    },
    { alpn: ['h2', 'http/1.1'] },
  ),
  early13(
    'early data accepted without an application protocol where the session had one',
    EARLY,
    (s, first) => {
      s.serverHello({ psk: { selected: 0, key: first.ticketPsk }, early: true });
      s.encryptedExtensions([EARLY_DATA]);
      s.finished();
    },
    { alpn: ['h2', 'http/1.1'] },
  ),
  early13('early data accepted without the PSK', refusal('UNEXPECTED_EXTENSION', Alert.unsupported_extension), (s) => {
    s.serverHello({ early: true });
    s.flight([EARLY_DATA]);
  }),
  early13('early data, then TLS 1.2', refusal('UNSUPPORTED_PROTOCOL', Alert.protocol_version), (s) =>
    s.serverHello({ cipherSuite: 0xc02b, extensions: [], withoutKeys: true }),
  ),
];

/** Good servers: one that gives a session, and one that takes it up. */
interface Good<S> {
  readonly before: (server: S) => Script;
  script(server: S, first: S): Script;
}
export const GOOD_12: Good<Server12> = {
  before: full12,
  *script(s: Server12, first: Server12): Script {
    yield* s.clientHello();
    needSession12(s, first, undefined);
    s.serverHello({ sessionId: s.hello.sessionId });
    s.resume(first);
    s.finish();
    yield* s.clientFinished();
  },
};
export const GOOD_13: Good<Server13> = {
  before: ticket13(),
  *script(s: Server13, first: Server13): Script {
    yield* s.clientHello();
    needSession13(s, first, undefined);
    s.serverHello({ psk: { selected: 0, key: first.ticketPsk } });
    s.encryptedExtensions();
    s.finished();
    yield* s.clientFinished();
  },
};

export const BEHAVIOURS_RESUMED: readonly Behaviour[] = [...RESUMED_12, ...RESUMED_13];
