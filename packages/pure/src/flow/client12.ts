/**
 * @module TLS 1.2 from the ServerHello on, full and abbreviated: RFC 5246 section 7.3, figures 1 and 2, with ECDHE
 * (RFC 8422), an AEAD, extended master secret (RFC 7627) and tickets (RFC 5077).
 *
 *     full                                            abbreviated
 *     <------ ServerHello                             <------ ServerHello, the session taken up
 *             Certificate, CertificateStatus*                 NewSessionTicket*
 *             ServerKeyExchange                               [ChangeCipherSpec] Finished
 *             CertificateRequest*, ServerHelloDone    ------> [ChangeCipherSpec] Finished
 *     ------> Certificate*
 *             ClientKeyExchange, CertificateVerify*
 *             [ChangeCipherSpec] Finished
 *     <------ NewSessionTicket*
 *             [ChangeCipherSpec] Finished
 */
import { clientCertificates } from '@ferrule/pure/parts/client-certificates';
import { EMPTY, hex16, secretsEqual } from '@ferrule/result/bytes';
import { messageName } from '@ferrule/result/names';
import { HandshakeType } from '@ferrule/result/numbers';
import { givenCredential } from '@ferrule/ssl';
import { type FinishedVerified, verifyFinished } from '../auth/finished.ts';
import {
  type ChainVerified,
  type SignatureVerified,
  verifyChain,
  verifyServerKeyExchange,
  type VerifiedPeer,
} from '../auth/verify.ts';
import type { CipherSuite } from '../crypto/provider.ts';
import type { PostHandshake, Effects } from '../effects.ts';
import { exporter12 } from '../keys/exporter.ts';
import { KeylogLabel } from '../keys/keylog.ts';
import { extendedMasterSecret, keyBlock, masterSecret, verifyData, writeKeys } from '../keys/schedule12.ts';
import type { Secret } from '../keys/secret.ts';
import type { Transcript } from '../keys/transcript.ts';
import { MAX_MESSAGES_IN_A_ROW, SESSION_LIFETIME_12 } from '../limits.ts';
import { fail } from '../reason.ts';
import type { HandshakeMessage } from '../record/coalesce.ts';
import { continueSession } from '../session/resume.ts';
import { flush, recv, type Steps } from '../wait.ts';
import {
  decodeCertificate12,
  decodeRawPublicKey12,
  encodeCertificate12,
  encodeRawPublicKey12,
} from '../wire/certificate.ts';
import { decodeCertificateRequest12, type CertificateRequest12 } from '../wire/certificate-request.ts';
import { decodeCertificateStatus } from '../wire/certificate-status.ts';
import { encodeCertificateVerify } from '../wire/certificate-verify.ts';
import { encodeClientKeyExchange } from '../wire/client-key-exchange.ts';
import { decodeEmpty } from '../wire/empty.ts';
import type { ServerHello12Extensions } from '../wire/extension-values.ts';
import { decodeExtensions } from '../wire/extensions.ts';
import { encodeFinished } from '../wire/finished.ts';
import { decodeNewSessionTicket12, type NewSessionTicket12 } from '../wire/new-session-ticket.ts';
import type { ServerHello } from '../wire/server-hello.ts';
import { decodeServerKeyExchange, type ServerKeyExchange } from '../wire/server-key-exchange.ts';
import { keyShare, sharedSecret } from './exchange.ts';
import {
  chosenCertificateType,
  clientCertificateType,
  disposePsks,
  disposeShares,
  offeredExtensions,
  type Offer,
  type OfferedSession12,
} from './hello.ts';
import { expect, mustBe, send, settleProtocol } from './messages.ts';
import { established, resumed } from './proof.ts';
import { giveSession } from './session.ts';

/** What the ServerHello settled. */
interface Settled {
  readonly offer: Offer;
  readonly hello: ServerHello;
  readonly suite: CipherSuite;
  readonly extensions: ServerHello12Extensions;
  readonly transcript: Transcript;
}

export function* client12(
  effects: Effects,
  offer: Offer,
  transcript: Transcript,
  message: HandshakeMessage,
  hello: ServerHello,
): Steps<void> {
  disposeShares(effects, offer);
  disposePsks(offer);

  // ── ServerHello, section 7.4.1.3 ──
  const session = continuedSession(offer, hello);
  if (session === undefined) offer.session12?.master.dispose();
  const suite = chosenSuite(effects, hello);
  if (session !== undefined && session.fields.cipherSuite !== suite.id)
    throw fail('RESUMPTION_MISMATCH', 'the server takes up the session with another cipher suite');
  const extensions = readExtensions(effects, offer, hello);
  transcript.start(suite.hash);
  transcript.add(message.raw);
  const settled = { offer, hello, suite, extensions, transcript };
  effects.negotiated.settle('cipherSuite', suite.id);
  effects.negotiated.settle('sessionReused', session !== undefined);
  if (session === undefined) yield* full(effects, settled);
  else yield* abbreviated(effects, settled, session);
}

