/** @module What OpenSSL itself does otherwise, each with its reason. A row that no longer differs fails the test. */
import { Alert, type TlsErrorCode } from '@ferrule/result';
import type { Backend } from '@ferrule/contract';
import type { Behaviour, Verdict } from './behaviour.ts';

export interface Known {
  /** What OpenSSL makes of it; without a code it sees nothing wrong. */
  readonly expect: Partial<Verdict>;
  readonly reason: string;
}

type Rows = Readonly<Record<string, readonly [code: TlsErrorCode | undefined, alert: number | null]>>;

const OTHER_NAME: Rows = {
  'TLSv1.3: a cipher suite that does not exist': ['UNKNOWN_CIPHER_SUITE', Alert.illegal_parameter],
  'TLSv1.3: a compression method': ['INVALID_COMPRESSION', Alert.illegal_parameter],
  'TLSv1.3: a key share of a group that was not offered': ['BAD_KEY_SHARE', Alert.illegal_parameter],
  'TLSv1.3: a key share of a group for which none was sent': ['BAD_KEY_SHARE', Alert.illegal_parameter],
  'TLSv1.3: ALPN in ServerHello, where it does not belong': ['ERROR_PARSING_EXTENSION', Alert.illegal_parameter],
  'TLSv1.3: an extension twice in ServerHello': ['ERROR_PARSING_EXTENSION', Alert.illegal_parameter],
  'TLSv1.3: supported_versions that says TLS 1.2': ['WRONG_VERSION_NUMBER', Alert.illegal_parameter],
  'TLSv1.3: supported_versions that says TLS 1.4': ['WRONG_VERSION_NUMBER', Alert.illegal_parameter],
  'TLSv1.3: application data in place of ServerHello': ['UNEXPECTED_MESSAGE', Alert.unexpected_message],
  'TLSv1.3: a change_cipher_spec with another byte than 1': ['BAD_CHANGE_CIPHER_SPEC', Alert.unexpected_message],
  'TLSv1.3: HelloRetryRequest to the group for which a share was sent': ['BAD_KEY_SHARE', Alert.illegal_parameter],
  'TLSv1.3: HelloRetryRequest to a group that was not offered': ['BAD_KEY_SHARE', Alert.illegal_parameter],
  'TLSv1.3: HelloRetryRequest with an empty cookie': ['BAD_HELLO_RETRY_REQUEST', Alert.illegal_parameter],
  'TLSv1.3: TLS 1.2 after HelloRetryRequest': ['UNSUPPORTED_PROTOCOL', Alert.protocol_version],
  'TLSv1.3: a share of another group than HelloRetryRequest asked for': ['BAD_KEY_SHARE', Alert.illegal_parameter],
  'TLSv1.3: EncryptedExtensions in the clear': ['UNEXPECTED_RECORD', Alert.unexpected_message],
  'TLSv1.3: key_share in EncryptedExtensions': ['ERROR_PARSING_EXTENSION', Alert.illegal_parameter],
  'TLSv1.3: an application protocol that was not offered': ['ERROR_PARSING_EXTENSION', Alert.decode_error],
  'TLSv1.3: a Certificate without certificates': ['DECODE_ERROR', Alert.decode_error],
  'TLSv1.3: a certificate that is no certificate': ['CERT_INVALID', Alert.bad_certificate],
  'TLSv1.3: a signature algorithm that was not offered': ['WRONG_GROUP', Alert.illegal_parameter],
  'TLSv1.3: an encrypted handshake record without content': ['DECODE_ERROR', Alert.unexpected_message],
  'TLSv1.3: an encrypted alert record without content': ['DECODE_ERROR', Alert.unexpected_message],
  'TLSv1.3: an alert in the clear once the keys are on': ['UNEXPECTED_RECORD', Alert.unexpected_message],
  'TLSv1.3: a KeyUpdate that asks for something unknown': ['DECODE_ERROR', Alert.illegal_parameter],
  'TLSv1.3: a KeyUpdate with two bytes': ['EXCESSIVE_MESSAGE_SIZE', Alert.illegal_parameter],
  'TLSv1.3: half a KeyUpdate, then data': ['EXCESS_HANDSHAKE_DATA', Alert.unexpected_message],
  'TLSv1.3: a ticket with an extension twice': ['ERROR_PARSING_EXTENSION', Alert.illegal_parameter],
  'TLSv1.3: data in the clear': ['UNEXPECTED_RECORD', Alert.unexpected_message],
  'TLSv1.2: a Certificate without certificates': ['DECODE_ERROR', Alert.decode_error],
  'TLSv1.2: change_cipher_spec before the client has sent its key exchange': ['UNEXPECTED_MESSAGE', Alert.unexpected_message],
  'TLSv1.2: Finished before the keys': ['UNEXPECTED_MESSAGE', Alert.unexpected_message],
  'TLSv1.2: no change_cipher_spec before Finished': ['UNEXPECTED_MESSAGE', Alert.unexpected_message],
  'TLSv1.2: change_cipher_spec twice': ['EXCESS_HANDSHAKE_DATA', Alert.unexpected_message],
  'TLSv1.2: application data in place of Finished': ['EXCESS_HANDSHAKE_DATA', Alert.unexpected_message],
  'TLSv1.2: a ticket that was not announced': ['UNEXPECTED_MESSAGE', Alert.unexpected_message],
  'TLSv1.2: half a message, then change_cipher_spec': ['BAD_CHANGE_CIPHER_SPEC', Alert.unexpected_message],
};

