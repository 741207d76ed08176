/**
 * @module TLS 1.3 from the ServerHello on: RFC 9846 section 2, figure 1, top to bottom.
 *
 *                            <------   ServerHello + key_share [+ pre_shared_key]
 *                                      {EncryptedExtensions}
 *                                      {CertificateRequest*}
 *                                      {Certificate*} {CertificateVerify*}
 *                                      {Finished}
 *     (EndOfEarlyData*)      ------>
 *     {Certificate*} {CertificateVerify*}
 *     {Finished}             ------>
 *     [Application Data]     <------>  [Application Data]
 */
import { HandshakeType } from '@ferrule/result/numbers';
import { givenCredential } from '@ferrule/ssl';
import { type FinishedVerified, verifyFinished } from '../auth/finished.ts';
import { type ChainVerified, type SignatureVerified, verifyCertificateVerify, verifyChain } from '../auth/verify.ts';
import type { CipherSuite } from '../crypto/provider.ts';
import type { Effects } from '../effects.ts';
import { exporter13 } from '../keys/exporter.ts';
import { KeylogLabel } from '../keys/keylog.ts';
import { earlySecret, finishedMac } from '../keys/schedule13.ts';
import type { Secret } from '../keys/secret.ts';
import type { Transcript } from '../keys/transcript.ts';
import { fail, noApplicationProtocol } from '../reason.ts';
import type { HandshakeMessage } from '../record/coalesce.ts';
import type { TrafficSecret } from '../records.ts';
import { continuesExternal, continueSession, type ContinuesVerified, type PskOffer } from '../session/resume.ts';
import { fieldsOf } from '../session/session.ts';
import { flush, recv, type Steps } from '../wait.ts';
import { decodeCertificateVerify } from '../wire/certificate-verify.ts';
import { encodeEmpty } from '../wire/empty.ts';
import { decodeEncryptedExtensions } from '../wire/encrypted-extensions.ts';
import type { EncryptedExtensionsValues, KeyShareEntry } from '../wire/extension-values.ts';
import { decodeExtensions } from '../wire/extensions.ts';
import { encodeFinished } from '../wire/finished.ts';
import type { ServerHello } from '../wire/server-hello.ts';
import { after13 } from './after13.ts';
import {
  authenticateClient,
  readCertificate,
  readCertificateRequest,
  type ClientAuthentication,
} from './authenticate13.ts';
import { sharedSecret } from './exchange.ts';
import {
  chosenCertificateType,
  clientCertificateType,
  disposePsks,
  disposeShares,
  offeredExtensions,
  type Offer,
} from './hello.ts';
import { expect, send, settleProtocol } from './messages.ts';
import { established, resumed } from './proof.ts';

/** The ServerHello that ended the negotiation. */
export interface Chosen {
  readonly message: HandshakeMessage;
  readonly hello: ServerHello;
  readonly suite: CipherSuite;
}