/** Figure 1. */
function* full(effects: Effects, settled: Settled): Steps<void> {
  const { hello, offer, suite, transcript } = settled;
  requireExtendedMasterSecret(effects, settled.extensions);

  // ── Certificate, CertificateStatus, ServerKeyExchange, CertificateRequest, ServerHelloDone ──
  const server = yield* authenticateServer(effects, settled);
  // Keys change in our next flight, and in the server's: nothing may be left of this one.
  effects.hs.aligned();

  // ── Certificate, ClientKeyExchange, CertificateVerify ──
  const certify = server.request === undefined ? undefined : yield* sendCertificate(effects, settled, server.request);
  const premaster = yield* exchangeKeys(effects, settled, server.exchange);
  const master = settled.extensions.extendedMasterSecret
    ? extendedMasterSecret(suite.hash, premaster, transcript.digest())
    : masterSecret(suite.hash, premaster, offer.random, hello.random);
  if (certify !== undefined) yield* certify();
  transcript.forget();

  // ── Finished, both ways ──
  const block = deriveKeys(effects, settled, master);
  yield* sendFinished(effects, settled, master, block);
  const { ticket, finished } = yield* readFinished(effects, settled, master, block);
  remember(effects, settled, master, ticket, hello.sessionId);
  effects.hs.done(established(server.chain, server.signature, finished), afterwards(effects, settled, master, block));
}

/** Figure 2. */
function* abbreviated(effects: Effects, settled: Settled, { fields, master }: OfferedSession12): Steps<void> {
  // RFC 7627 section 5.3: both handshakes have it, or neither.
  if ((settled.extensions.extendedMasterSecret ?? false) !== fields.extendedMasterSecret)
    throw fail('EXTENDED_MASTER_SECRET_CHANGED');
  if (fields.group !== undefined) effects.negotiated.settle('group', fields.group);
  if (settled.offer.peer === undefined) throw fail('INTERNAL_ERROR', 'a session on offer without its peer');
  const continues = continueSession(effects, settled.offer.peer);

  settled.transcript.forget();
  const block = deriveKeys(effects, settled, master);
  const { ticket, finished } = yield* readFinished(effects, settled, master, block);
  yield* sendFinished(effects, settled, master, block);
  if (ticket !== undefined) remember(effects, settled, master, ticket, EMPTY);
  effects.hs.done(resumed(continues, finished), afterwards(effects, settled, master, block));
}

function chosenSuite({ config }: Effects, hello: ServerHello): CipherSuite {
  const suite = config.suites.find(({ id, version }) => id === hello.cipherSuite && version === 'TLSv1.2');
  if (suite === undefined)
    throw fail('WRONG_CIPHER_SUITE', `the server chose cipher suite ${hex16(hello.cipherSuite)}`);
  if (hello.compressionMethod !== 0) throw fail('INVALID_COMPRESSION');
  return suite;
}

/**
 * The session that was offered, if the server echoes the session id that stands for it (RFC 5246 section 7.4.1.3, RFC
 * 5077 section 3.4).
 */
function continuedSession(offer: Offer, hello: ServerHello): OfferedSession12 | undefined {
  if (hello.sessionId.length === 0 || !secretsEqual(hello.sessionId, offer.sessionId)) return undefined;
  const session = offer.session12;
  // Without a session, the id was only there for looks (RFC 9846 appendix E.4): no server can know it.
  if (session === undefined)
    throw fail('INVALID_SESSION_ID', 'the server echoes a session id that belongs to no session');
  return session;
}

function readExtensions(effects: Effects, offer: Offer, hello: ServerHello): ServerHello12Extensions {
  const { config } = effects;
  const extensions = decodeExtensions('serverHello12', hello.extensions, offeredExtensions(effects, offer));
  // RFC 5746 section 3.4: empty in an initial handshake. A server without it may be made to renegotiate behind our
  // back.
  if (extensions.renegotiationInfo === undefined && config.secureRenegotiation === 'require') {
    throw fail('RENEGOTIATION_MISMATCH', 'the server does not know renegotiation_info');
  }
  if ((extensions.renegotiationInfo?.length ?? 0) > 0)
    throw fail('RENEGOTIATION_MISMATCH', 'renegotiation_info is not empty in an initial handshake');
  settleProtocol(effects, extensions.alpn);
  effects.negotiated.settle('extendedMasterSecret', extensions.extendedMasterSecret ?? false);
  if (extensions.recordSizeLimit !== undefined) effects.hs.limitRecords(extensions.recordSizeLimit);
  return extensions;
}

