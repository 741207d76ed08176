/**
 * @module What a TLS 1.3 server may say after the handshake: NewSessionTicket, KeyUpdate, CertificateRequest (RFC 9846
 * section 4.7). Event-driven: one message comes in, it is handled, nothing is remembered but keys and counts.
 */
import type { CertificateType } from '@ferrule/contract';
import { EMPTY } from '@ferrule/result/bytes';
import { messageName } from '@ferrule/result/names';
import { HandshakeType } from '@ferrule/result/numbers';
import { givenCredential } from '@ferrule/ssl';
import type { CipherSuite } from '../crypto/provider.ts';
import type { PostHandshake, Effects } from '../effects.ts';
import type { Exporter } from '../keys/exporter.ts';
import { finishedMac, nextTrafficSecret, resumptionPsk } from '../keys/schedule13.ts';
import type { Secret } from '../keys/secret.ts';
import type { Transcript } from '../keys/transcript.ts';
import { MAX_CERTIFICATE_REQUESTS_IN_A_ROW, MAX_MESSAGES_IN_A_ROW } from '../limits.ts';
import { fail } from '../reason.ts';
import type { HandshakeMessage } from '../record/coalesce.ts';
import { flush, type Steps } from '../wait.ts';
import { decodeExtensions } from '../wire/extensions.ts';
import { encodeFinished } from '../wire/finished.ts';
import { decodeKeyUpdate, encodeKeyUpdate } from '../wire/key-update.ts';
import { decodeNewSessionTicket } from '../wire/new-session-ticket.ts';
import { authenticateClient, readCertificateRequest } from './authenticate13.ts';
import { giveSession } from './session.ts';

/** What the handshake leaves behind; its secrets are the connection's. */
export interface Legacy13 {
  readonly suite: CipherSuite;
  readonly host: string | undefined;
  readonly clientCertificateType: CertificateType;
  clientTraffic: Secret;
  serverTraffic: Secret;
  readonly resumptionSecret: Secret;
  readonly exporter: Exporter;
  /**
   * The server asked for our KeyUpdate. However often it does, one goes out, and not before we write (section 4.7.3).
   */
  updateOwed?: boolean;
  /** Up to and with our Finished; kept for authentication after the handshake, where that was offered. */
  readonly transcript: Transcript | undefined;
}

export function after13(effects: Effects, legacy: Legacy13): PostHandshake {
  const { config, quic } = effects;
  if (quic !== undefined) {
    // Their keys are QUIC's business from here on
    legacy.clientTraffic.dispose();
    legacy.serverTraffic.dispose();
  }
  let tickets = 0;
  /** Since data came. */
  const row = { keyUpdates: 0, tickets: 0, requests: 0 };

  return {
    exporter: legacy.exporter,
    keyUpdate(requestPeer) {
      // RFC 9001 section 6: no KeyUpdate is sent either
      if (quic !== undefined) throw fail('INTERNAL_ERROR', 'keys are updated by QUIC, not through TLS');
      updateOurs(effects, legacy, requestPeer);
    },
    dataCame: () => void (row.keyUpdates = row.tickets = row.requests = 0),
    beforeWrite() {
      if (legacy.updateOwed === true) updateOurs(effects, legacy, false);
    },
    receive(message) {
      switch (message.type) {
        case HandshakeType.new_session_ticket:
          // In QUIC data goes by another way, and ends no row
          if (++row.tickets > MAX_MESSAGES_IN_A_ROW && quic === undefined)
            throw fail('TOO_MANY_MESSAGES', `${row.tickets} NewSessionTickets without data in between`);
          if (++tickets <= config.limits.tickets) newSession(effects, legacy, message);
          return undefined;
        case HandshakeType.key_update:
          if (quic !== undefined) throw fail('UNEXPECTED_MESSAGE', 'KeyUpdate in QUIC (RFC 9001 section 6)');
          if (++row.keyUpdates > config.limits.keyUpdatesInARow) throw fail('TOO_MANY_KEY_UPDATES');
          updateTheirs(effects, legacy, message);
          return undefined;
        case HandshakeType.certificate_request:
          if (legacy.transcript === undefined) {
            const error = fail('UNEXPECTED_MESSAGE', 'CertificateRequest after the handshake was not offered');
            // RFC 9001 section 4.4
            throw quic?.violation(error) ?? error;
          }
          if (++row.requests > MAX_CERTIFICATE_REQUESTS_IN_A_ROW)
            throw fail('TOO_MANY_MESSAGES', `${row.requests} CertificateRequests without data in between`);
          return authenticateLater(effects, legacy, legacy.transcript.clone(), message);
        default:
          throw fail('UNEXPECTED_MESSAGE', `${messageName(message.type)} after the handshake`);
      }
    },
  };
}

