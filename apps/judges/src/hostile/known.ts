/** @module What OpenSSL itself does otherwise, each with its reason. A row that no longer differs fails the test. */
import { Alert, type TlsErrorCode } from '@ferrule/result';
import type { Backend } from '@ferrule/contract';
import type { Behaviour, Verdict } from '@ferrule/wrong-servers/behaviour';

export interface Known {
  /** What the native engine makes of it. */
  readonly expect: Verdict;
  readonly reason: string;
}

type Rows = Readonly<Record<string, readonly [code: TlsErrorCode, alert: number | null]>>;

const OTHER_NAME: Rows = {
  'TLSv1.3: application data in place of ServerHello': ['UNEXPECTED_MESSAGE', Alert.unexpected_message],
  'TLSv1.3: a change_cipher_spec with another byte than 1': ['BAD_CHANGE_CIPHER_SPEC', Alert.unexpected_message],
  'TLSv1.3: EncryptedExtensions in the clear': ['UNEXPECTED_RECORD', Alert.unexpected_message],
  'TLSv1.3: an encrypted handshake record without content': ['DECODE_ERROR', Alert.unexpected_message],
  'TLSv1.3: an encrypted alert record without content': ['DECODE_ERROR', Alert.unexpected_message],
  'TLSv1.3: an alert in the clear once the keys are on': ['UNEXPECTED_RECORD', Alert.unexpected_message],
  'TLSv1.3: a KeyUpdate with two bytes': ['EXCESSIVE_MESSAGE_SIZE', Alert.illegal_parameter],
  'TLSv1.3: half a KeyUpdate, then a warning': ['EXCESS_HANDSHAKE_DATA', Alert.unexpected_message],
  'TLSv1.3: half a KeyUpdate, then close_notify': ['EXCESS_HANDSHAKE_DATA', Alert.unexpected_message],
  'TLSv1.3: half a KeyUpdate, then a fatal alert': ['EXCESS_HANDSHAKE_DATA', Alert.unexpected_message],
  'TLSv1.3: half a KeyUpdate, then data': ['EXCESS_HANDSHAKE_DATA', Alert.unexpected_message],
  'TLSv1.3: data in the clear': ['UNEXPECTED_RECORD', Alert.unexpected_message],
  'TLSv1.2: change_cipher_spec before the client has sent its key exchange': [
    'UNEXPECTED_MESSAGE',
    Alert.unexpected_message,
  ],
  'TLSv1.2: Finished before the keys': ['UNEXPECTED_MESSAGE', Alert.unexpected_message],
  'TLSv1.2: no change_cipher_spec before Finished': ['UNEXPECTED_MESSAGE', Alert.unexpected_message],
  'TLSv1.2: change_cipher_spec twice': ['EXCESS_HANDSHAKE_DATA', Alert.unexpected_message],
  'TLSv1.2: application data in place of Finished': ['EXCESS_HANDSHAKE_DATA', Alert.unexpected_message],
  'TLSv1.2: a ticket that was not announced': ['UNEXPECTED_MESSAGE', Alert.unexpected_message],
  'TLSv1.3: a stapled response of no bytes': ['DECODE_ERROR', Alert.decode_error],
  'TLSv1.2: a ServerHelloDone with a body': ['EXCESSIVE_MESSAGE_SIZE', Alert.illegal_parameter],
  'TLSv1.2: a HelloRequest with a body': ['EXCESSIVE_MESSAGE_SIZE', Alert.illegal_parameter],
  'TLSv1.2: a session taken up, and a Certificate': ['UNEXPECTED_MESSAGE', Alert.unexpected_message],
  'TLSv1.3: early data accepted without the PSK': ['ERROR_PARSING_EXTENSION', Alert.illegal_parameter],
  'TLSv1.2: half a message, then change_cipher_spec': ['BAD_CHANGE_CIPHER_SPEC', Alert.unexpected_message],
};

const SILENT: Rows = {
  'TLSv1.3: a record of another protocol version than 3.x': ['WRONG_VERSION_NUMBER', null],
  'TLSv1.3: plain HTTP': ['HTTP_REQUEST', null],
};

