/**
 * @module The server of the model: TLS 1.3 or 1.2 in memory, under full control, that knows each byte which it
 * decrypted, whom it takes the client for, and which ticket it gave to whom.
 */
import type { Identity } from '@ferrule/conformance/pki';
import { earlySecret, nextTrafficSecret, Secret } from '@ferrule/pure/keys';
import {
  ContentType,
  decodeCertificate,
  decodeCertificate12,
  encodeCertificateRequest,
  encodeExtension,
  encodeExtensions,
  HandshakeType,
} from '@ferrule/pure/wire';
import { concat, EMPTY, toHex } from '@ferrule/result/bytes';
import { Finding } from './finding.ts';
import { Kind, pattern, Received, separate } from './pattern.ts';
import type { ClientRecord, Script } from '@ferrule/wrong-servers/peer';
import { Server12 } from '@ferrule/wrong-servers/server12';
import { Server13 } from '@ferrule/wrong-servers/server13';

export interface ServerPlan {
  readonly version: 12 | 13;
  /** Ask for a client certificate in a full handshake. */
  readonly asks: boolean;
  /** TLS 1.3: answer the first ClientHello with a HelloRetryRequest. */
  readonly retries: boolean;
  /** What happens to early data, and whether tickets allow it. */
  readonly early: 'none' | 'accept' | 'reject';
  /** Data before the client's Finished (0.5-RTT), bytes. */
  readonly eagerly: number;
  readonly sessions12: Sessions12;
}

/**
 * How TLS 1.2 sessions are kept: by tickets, each for as often as the client likes; by tickets, with a new one at each
 * use (RFC 5077 section 3.3); by session ids (RFC 5246 section 7.4.1.3); or not at all, whatever ticket was given.
 */
export type Sessions12 = 'ticket' | 'renewed ticket' | 'id' | 'forgotten';

interface Ticket {
  /** TLS 1.3. */
  readonly psk?: Uint8Array;
  /** TLS 1.2. */
  readonly master?: Secret;
  readonly client: string;
}

/** Tickets and TLS 1.2 session ids, hex; they outlive the connection that they were made on. */
export type Tickets = Map<string, Ticket>;

export const NOBODY = '';
const MAX_EARLY_DATA = 16_384;
const CLOSE_NOTIFY = 0;
/** RFC 7250 section 3. */
const RAW_PUBLIC_KEY = 2;

export class Server {
  readonly plan: ServerPlan;
  readonly main: Received = new Received(Kind.main, 'at the server');
  readonly nested: Received = new Received(Kind.nested, 'at the server, from callbacks');
  readonly early: Received = new Received(Kind.early, 'at the server, early data');
  /** Application bytes that were sent to the client. */
  sent = 0;
  established = false;
  resumed = false;
  earlyAccepted = false;
  /** Whom it takes the client for: the leaf, hex; {@link NOBODY}. `undefined` until the handshake is done. */
  client: string | undefined;
  /** The alert that came; 0 is close_notify. */
  alert: number | undefined;
  /** close_notify or a fatal alert went out: nothing more may. */
  closed = false;
  keyUpdatesInARow = 0;
  /** KeyUpdates of ours that asked for the client's, and the client's. */
  keyUpdatesAsked = 0;
  keyUpdatesHeard = 0;
  tickets = 0;
  /** CertificateRequests after the handshake that were not answered. */
  requests = 0;
  requestsAnswered = 0;
  readonly #peer: Peer13 | Peer12;
  readonly #tickets: Tickets;
  readonly #application: ((bytes: Uint8Array) => void) | undefined;
  readonly #script: Script;
  #out: Uint8Array = new Uint8Array(0);
  #in: Uint8Array[] = [];
  #over = false;
  #readsEarly = false;
  /**
   * Early data that a HelloRetryRequest rejects comes in records that look like any other (RFC 9846 section 4.3.10).
   */
  #skipsEarly = false;
  #handshakeBytes: Uint8Array = new Uint8Array(0);

  /** @param application - takes application data in place of the patterns. */
  constructor(identity: Identity, plan: ServerPlan, tickets: Tickets, application?: (bytes: Uint8Array) => void) {
    this.plan = plan;
    this.#application = application;
    this.#tickets = tickets;
    const heard = (record: ClientRecord): void => this.#heard(record);
    this.#peer = plan.version === 13 ? new Peer13(identity, heard) : new Peer12(identity, heard);
    this.#script = this.#peer instanceof Peer13 ? this.#run13(this.#peer) : this.#run12(this.#peer);
  }

