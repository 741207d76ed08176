/**
 * @module The handshake of a client: ClientHello, HelloRetryRequest, then TLS 1.3 or 1.2. Read this first.
 *
 *     ClientHello            ------>
 *                            <------   HelloRetryRequest, at most once      RFC 9846 section 4.2.4
 *     ClientHello'           ------>
 *                            <------   ServerHello                          section 4.2.3
 *     then flow/client13.ts, or flow/client12.ts
 */
import { tls12 } from '@ferrule/pure/parts/tls12';
import { SslErrorCode } from '@ferrule/result';
import { bytesEqual, hex16 } from '@ferrule/result/bytes';
import { messageName } from '@ferrule/result/names';
import { ExtensionType, HandshakeType, Version } from '@ferrule/result/numbers';
import type { CipherSuite, Group } from '../crypto/provider.ts';
import type { Effects } from '../effects.ts';
import { KeylogLabel } from '../keys/keylog.ts';
import { exporter13 } from '../keys/exporter.ts';
import { fail } from '../reason.ts';
import type { HandshakeMessage } from '../record/coalesce.ts';
import { fieldsOf } from '../session/session.ts';
import { recv, type Steps } from '../wait.ts';
import { decodeExtensions } from '../wire/extensions.ts';
import {
  decodeServerHello,
  downgradeSentinel,
  isHelloRetryRequest,
  selectedVersion,
  type ServerHello,
} from '../wire/server-hello.ts';
import { client13 } from './client13.ts';
import { type Hello, helloPair } from './hello-pair.ts';
import { offeredExtensions, type Offer, type Request } from './hello.ts';

/** From the first byte to the last of a handshake. */
export function* client(effects: Effects, request: Request): Steps<void> {
  // ── ClientHello, section 4.2.2; with ECH (RFC 9849) an outer one, and the one that is meant inside it ──
  const hellos = yield* helloPair(effects, request);
  yield* hellos.send(effects);
  if (hellos.meant.offer.earlyData !== undefined) yield* openEarlyData(effects, hellos.meant);

  // ── ServerHello or HelloRetryRequest ──
  let message = yield* recv(effects, 'ServerHello');
  let hello = serverHello(message);
  const version = negotiatedVersion(effects, hello);
  const { offer: first, transcript } = hellos.outer;
  // Never without the part: then 1.2 is not among the versions
  if (version === Version.tls12 && tls12 !== undefined) {
    refuseDowngrade(effects, hello);
    if (first.earlyData !== undefined)
      throw fail(
        'UNSUPPORTED_PROTOCOL',
        'the server chose TLS 1.2 although a TLS 1.3 session with early data was offered (RFC 9846 appendix D.3)',
      );
    effects.hs.settleVersion('TLSv1.2');
    effects.negotiated.settle('helloRetryRequested', false);
    hellos.reject(effects);
    return yield* tls12.client12(effects, first, transcript, message, hello);
  }
  effects.hs.settleVersion('TLSv1.3');
  // Middlebox compatibility, appendix E.4: before our second flight, whatever it will be.
  if (first.sessionId.length > 0 && first.earlyData === undefined) effects.hs.putChangeCipherSpec();
  const suite = checkHello13(effects, first, hello);
  hellos.start(suite.hash);

  // ── HelloRetryRequest, section 4.2.4 ──
  const retried = isHelloRetryRequest(hello);
  effects.negotiated.settle('helloRetryRequested', retried);
  if (retried) {
    const retry = { ...decodeRetry(effects, first, hello), hash: suite.hash };
    hellos.receiveRetry(effects, message, hello, suite.hash);
    effects.hs.aligned();
    if (first.earlyData !== undefined) {
      effects.negotiated.settle('earlyData', 'rejected');
      effects.hs.closeEarlyData();
    }
    yield* hellos.retry(effects, retry);
    yield* hellos.send(effects);
    message = yield* recv(effects, 'ServerHello');
    hello = serverHello(message);
    checkSecondHello(effects, hellos.outer.offer, hello, suite);
  }

  const settled = hellos.settle(effects, message, hello, suite.hash);
  yield* client13(effects, settled.offer, settled.transcript, { message, hello, suite });
}

/**
 * Section 4.3.10: from here on the caller may write, under keys of the first PSK. The pause lets writeEarlyData() do so
 * before the answer is read.
 */