export function* client13(
  effects: Effects,
  offer: Offer,
  transcript: Transcript,
  { message, hello, suite }: Chosen,
): Steps<void> {
  const { hash } = suite;
  const keys = (level: TrafficSecret['level'], secret: Secret): TrafficSecret => ({ level, suite, secret });
  effects.negotiated.settle('cipherSuite', suite.id);

  // ── ServerHello, section 4.2.3: which PSK, which share ──
  const offered = offeredExtensions(effects, offer);
  const answer = decodeExtensions('serverHello', hello.extensions, offered);
  const psk = chosenPsk(offer, answer.preSharedKey, suite);
  const shared = yield* keyExchange(effects, offer, answer.keyShare);
  transcript.add(message.raw);

  // ── Handshake keys, section 7.1 ──
  const handshake = (psk?.early ?? earlySecret(hash, undefined, effects.secrets)).handshake(shared);
  const clientSecret = handshake.clientTraffic(transcript.digest());
  const serverSecret = handshake.serverTraffic(transcript.digest());
  // The server's first, as with OpenSSL, here and below.
  keylog(effects, offer, KeylogLabel.serverHandshakeTraffic, serverSecret);
  keylog(effects, offer, KeylogLabel.clientHandshakeTraffic, clientSecret);
  effects.hs.installReadKeys(keys('handshake', serverSecret), effects.hs.aligned());
  // Early data goes on under its own keys until the server has said whether it takes it; QUIC has both at once.
  if (offer.earlyData === undefined || effects.quic !== undefined)
    effects.hs.installWriteKeys(keys('handshake', clientSecret));

  // ── EncryptedExtensions, section 4.4.1 ──
  const extensions = yield* readEncryptedExtensions(effects, offered, transcript);
  const ourCertificateType = clientCertificateType(effects, extensions.clientCertificateType);
  const earlyDataAccepted = judgeEarlyData(effects, offer, extensions, psk, suite);
  if (offer.earlyData !== undefined && !earlyDataAccepted) {
    effects.hs.closeEarlyData();
    effects.hs.installWriteKeys(keys('handshake', clientSecret));
  }

  // ── CertificateRequest, Certificate, CertificateVerify, sections 4.4.2, 4.5.1, 4.5.2: not with a PSK ──
  const identity =
    psk === undefined
      ? yield* authenticateServer(effects, offer, suite, extensions, transcript)
      : continueIdentity(effects, offer, psk);

  // ── Finished, section 4.5.3 ──
  const finished = yield* readFinished(effects, suite, serverSecret, transcript);
  const aligned = effects.hs.aligned();

  // ── Application keys, section 7.1: the transcript ends with the server's Finished ──
  const main = handshake.main();
  const clientTraffic = main.clientTraffic(transcript.digest());
  const serverTraffic = main.serverTraffic(transcript.digest());
  const exporterSecret = main.exporter(transcript.digest());
  keylog(effects, offer, KeylogLabel.exporter, exporterSecret);
  keylog(effects, offer, KeylogLabel.serverTraffic, serverTraffic);
  keylog(effects, offer, KeylogLabel.clientTraffic, clientTraffic);

  // ── EndOfEarlyData, section 4.6; RFC 9001 section 8.3: not in QUIC ──
  if (earlyDataAccepted) {
    if (effects.quic === undefined) send(effects, transcript, encodeEmpty(HandshakeType.end_of_early_data));
    effects.hs.closeEarlyData();
    effects.hs.installWriteKeys(keys('handshake', clientSecret));
  }

  // ── Certificate and CertificateVerify of ours, when they are asked for ──
  const credential =
    identity.request && (yield* authenticateClient(effects, identity.request, ourCertificateType, transcript));
  if (credential !== undefined) effects.negotiated.settle('clientCredential', givenCredential(credential));

  // ── Finished of ours ──
  send(effects, transcript, encodeFinished(finishedMac(hash, clientSecret, transcript.digest())));
  effects.hs.installWriteKeys(keys('application', clientTraffic));
  effects.hs.installReadKeys(keys('application', serverTraffic), aligned);
  const resumptionSecret = main.resumption(transcript.digest());
  main.dispose();
  clientSecret.dispose();
  serverSecret.dispose();
  yield* flush(effects, 'Finished');

  // RFC 9849 section 6.1.6: what to try next, now that the public name is proved. In answer to GREASE it means nothing.
  if (extensions.encryptedClientHello !== undefined && effects.negotiated.facts.ech === 'rejected')
    effects.negotiated.settle('echRetryConfigs', extensions.encryptedClientHello.slice());

  // ── Established: nothing gets here without its proofs ──
  effects.hs.done(
    identity.kind === 'verified'
      ? established(identity.chain, identity.signature, finished)
      : resumed(identity.continues, finished),
    after13(effects, {
      suite,
      host: offer.request.host?.name,
      clientCertificateType: ourCertificateType,
      clientTraffic,
      serverTraffic,
      exporter: exporter13(hash, exporterSecret),
      resumptionSecret,
      transcript: effects.config.postHandshakeAuth ? transcript : undefined,
    }),
  );
}

/** Who the server is, and what that rests on. */
type Identity =
  | {
      readonly kind: 'verified';
      readonly chain: ChainVerified;
      readonly signature: SignatureVerified;
      readonly request: ClientAuthentication | undefined;
    }
  | { readonly kind: 'continued'; readonly continues: ContinuesVerified; readonly request: undefined };

/** Section 4.3.11: the PSK that the server selected must be one of ours, and of the suite's hash. */
function chosenPsk(offer: Offer, selected: number | undefined, suite: CipherSuite): PskOffer | undefined {
  const psk = selected === undefined ? undefined : offer.psks[selected];
  if (selected !== undefined && psk === undefined)
    throw fail('PSK_IDENTITY_NOT_FOUND', `the server selected PSK ${selected} of ${offer.psks.length}`);
  if (psk !== undefined && psk.hash !== suite.hash)
    throw fail('RESUMPTION_MISMATCH', `the PSK is for another hash than that of ${suite.name}`);
  disposePsks(offer, psk);
  offer.session12?.master.dispose();
  return psk;
}

/** Section 4.3.8: always with a key share; a PSK alone would give up forward secrecy, and is not offered. */
function* keyExchange(effects: Effects, offer: Offer, entry: KeyShareEntry | undefined): Steps<Secret> {
  if (entry === undefined) throw fail('MISSING_KEY_SHARE');
  const pair = offer.keyPairs.find(({ group }) => group.id === entry.group);
  if (pair === undefined)
    throw fail('WRONG_GROUP', `the server's key share is of group ${entry.group}, for which none was sent`);
  effects.negotiated.settle('group', pair.group.id);
  const shared = yield* sharedSecret(effects, pair.group, pair.share, entry.keyExchange);
  disposeShares(effects, offer);
  return shared;
}