const OTHER_ALERT: Rows = {
  'TLSv1.3: a Finished cut short': ['PEER_BAD_FINISHED', Alert.decode_error],
  'TLSv1.3: an alert of three bytes': ['BAD_ALERT', Alert.unexpected_message],
  'TLSv1.2: a Finished cut short': ['PEER_BAD_FINISHED', Alert.decode_error],
  'TLSv1.2: a no_renegotiation that nobody asked for': ['BAD_ALERT', Alert.handshake_failure],
};

const EARLY: Rows = {
  'TLSv1.3: early data accepted with another cipher suite': ['UNEXPECTED_EARLY_DATA', null],
  'TLSv1.3: early data, then TLS 1.2': ['UNSUPPORTED_PROTOCOL', null],
};

const CLEAR: Rows = {
  'TLSv1.3: a PSK taken up by one who does not know it': ['BAD_RECORD_MAC', Alert.bad_record_mac],
};

const ANSWERED: Rows = {
  'TLSv1.2: a flood of HelloRequests, which are to be ignored': ['TOO_MANY_MESSAGES', Alert.no_renegotiation],
};

const COUNTED: Rows = {
  'TLSv1.3: a flood of KeyUpdates': ['TOO_MANY_KEY_UPDATES', null],
  'TLSv1.3: a warning alert that TLS 1.3 does not have': ['BAD_ALERT', null],
  'TLSv1.3: an alert of an unknown level': ['UNKNOWN_ALERT_LEVEL', null],
};

const HEADERLESS: Rows = {
  'TLSv1.3: half an EncryptedExtensions, then a warning': ['UNEXPECTED_EOF', null],
};

const LATE_ANSWER: Rows = {
  'TLSv1.2: close_notify in place of Finished': ['PEER_ALERT', null],
};

const explain = (rows: Rows, reason: string): [string, Known][] =>
  Object.entries(rows).map(([title, [code, alert]]) => [title, { expect: { code, alert }, reason }]);

const NATIVE: ReadonlyMap<string, Known> = new Map([
  ...explain(
    OTHER_NAME,
    'OpenSSL has another reason for it, or one for several things. The peer is refused at the same step, nothing of its data is read, and the alert is one that fits.',
  ),
  ...explain(SILENT, 'What comes is no TLS, and OpenSSL sends no alert to somebody who would not understand it.'),
  ...explain(OTHER_ALERT, 'OpenSSL chooses another alert. The peer is refused at the same step, for the same reason.'),
  ...explain(
    HEADERLESS,
    'Under the keys of TLS 1.3, OpenSSL shows that a message has begun when its header is whole, and these are three bytes of it. The handshake ends all the same.',
  ),
  ...explain(
    LATE_ANSWER,
    'Our Finished has gone out under keys, and OpenSSL sends no close_notify before the handshake is done. Both sides close.',
  ),
  ...explain(
    EARLY,
    'OpenSSL sees nothing wrong in it, or has another alert; ours could only go in the clear, which is over once early data has gone out under keys.',
  ),
  ...explain(
    CLEAR,
    'OpenSSL turns on its handshake keys for writing with its second flight, so that even a server without them can read the alert.',
  ),
  ...explain(
    ANSWERED,
    'OpenSSL answers each with a warning, as RFC 5246 section 7.4.1.1 allows. We count them, after the handshake, where there is no way to have it send an alert.',
  ),
  ...explain(
    COUNTED,
    'OpenSSL sees nothing wrong in it; we do, after the handshake, where there is no way to have it send an alert.',
  ),
]);

/** What newer ones do otherwise than 3.0. */
const SINCE_3_5: ReadonlyMap<string, Known> = new Map(
  explain(
    { 'TLSv1.3: a change_cipher_spec after the handshake': ['UNEXPECTED_RECORD', null] },
    'OpenSSL passes over it from 3.5 on; we do not, and there is no way to have it send an alert.',
  ),
);

/** The titles of all known differences. */
export const KNOWN_TITLES: readonly string[] = [...NATIVE.keys(), ...SINCE_3_5.keys()];

/** The known difference of this engine, if there is one. */
export function knownOf(backend: Backend, { version, name }: Behaviour): Known | undefined {
  if (backend.name !== 'native') return undefined;
  const title = `${version}: ${name}`;
  const minor = Number(/^OpenSSL 3\.(\d+)/.exec(backend.engine)?.[1] ?? 0);
  return NATIVE.get(title) ?? (minor >= 5 ? SINCE_3_5.get(title) : undefined);
}