  // ── Bytes ──

  /** Ciphertext of the client. */
  feed(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#in.push(bytes);
  }

  /** Reads what was fed. @throws Finding when it is not what a client may send. */
  act(): void {
    if (this.#over || this.#in.length === 0) return;
    this.#peer.feed(concat(this.#in));
    this.#in = [];
    try {
      this.#over = this.#script.next().done === true;
    } catch (error) {
      this.#over = true;
      throw error instanceof Finding
        ? error
        : new Finding('the server cannot follow the client', error instanceof Error ? error.message : String(error), {
            cause: error,
          });
    } finally {
      this.#collect();
    }
  }

  /** Ciphertext for the client: a view; {@link consume} says how much of it went. */
  get output(): Uint8Array {
    return this.#out;
  }
  consume(count: number): void {
    this.#out = this.#out.subarray(count);
  }

  #collect(): void {
    const bytes = this.#peer.takeOutput();
    if (bytes.length > 0) this.#out = concat([this.#out, bytes]);
  }

  // ── What it can be told to do; false when this is not the time for it ──

  #may(): boolean {
    return this.established && !this.closed;
  }

  data(length: number): boolean {
    if (!this.#may()) return false;
    this.#send(length);
    this.#collect();
    return true;
  }

  /** Application data of somebody else's making. */
  say(bytes: Uint8Array): boolean {
    if (!this.#may()) return false;
    this.keyUpdatesInARow = 0;
    for (let at = 0; at < bytes.length; at += 16_384)
      this.#peer.sendRecord(ContentType.application_data, bytes.subarray(at, at + 16_384));
    this.#collect();
    return true;
  }

  keyUpdate(requestPeer: boolean): boolean {
    if (!this.#may() || !(this.#peer instanceof Peer13) || this.keyUpdatesInARow >= 12) return false;
    this.keyUpdatesInARow++;
    if (requestPeer) this.keyUpdatesAsked++;
    this.#peer.keyUpdate(requestPeer);
    this.#collect();
    return true;
  }

  ticket(): boolean {
    if (!this.#may() || !(this.#peer instanceof Peer13) || this.tickets >= 6) return false;
    const ticket = Buffer.from(`ticket ${this.#tickets.size} ${this.client?.slice(-8)}`);
    const extensions =
      this.plan.early === 'none' ? [] : encodeExtensions('newSessionTicket', { earlyData: MAX_EARLY_DATA });
    const psk = this.#peer.newSessionTicket({ ticket, nonce: Uint8Array.of(++this.tickets), extensions });
    this.#tickets.set(toHex(ticket), { psk, client: this.client ?? NOBODY });
    this.#collect();
    return true;
  }

  /** Post-handshake authentication (RFC 9846 section 4.7.2). */
  certificateRequest(): boolean {
    if (
      !this.#may() ||
      !(this.#peer instanceof Peer13) ||
      this.#peer.offered.postHandshakeAuth !== true ||
      this.requests >= 4
    )
      return false;
    const extensions = encodeExtensions('certificateRequest', { signatureAlgorithms: [0x0403, 0x0804] });
    this.#peer.sendHandshake(encodeCertificateRequest({ context: Uint8Array.of(++this.requests), extensions }));
    this.#collect();
    return true;
  }

  alertWith(level: 1 | 2, description: number): boolean {
    if (!this.#may()) return false;
    this.closed = true;
    this.#peer.sendAlert(level, description);
    this.#collect();
    return true;
  }
  closeNotify(): boolean {
    return this.alertWith(1, CLOSE_NOTIFY);
  }

  /** A record that cannot be opened. */
  garbage(): boolean {
    if (!this.#may()) return false;
    this.closed = true;
    this.#peer.sendCorrupted(ContentType.application_data, Uint8Array.of(1, 2, 3));
    this.#collect();
    return true;
  }

  #send(length: number): void {
    const bytes = pattern(Kind.server, this.sent, length);
    this.sent += length;
    this.keyUpdatesInARow = 0;
    for (let at = 0; at < length; at += 16_384)
      this.#peer.sendRecord(ContentType.application_data, bytes.subarray(at, at + 16_384));
  }

  // ── What it hears ──

  #heard({ type, fragment }: ClientRecord): void {
    if (type === ContentType.application_data) {
      if (this.alert !== undefined) throw new Finding('the client sends data after close_notify');
      if (this.#skipsEarly) return;
      if (this.#readsEarly) return this.early.take(fragment);
      if (this.#application !== undefined) return this.#application(fragment);
      const { low, high } = separate(fragment);
      if (low.length > 0) this.main.take(low);
      if (high.length > 0) this.nested.take(high);
    } else if (type === ContentType.alert) {
      if (this.alert !== undefined)
        throw new Finding('the client sends an alert after an alert', `${this.alert}, then ${String(fragment[1])}`);
      this.alert = fragment[1] ?? -1;
      // What comes behind a closure alert is ignored (RFC 9846 section 6.1); OpenSSL answers a CertificateRequest even
      // then.
      this.#peer.skipsUnreadable = true;
    }
  }

  *#run13(peer: Peer13): Script {
    yield* peer.clientHello();
    if (this.plan.retries) {
      const offered = peer.offered.keyShare?.map(({ group }) => group) ?? [];
      const other = peer.offered.supportedGroups?.find(
        (group) => !offered.includes(group) && (group === 0x17 || group === 0x18 || group === 0x1d),
      );
      if (other !== undefined) {
        peer.helloRetryRequest(other);
        this.#skipsEarly = true;
        yield* peer.clientHello();
        this.#skipsEarly = false;
      }
    }
    const ticket = this.#tickets.get(toHex(peer.offered.preSharedKey?.identities[0]?.identity ?? EMPTY));
    const psk = ticket?.psk;
    this.resumed = psk !== undefined;
    const offersEarly = peer.offered.earlyData === true;
    this.earlyAccepted = offersEarly && psk !== undefined && !this.plan.retries && this.plan.early === 'accept';
    const early =
      this.earlyAccepted && psk !== undefined
        ? earlySecret(peer.cipher.hash, Secret.copyOf(psk)).clientTraffic(peer.transcript.digest())
        : undefined;
    peer.serverHello(psk && { psk: { selected: 0, key: psk } });
    if (early !== undefined) peer.useReadSecret(early);
    else peer.skipsUnreadable = offersEarly;
    const showsRawKey = psk === undefined && peer.offered.serverCertificateType?.[0] === RAW_PUBLIC_KEY;
    peer.encryptedExtensions([
      ...(early === undefined ? [] : [encodeExtension('encryptedExtensions', 'earlyData', true)]),
      ...(showsRawKey ? [encodeExtension('encryptedExtensions', 'serverCertificateType', RAW_PUBLIC_KEY)] : []),
    ]);
    const asks = this.plan.asks && psk === undefined;
    if (asks) peer.certificateRequest();
    if (psk === undefined) {
      peer.certificate(showsRawKey ? [peer.identity.spki] : peer.identity.chain);
      peer.certificateVerify();
    }
    peer.finished();
    if (this.plan.eagerly > 0) this.#send(this.plan.eagerly);
    if (early !== undefined) {
      this.#readsEarly = true;
      yield* peer.message(HandshakeType.end_of_early_data);
      this.#readsEarly = false;
      peer.useReadSecret(peer.clientHandshakeSecret);
    }
    let client = ticket?.client ?? NOBODY;
    if (asks) {
      const { body } = yield* peer.message(HandshakeType.certificate);
      const leaf = decodeCertificate(body).entries[0];
      peer.skipsUnreadable = false;
      if (leaf !== undefined) {
        client = Buffer.from(leaf.data).toString('hex');
        yield* peer.message(HandshakeType.certificate_verify);
      }
    }
    yield* peer.clientFinished();
    peer.skipsUnreadable = false;
    this.client = client;
    this.established = true;
    for (;;) {
      const record = yield* peer.record();
      if (record.type !== ContentType.handshake) continue;
      this.#handshakeBytes = concat([this.#handshakeBytes, record.fragment]);
      this.#messages13(peer);
    }
  }

  #messages13(peer: Peer13): void {
    for (;;) {
      const bytes = this.#handshakeBytes;
      if (bytes.length < 4) return;
      const length = 4 + (((bytes[1] ?? 0) << 16) | ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0));
      if (bytes.length < length) return;
      this.#handshakeBytes = bytes.subarray(length);
      if (bytes[0] === HandshakeType.key_update) {
        if (this.#handshakeBytes.length > 0)
          throw new Finding('the client sends something behind a KeyUpdate in one record');
        peer.clientSecret = nextTrafficSecret(peer.cipher.hash, peer.clientSecret);
        peer.useReadSecret(peer.clientSecret);
        this.keyUpdatesHeard++;
        if (bytes[4] === 1 && !this.closed) peer.keyUpdate(false);
      } else if (bytes[0] === HandshakeType.finished) this.requestsAnswered++;
      else if (bytes[0] !== HandshakeType.certificate && bytes[0] !== HandshakeType.certificate_verify)
        throw new Finding('the client sends a message that it may not send', `type ${String(bytes[0])}`);
    }
  }

  *#run12(peer: Peer12): Script {
    yield* peer.clientHello();
    const { sessionTicket } = peer.offered;
    const { sessionId } = peer.hello;
    const { sessions12 } = this.plan;
    const known =
      sessionTicket === undefined || sessionTicket.length === 0
        ? this.#tickets.get(toHex(sessionId))
        : this.#tickets.get(toHex(sessionTicket));
    const gives = sessionTicket !== undefined && sessions12 !== 'id';
    let client = known?.client ?? NOBODY;
    if (known?.master !== undefined && sessions12 !== 'forgotten') {
      this.resumed = true;
      yield* this.#resume12(peer, known.master, gives && sessions12 === 'renewed ticket' ? known.client : undefined);
    } else client = yield* this.#full12(peer, gives);
    this.client = client;
    this.established = true;
    for (;;) yield* peer.record();
  }

  /** RFC 5246 section 7.3, figure 2. @param renewed - whose the new ticket is, if there is one. */
  *#resume12(peer: Peer12, master: Secret, renewed: string | undefined): Script {
    peer.serverHello({
      sessionId: peer.hello.sessionId,
      add: renewed === undefined ? [] : [encodeExtension('serverHello12', 'sessionTicket', true)],
    });
    peer.useMaster(master);
    if (renewed !== undefined) this.#ticket12(peer, renewed);
    peer.finish();
    yield* peer.clientFinished();
  }

  /** Figure 1. @returns whom it takes the client for. */
  *#full12(peer: Peer12, gives: boolean): Script<string> {
    const sessionId = peer.random(32);
    peer.serverHello({ sessionId, add: gives ? [encodeExtension('serverHello12', 'sessionTicket', true)] : [] });
    peer.certificate();
    peer.serverKeyExchange();
    if (this.plan.asks) peer.certificateRequest();
    peer.serverHelloDone();
    let client = NOBODY;
    if (this.plan.asks) {
      const leaf = decodeCertificate12((yield* peer.message(HandshakeType.certificate)).body)[0];
      if (leaf !== undefined) client = Buffer.from(leaf).toString('hex');
    }
    yield* peer.clientKeyExchange();
    if (client !== NOBODY) yield* peer.message(HandshakeType.certificate_verify);
    yield* peer.clientFinished();
    if (gives) this.#ticket12(peer, client);
    else this.#tickets.set(toHex(sessionId), { master: peer.master, client });
    peer.finish();
    return client;
  }

  #ticket12(peer: Peer12, client: string): void {
    const ticket = Buffer.from(`ticket ${this.#tickets.size} ${client.slice(-8)}`);
    this.#tickets.set(toHex(ticket), { master: peer.master, client });
    peer.newSessionTicket(7200, ticket);
  }
}

class Peer13 extends Server13 {
  readonly #heard: (record: ClientRecord) => void;

  constructor(identity: Identity, heard: (record: ClientRecord) => void) {
    super(identity);
    this.#heard = heard;
  }

  override *record(): Script<ClientRecord> {
    const record = yield* super.record();
    this.#heard(record);
    return record;
  }
}

class Peer12 extends Server12 {
  readonly #heard: (record: ClientRecord) => void;

  constructor(identity: Identity, heard: (record: ClientRecord) => void) {
    super(identity);
    this.#heard = heard;
  }

  override *record(): Script<ClientRecord> {
    const record = yield* super.record();
    this.#heard(record);
    return record;
  }
}