function* readEncryptedExtensions(
  effects: Effects,
  offered: ReadonlySet<number>,
  transcript: Transcript,
): Steps<EncryptedExtensionsValues> {
  const message = yield* expect(effects, 'EncryptedExtensions', HandshakeType.encrypted_extensions);
  const extensions = decodeExtensions('encryptedExtensions', decodeEncryptedExtensions(message.body), offered);
  transcript.add(message.raw);
  const alpn = settleProtocol(effects, extensions.alpn);
  if (effects.quic !== undefined) {
    // RFC 9001 sections 8.1 and 8.2
    if (alpn === undefined) throw noApplicationProtocol();
    if (extensions.quicTransportParameters === undefined)
      throw fail('MISSING_EXTENSION', 'EncryptedExtensions without quic_transport_parameters');
    effects.quic.receiveParameters(extensions.quicTransportParameters.slice());
  }
  if (extensions.recordSizeLimit !== undefined) effects.hs.limitRecords(extensions.recordSizeLimit);
  return extensions;
}

/**
 * Section 4.3.10: accepted early data must have been offered, under the PSK that was chosen, with the suite and
 * protocol that it was sent for.
 */
function judgeEarlyData(
  effects: Effects,
  offer: Offer,
  extensions: EncryptedExtensionsValues,
  psk: PskOffer | undefined,
  suite: CipherSuite,
): boolean {
  const { earlyData: session } = offer;
  if (extensions.earlyData === undefined) {
    if (session !== undefined) effects.negotiated.settle('earlyData', 'rejected');
    return false;
  }
  if (session === undefined || psk === undefined || psk !== offer.psks[0])
    throw fail('UNEXPECTED_EXTENSION', 'the server accepted early data without the PSK that it was sent under');
  if (fieldsOf(session).cipherSuite !== suite.id)
    throw fail('UNEXPECTED_EARLY_DATA', 'the server accepted early data with another cipher suite');
  if (fieldsOf(session).alpn !== effects.negotiated.facts.alpn)
    throw fail('UNEXPECTED_EARLY_DATA', 'the server accepted early data with another application protocol');
  effects.negotiated.settle('earlyData', 'accepted');
  return true;
}

/**
 * Sections 4.4.2, 4.5.1 and 4.5.2. The chain is judged before the signature, so that the alert tells what is wrong with
 * it.
 */
function* authenticateServer(
  effects: Effects,
  offer: Offer,
  suite: CipherSuite,
  extensions: EncryptedExtensionsValues,
  transcript: Transcript,
): Steps<Identity> {
  effects.negotiated.settle('sessionReused', false);
  let message = yield* recv(effects, 'CertificateRequest or Certificate');
  let request: ClientAuthentication | undefined;
  if (message.type === HandshakeType.certificate_request) {
    request = readCertificateRequest(message);
    if (request.context.length > 0) throw fail('DECODE_ERROR', 'CertificateRequest: a context during the handshake');
    transcript.add(message.raw);
    message = yield* recv(effects, 'Certificate');
  }
  const kind = chosenCertificateType(effects.config.serverCertificateTypes, extensions.serverCertificateType);
  const certificate = yield* readCertificate(effects, message, kind, offeredExtensions(effects, offer));
  transcript.add(message.raw);

  message = yield* expect(effects, 'CertificateVerify', HandshakeType.certificate_verify);
  const { chain, key } = yield* verifyChain(effects, { host: offer.request.host?.name, suite, ...certificate });
  const signature = yield* verifyCertificateVerify(
    effects,
    key,
    decodeCertificateVerify(message.body),
    transcript.digest(),
  );
  transcript.add(message.raw);
  return { kind: 'verified', chain, signature, request };
}

/** A PSK has the identity that was verified when it was made. */
function continueIdentity(effects: Effects, { peer }: Offer, { source }: PskOffer): Identity {
  effects.negotiated.settle('sessionReused', source.kind === 'session');
  if (source.kind !== 'session')
    return { kind: 'continued', continues: continuesExternal(source.psk), request: undefined };
  if (peer === undefined) throw fail('INTERNAL_ERROR', 'a session was offered without its peer');
  return { kind: 'continued', continues: continueSession(effects, peer), request: undefined };
}

function* readFinished(
  effects: Effects,
  suite: CipherSuite,
  serverSecret: Secret,
  transcript: Transcript,
): Steps<FinishedVerified> {
  const message = yield* expect(effects, 'Finished', HandshakeType.finished);
  const finished = verifyFinished(message.body, finishedMac(suite.hash, serverSecret, transcript.digest()));
  transcript.add(message.raw);
  return finished;
}

/** Lines are found by the random of the ClientHello on the wire. */
const keylog = (effects: Effects, offer: Offer, label: KeylogLabel, secret: Secret): void =>
  effects.hs.keylog(label, offer.random, secret.bytes);