function requireExtendedMasterSecret({ config }: Effects, extensions: ServerHello12Extensions): void {
  if (extensions.extendedMasterSecret === undefined && config.extendedMasterSecret === 'require')
    throw fail('NO_EXTENDED_MASTER_SECRET');
}

/** What the server's first flight proves, and asks for. */
interface Authenticated {
  readonly chain: ChainVerified;
  readonly signature: SignatureVerified;
  readonly exchange: ServerKeyExchange;
  readonly request: CertificateRequest12 | undefined;
}

/** Sections 7.4.2 to 7.4.5. */
function* authenticateServer(effects: Effects, settled: Settled): Steps<Authenticated> {
  const { offer, hello, transcript, extensions } = settled;
  const certificate = yield* expect(effects, 'Certificate', HandshakeType.certificate);
  transcript.add(certificate.raw);

  let ahead: HandshakeMessage | undefined;
  let ocspResponse: Uint8Array | undefined;
  // RFC 6066 section 8: a server that said it would staple a response may still leave it out.
  if (extensions.statusRequest) {
    ahead = yield* recv(effects, 'CertificateStatus or ServerKeyExchange');
    if (ahead.type === HandshakeType.certificate_status) {
      ocspResponse = decodeCertificateStatus(ahead.body).slice();
      transcript.add(ahead.raw);
      ahead = undefined;
    }
  }
  const peer = yield* readCertificate(effects, settled, certificate, ocspResponse);

  let message = ahead ?? (yield* recv(effects, 'ServerKeyExchange'));
  mustBe(message, 'ServerKeyExchange', HandshakeType.server_key_exchange);
  const exchange = decodeServerKeyExchange(message.body);
  const signature = yield* verifyServerKeyExchange(effects, peer.key, exchange, offer.random, hello.random);
  transcript.add(message.raw);

  message = yield* recv(effects, 'CertificateRequest or ServerHelloDone');
  let request: CertificateRequest12 | undefined;
  if (message.type === HandshakeType.certificate_request) {
    request = decodeCertificateRequest12(message.body);
    transcript.add(message.raw);
    message = yield* recv(effects, 'ServerHelloDone');
  }
  mustBe(message, 'ServerHelloDone', HandshakeType.server_hello_done);
  decodeEmpty(HandshakeType.server_hello_done, message.body);
  transcript.add(message.raw);
  return { chain: peer.chain, signature, exchange, request };
}

function readCertificate(
  effects: Effects,
  settled: Settled,
  { body }: HandshakeMessage,
  ocspResponse: Uint8Array | undefined,
): Steps<VerifiedPeer> {
  const { offer, suite, extensions } = settled;
  const kind = chosenCertificateType(effects.config.serverCertificateTypes, extensions.serverCertificateType);
  return verifyChain(effects, {
    host: offer.request.host?.name,
    suite,
    kind,
    certificates: (kind === 'raw-public-key' ? [decodeRawPublicKey12(body)] : decodeCertificate12(body)).map((each) =>
      each.slice(),
    ),
    ocspResponse,
    signedCertificateTimestamps: extensions.signedCertificateTimestamp?.slice(),
  });
}

/** Our Certificate (section 7.4.6), maybe empty; returns what is to be sent behind ClientKeyExchange, if anything. */
function* sendCertificate(
  effects: Effects,
  { transcript, extensions }: Settled,
  request: CertificateRequest12,
): Steps<(() => Steps<void>) | undefined> {
  const type = clientCertificateType(effects, extensions.clientCertificateType);
  const chosen = clientCertificates && (yield* clientCertificates.chooseCredential(effects, request, 'TLSv1.2', type));
  if (chosen !== undefined) effects.negotiated.settle('clientCredential', givenCredential(chosen.credential));
  send(
    effects,
    transcript,
    type === 'raw-public-key'
      ? encodeRawPublicKey12(chosen?.credential.rawPublicKey ?? EMPTY)
      : encodeCertificate12(chosen?.credential.chain ?? []),
  );
  if (clientCertificates === undefined || chosen === undefined) return undefined;
  const { signCertificateVerify } = clientCertificates;
  return function* certify(): Steps<void> {
    const signature = yield* signCertificateVerify(effects, chosen, 'TLSv1.2', transcript.messages());
    send(effects, transcript, encodeCertificateVerify({ algorithm: chosen.scheme, signature }));
  };
}