function* openEarlyData(effects: Effects, { offer, transcript }: Hello): Steps<void> {
  const suite = effects.config.suites.find(
    ({ id }) => offer.earlyData !== undefined && id === fieldsOf(offer.earlyData).cipherSuite,
  );
  const early = offer.psks[0]?.early;
  if (offer.earlyData === undefined || early === undefined || suite === undefined)
    throw fail('INTERNAL_ERROR', 'early data without a session');
  if (offer.sessionId.length > 0) effects.hs.putChangeCipherSpec();
  const traffic = early.clientTraffic(transcript.digestAs(suite.hash));
  const exporter = early.exporter(transcript.digestAs(suite.hash));
  effects.hs.keylog(KeylogLabel.clientEarlyTraffic, offer.random, traffic.bytes);
  effects.hs.keylog(KeylogLabel.earlyExporter, offer.random, exporter.bytes);
  effects.hs.installWriteKeys({ level: 'early', suite, secret: traffic });
  traffic.dispose();
  effects.hs.openEarlyData(offer.earlyData.maxEarlyData, exporter13(suite.hash, exporter));
  yield SslErrorCode.wantWrite;
}

function serverHello(message: HandshakeMessage): ServerHello {
  if (message.type !== HandshakeType.server_hello)
    throw fail('UNEXPECTED_MESSAGE', `${messageName(message.type)} in place of ServerHello`);
  return decodeServerHello(message.body);
}

/** Section 4.3.1. */
function negotiatedVersion({ config }: Effects, hello: ServerHello): typeof Version.tls12 | typeof Version.tls13 {
  const version = selectedVersion(hello);
  if (version === Version.tls13 && config.versions.includes('TLSv1.3')) return version;
  if (version === Version.tls12 && config.versions.includes('TLSv1.2')) return version;
  throw fail('UNSUPPORTED_PROTOCOL', `the server chose version ${hex16(version)}`);
}

/** Section 4.2.3: a server that knows TLS 1.3 says so in its random when it negotiates less. */
function refuseDowngrade({ config }: Effects, hello: ServerHello): void {
  if (config.versions.includes('TLSv1.3') && downgradeSentinel(hello.random) !== undefined)
    throw fail('DOWNGRADE_DETECTED');
}

/** What a ServerHello of TLS 1.3 and a HelloRetryRequest have in common. */
function checkHello13({ config }: Effects, offer: Offer, hello: ServerHello): CipherSuite {
  // Fields that are only there for looks (RFC 9846 section 4.2.3), each with one value that it may have.
  if (hello.legacyVersion !== Version.tls12)
    throw fail('ILLEGAL_PARAMETER', `ServerHello: legacy_version is ${hex16(hello.legacyVersion)}, not 0x0303`);
  if (hello.compressionMethod !== 0) throw fail('DECODE_ERROR', 'ServerHello: legacy_compression_method is not 0');
  if (!bytesEqual(hello.sessionId, offer.sessionId))
    throw fail('INVALID_SESSION_ID', 'ServerHello: legacy_session_id_echo is not what was sent');
  const suite = config.suites.find(({ id, version }) => id === hello.cipherSuite && version === 'TLSv1.3');
  if (suite === undefined)
    throw fail('WRONG_CIPHER_SUITE', `the server chose cipher suite ${hex16(hello.cipherSuite)}`);
  return suite;
}

function checkSecondHello(effects: Effects, offer: Offer, hello: ServerHello, suite: CipherSuite): void {
  if (isHelloRetryRequest(hello)) throw fail('UNEXPECTED_MESSAGE', 'a second HelloRetryRequest');
  if (selectedVersion(hello) !== Version.tls13) throw fail('WRONG_VERSION_ON_RETRY');
  if (checkHello13(effects, offer, hello) !== suite)
    throw fail('WRONG_CIPHER_SUITE', 'the suite of the HelloRetryRequest is not that of the ServerHello');
}

/** Section 4.2.4: it must change something, and to something that was offered and not already sent. */
function decodeRetry(
  effects: Effects,
  offer: Offer,
  hello: ServerHello,
): { readonly group: Group | undefined; readonly cookie: Uint8Array | undefined } {
  const offered = new Set([...offeredExtensions(effects, offer), ExtensionType.cookie]);
  const { keyShare, cookie } = decodeExtensions('helloRetryRequest', hello.extensions, offered);
  if (keyShare === undefined && cookie === undefined)
    throw fail('BAD_HELLO_RETRY_REQUEST', 'a HelloRetryRequest that changes nothing');
  if (keyShare === undefined) return { group: undefined, cookie };
  const group = effects.config.groups.find(({ id }) => id === keyShare);
  if (group === undefined)
    throw fail('WRONG_GROUP', `the HelloRetryRequest asks for group ${keyShare}, which was not offered`);
  if (offer.keyPairs.some((pair) => pair.group === group))
    throw fail('WRONG_GROUP', `the HelloRetryRequest asks for ${group.name}, whose share was sent`);
  return { group, cookie };
}