const IGNORED: Rows = {
  'TLSv1.3: an extension in ServerHello that was not offered': ['UNEXPECTED_EOF', null],
  'TLSv1.3: a GREASE extension in ServerHello': ['UNEXPECTED_EOF', null],
  'TLSv1.3: HelloRetryRequest with an extension that was not offered': ['UNEXPECTED_EOF', null],
  'TLSv1.3: an extension in EncryptedExtensions that was not offered': ['UNEXPECTED_EOF', null],
  'TLSv1.2: an extension that was not offered': ['UNEXPECTED_EOF', null],
};

const SILENT: Rows = {
  'TLSv1.3: a record of another protocol version than 3.x': ['WRONG_VERSION_NUMBER', null],
  'TLSv1.3: plain HTTP': ['HTTP_REQUEST', null],
};

const OTHER_ALERT: Rows = {
  'TLSv1.3: a Finished cut short': ['PEER_BAD_FINISHED', Alert.decode_error],
  'TLSv1.3: an alert of three bytes': ['BAD_ALERT', Alert.unexpected_message],
  'TLSv1.2: renegotiation_info that is not empty': ['RENEGOTIATION_MISMATCH', Alert.illegal_parameter],
  'TLSv1.2: a signature algorithm that was not offered': ['WRONG_SIGNATURE_TYPE', Alert.handshake_failure],
  'TLSv1.2: a Finished cut short': ['PEER_BAD_FINISHED', Alert.decode_error],
};

const COUNTED: Rows = {
  'TLSv1.3: a flood of KeyUpdates': ['TOO_MANY_KEY_UPDATES', null],
};

const WARNING: Rows = {
  'TLSv1.3: a warning alert that TLS 1.3 does not have': ['PEER_ALERT', null],
};

const LEVEL: Rows = {
  'TLSv1.3: an alert of an unknown level': [undefined, null],
};

const FORMATS: Rows = {
  'TLSv1.2: point formats without the uncompressed one': ['UNEXPECTED_EOF', null],
};

const explain = (rows: Rows, reason: string): [string, Known][] => Object.entries(rows).map(([title, [code, alert]]) => [title, { expect: { ...(code && { code }), alert }, reason }]);

const NATIVE: ReadonlyMap<string, Known> = new Map([
  ...explain(OTHER_NAME, 'OpenSSL has another reason for it, or one for several things. The peer is refused at the same step, nothing of its data is read, and the alert is one that fits.'),
  ...explain(IGNORED, 'OpenSSL passes over extensions of a server that it does not know, and goes on; here the server then hangs up.'),
  ...explain(SILENT, 'What comes is no TLS, and OpenSSL sends no alert to somebody who would not understand it.'),
  ...explain(OTHER_ALERT, 'OpenSSL chooses another alert. The peer is refused at the same step, for the same reason.'),
  ...explain(COUNTED, 'OpenSSL has no limit of its own; ours is counted beside it, and there is no way to have it send an alert.'),
  ...explain(WARNING, 'OpenSSL takes every alert of TLS 1.3 but close_notify and user_canceled for a fatal one, whatever level it says: the connection ends as by the peer.'),
  ...explain(LEVEL, 'OpenSSL does not look at the level of close_notify: the connection is closed, and nothing that follows is read.'),
  ...explain(FORMATS, 'OpenSSL does not look at the point formats of a server whose points it understands anyway; here the server then hangs up.'),
]);

/** The titles of all known differences. */
export const KNOWN_TITLES: readonly string[] = [...NATIVE.keys()];

/** The known difference of this engine, if there is one. */
export const knownOf = (backend: Backend, behaviour: Behaviour): Known | undefined =>
  backend.name === 'native' ? NATIVE.get(`${behaviour.version}: ${behaviour.name}`) : undefined;