/** ECDHE (RFC 8422 section 5.10): ClientKeyExchange, and the premaster secret. */
function* exchangeKeys(effects: Effects, { transcript }: Settled, exchange: ServerKeyExchange): Steps<Secret> {
  const group = effects.config.groups.find(({ id, kem }) => id === exchange.group && !kem);
  if (group === undefined) throw fail('WRONG_GROUP', `the server chose group ${exchange.group}, which was not offered`);
  effects.negotiated.settle('group', group.id);
  const share = yield* keyShare(effects, `make a key share for ${group.name}`, group);
  const premaster = yield* sharedSecret(effects, group, share, exchange.publicKey);
  send(effects, transcript, encodeClientKeyExchange(share.publicKey));
  effects.secrets.wipe(share);
  return premaster;
}

/** Section 6.3. */
function deriveKeys(effects: Effects, { suite, offer, hello }: Settled, master: Secret): Secret {
  effects.hs.keylog(KeylogLabel.masterSecret, offer.random, master.bytes);
  return keyBlock(suite, master, offer.random, hello.random);
}

/** ChangeCipherSpec and Finished of ours (sections 7.1 and 7.4.9). */
function* sendFinished(effects: Effects, { suite, transcript }: Settled, master: Secret, block: Secret): Steps<void> {
  effects.hs.putChangeCipherSpec();
  effects.hs.installWriteKeys({ version: 'TLSv1.2', suite, ...writeKeys(suite, block, 'client') });
  send(effects, transcript, encodeFinished(verifyData(suite.hash, master, 'client', transcript.digest())));
  yield* flush(effects, 'Finished');
}

/** NewSessionTicket where it was announced, ChangeCipherSpec and Finished of the server's. */
function* readFinished(
  effects: Effects,
  { suite, transcript, extensions }: Settled,
  master: Secret,
  block: Secret,
): Steps<{ readonly ticket: NewSessionTicket12 | undefined; readonly finished: FinishedVerified }> {
  let ticket: NewSessionTicket12 | undefined;
  if (extensions.sessionTicket) {
    const message = yield* expect(effects, 'NewSessionTicket', HandshakeType.new_session_ticket);
    ticket = decodeNewSessionTicket12(message.body);
    transcript.add(message.raw);
  }
  yield* recvChangeCipherSpec(effects);
  effects.hs.installReadKeys({ version: 'TLSv1.2', suite, ...writeKeys(suite, block, 'server') }, effects.hs.aligned());
  const message = yield* expect(effects, 'Finished', HandshakeType.finished);
  const finished = verifyFinished(message.body, verifyData(suite.hash, master, 'server', transcript.digest()));
  transcript.add(message.raw);
  effects.hs.aligned();
  return { ticket, finished };
}

/** A session by ticket, or else by the id that the server gave it; none when it gave neither. */
function remember(
  effects: Effects,
  settled: Settled,
  master: Secret,
  issued: NewSessionTicket12 | undefined,
  sessionId: Uint8Array,
): void {
  const { config, negotiated } = effects;
  const ticket = issued?.ticket ?? EMPTY;
  if (config.onSession === undefined || (ticket.length === 0 && sessionId.length === 0)) return;
  giveSession(effects, issued?.lifetimeHint || SESSION_LIFETIME_12, {
    version: 'TLSv1.2',
    cipherSuite: settled.suite.id,
    host: settled.offer.request.host?.name,
    secret: master.clone(),
    ticket: ticket.slice(),
    sessionId: ticket.length > 0 ? EMPTY : sessionId.slice(),
    ageAdd: 0,
    maxEarlyData: 0,
    extendedMasterSecret: negotiated.facts.extendedMasterSecret ?? false,
  });
}

/** After the handshake a server can only ask for renegotiation (section 7.4.1.1), which never happens. */
function afterwards(
  { config }: Effects,
  { suite, offer, hello }: Settled,
  master: Secret,
  block: Secret,
): PostHandshake {
  block.dispose();
  const exporter = exporter12(suite.hash, master, offer.random, hello.random);
  let requestsInARow = 0;
  return {
    exporter,
    receive({ type, body }) {
      if (type !== HandshakeType.hello_request)
        throw fail('UNEXPECTED_MESSAGE', `${messageName(type)} after the handshake`);
      decodeEmpty(HandshakeType.hello_request, body);
      if (config.renegotiation === 'refuse') throw fail('NO_RENEGOTIATION');
      if (++requestsInARow > MAX_MESSAGES_IN_A_ROW)
        throw fail('TOO_MANY_MESSAGES', `${requestsInARow} HelloRequests without data in between`);
      return undefined;
    },
    dataCame: () => void (requestsInARow = 0),
    keyUpdate: undefined,
    beforeWrite: undefined,
  };
}

function* recvChangeCipherSpec(effects: Effects): Steps<void> {
  effects.hs.enter('read ChangeCipherSpec');
  for (let wait = effects.hs.pollChangeCipherSpec(); wait !== true; wait = effects.hs.pollChangeCipherSpec())
    yield wait;
}