/** Section 4.7.1. A lifetime of 0 means: not to be used at all. */
function newSession(effects: Effects, { suite, host, resumptionSecret }: Legacy13, { body }: HandshakeMessage): void {
  const { lifetime, ageAdd, nonce, ticket, extensions } = decodeNewSessionTicket(body);
  const { earlyData } = decodeExtensions('newSessionTicket', extensions);
  // RFC 9001 section 4.6.1: how much early data there may be is a matter of QUIC's flow control
  if (effects.quic !== undefined && earlyData !== undefined && earlyData !== 0xffff_ffff)
    throw effects.quic.violation(
      fail('ILLEGAL_PARAMETER', `NewSessionTicket: max_early_data_size is ${earlyData} in QUIC`),
    );
  if (effects.config.onSession === undefined || lifetime === 0) return;
  giveSession(effects, lifetime, {
    version: 'TLSv1.3',
    cipherSuite: suite.id,
    host,
    secret: resumptionPsk(suite.hash, resumptionSecret, nonce),
    ticket: ticket.slice(),
    sessionId: EMPTY,
    ageAdd,
    maxEarlyData: earlyData ?? 0,
    extendedMasterSecret: true,
  });
}

/** Section 4.7.3: the server writes with new keys from here on, and may ask the same of us. */
function updateTheirs(effects: Effects, legacy: Legacy13, { body }: HandshakeMessage): void {
  const requested = decodeKeyUpdate(body);
  const aligned = effects.hs.aligned();
  const { suite } = legacy;
  legacy.serverTraffic = nextTrafficSecret(suite.hash, legacy.serverTraffic);
  effects.hs.installReadKeys({ level: 'application', suite, secret: legacy.serverTraffic }, aligned);
  if (requested) legacy.updateOwed = true;
}

function updateOurs(effects: Effects, legacy: Legacy13, requestPeer: boolean): void {
  const { suite } = legacy;
  legacy.updateOwed = false;
  effects.hs.put(encodeKeyUpdate(requestPeer));
  legacy.clientTraffic = nextTrafficSecret(suite.hash, legacy.clientTraffic);
  effects.hs.installWriteKeys({ level: 'application', suite, secret: legacy.clientTraffic });
}

/**
 * Section 4.7.2: Certificate, CertificateVerify, Finished, over the handshake and this request alone. Nothing more of
 * the server is read until all of it has gone: who asks and does not listen would have us keep the answers.
 */
function* authenticateLater(
  effects: Effects,
  legacy: Legacy13,
  transcript: Transcript,
  message: HandshakeMessage,
): Steps<void> {
  const authentication = readCertificateRequest(message);
  transcript.add(message.raw);
  const credential = yield* authenticateClient(effects, authentication, legacy.clientCertificateType, transcript);
  if (effects.negotiated.facts.clientCredential === undefined && credential !== undefined)
    effects.negotiated.settle('clientCredential', givenCredential(credential));
  effects.hs.put(encodeFinished(finishedMac(legacy.suite.hash, legacy.clientTraffic, transcript.digest())));
  yield* flush(effects, 'the certificate that was asked for');
  effects.hs.enter('established');
}
