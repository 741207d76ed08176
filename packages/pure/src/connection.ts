/**
 * @module One connection: `Ssl` of the contract. The only file that sees a Bio.
 *
 *     read BIO → RecordReader → Coalescer → flow (through Effects) → RecordWriter → write BIO
 *
 * Before it returns, each operation has done all that it can with what the BIOs hold. Callbacks of the caller are called
 * between operations, never inside one.
 */
import { bioErrorCode, type Bio } from '@ferrule/bio';
import type { Credential, Ssl, TlsSession, TlsVersion, TraceMessage } from '@ferrule/contract';
import { Alert, alertName, SslError, TlsError, X509V, type Failed } from '@ferrule/result';
import { parseHost, type Host } from '@ferrule/x509';
import { serverEndPoint } from './auth/verify.ts';
import type { Config } from './context.ts';
import type { Afterlife, Effects, Facts } from './effects.ts';
import { Engine } from './engine.ts';
import { client } from './flow/client.ts';
import { mint, type Aligned } from './flow/proof.ts';
import { tlsExporter, type Exporter } from './keys/exporter.ts';
import { keylogLine } from './keys/keylog.ts';
import { Secrets } from './keys/secret.ts';
import { MAX_POST_HANDSHAKE_BYTES } from './limits.ts';
import { fail } from './reason.ts';
import type { AlertMessage } from './record/alert.ts';
import { Coalescer, type HandshakeMessage } from './record/coalesce.ts';
import { Protection, type RecordKeys } from './record/protect.ts';
import { Progress, RecordReader } from './record/reader.ts';
import { RecordWriter } from './record/writer.ts';
import { Session } from './session/session.ts';
import type { Wait } from './wait.ts';
import { ContentType, Version } from './wire/names.ts';

const SENT = 1;
const RECEIVED = 2;

export class Connection implements Ssl {
  readonly #config: Config;
  readonly #engine: Engine;
  readonly #effects: Effects;
  readonly #facts: Partial<Facts> = {};
  readonly #secrets = new Secrets();
  readonly #coalescer: Coalescer;
  readonly #reader: RecordReader;
  readonly #writer = new RecordWriter();
  #rbio: Bio | undefined;
  #wbio: Bio | undefined;

  #connectState = false;
  #begun = false;
  #host: Host | undefined;
  #session: Session | undefined;
  #step = 'before connect';
  /** What a step of the flow waits for, what the last read() and the last write() wait for. */
  #operation: Pending | undefined;
  #opening: Pending | undefined;
  #sealing: Pending | undefined;

  /** There once the handshake is done. */
  #afterlife: Afterlife | undefined;
  /** writeEarlyData() began the handshake, and nothing went on with it since. */
  #early = false;
  /** Open while early data may be written. */
  #earlyData: { remaining: number } | undefined;
  #earlyExporter: Exporter | undefined;
  /** Plaintext in the reader's memory that read() has not given out. */
  #plain: Uint8Array = EMPTY;
  #shutdown: 0 | 1 | 2 | 3 = 0;
  /** close_notify is on its way, or has gone. */
  #closing = false;
  /** A change_cipher_spec goes in front of whatever we send next. */
  #changeCipherSpecDue = false;
  /** A handshake message of ours after the handshake may still wait to be sent. */
  #answering = false;
  #events: (() => void)[] = [];

  constructor(config: Config) {
    this.#config = config;
    this.#coalescer = new Coalescer(config.limits.handshakeBytes);
    this.#reader = new RecordReader({
      handshake: this.#coalescer,
      emptyRecordsInARow: config.limits.emptyRecordsInARow,
      trace: config.onMessage && ((contentType, content) => this.#trace('received', contentType, content)),
    });
    this.#writer.padding = config.recordPadding;
    this.#engine = new Engine({
      alert: (error) => this.#sayWhy(error),
      flush: () => this.#flush(),
      end: () => this.#wipe(),
    });
    this.#effects = this.#makeEffects();
  }

  setBio(rbio: Bio, wbio: Bio): void {
    if (this.#begun) throw new TypeError('setBio: a handshake has begun');
    this.#rbio = rbio;
    this.#wbio = wbio;
  }

  setConnectState(): void {
    this.#connectState = true;
  }

  setHost(name: string): void {
    if (this.#begun) throw new TypeError('setHost: a handshake has begun');
    // Brackets belong into URLs.
    if (typeof name !== 'string' || name.startsWith('[')) throw new TypeError('setHost: needs a DNS name or an IP address');
    this.#host = parseHost(name);
  }

  setSession(session: TlsSession): void {
    if (this.#begun) throw new TypeError('setSession: a handshake has begun');
    if (!Session.is(session)) throw new TypeError('setSession: not a session of this backend');
    if (this.#host !== undefined && session.host !== this.#host.name) throw new TypeError(`setSession: a session of ${String(session.host)}, not of ${this.#host.name}`);
    this.#session = session;
  }

  connect(): number {
    this.#connectState = true;
    return this.doHandshake();
  }

  doHandshake(): number {
    return this.#leave(this.#handshake());
  }

  read(into: Uint8Array): number {
    if (!(into instanceof Uint8Array) || into.length === 0) throw new TypeError('read: needs a Uint8Array that is not empty');
    return this.#leave(this.#read(into));
  }

  write(from: Uint8Array): number {
    if (!(from instanceof Uint8Array) || from.length === 0) throw new TypeError('write: needs a Uint8Array that is not empty');
    return this.#leave(this.#write(from));
  }

  writeEarlyData(from: Uint8Array): number {
    if (!(from instanceof Uint8Array) || from.length === 0) throw new TypeError('writeEarlyData: needs a Uint8Array that is not empty');
    if (this.#afterlife !== undefined) throw new TypeError('writeEarlyData: the handshake is done; use write()');
    if ((this.#session?.maxEarlyData ?? 0) === 0) throw new TypeError('writeEarlyData: needs a session that allows early data');
    // SSL_write_early_data(3): before SSL_connect(3), not after it.
    if (this.#begun && !this.#early) throw new TypeError('writeEarlyData: the time for early data is over; use connect() and write()');
    return this.#leave(this.#writeEarlyData(from));
  }

  shutdown(): number {
    return this.#leave(this.#shutDown());
  }

  keyUpdate(requestPeer: boolean): number {
    const update = this.#afterlife?.keyUpdate;
    if (update === undefined) throw new TypeError('keyUpdate: needs an established TLS 1.3 connection');
    if (this.#engine.broken) return this.#engine.refuse();
    try {
      update(requestPeer);
      this.#flush();
      return this.#leave(1);
    } catch (error) {
      return this.#leave(this.#engine.fail(error));
    }
  }

  getError(ret: number): SslError {
    return ret > 0 ? SslError.none : this.#engine.why;
  }

  get failure(): Failed | undefined {
    return this.#engine.failure;
  }

  get asyncReady(): Promise<void> | undefined {
    const all = [this.#operation, this.#opening, this.#sealing].filter((each) => each !== undefined);
    // What has settled already must not wake, over and over, those who wait for something else.
    const waiting = all.filter(({ settled }) => !settled);
    return waiting.length > 1 ? Promise.race(waiting.map(({ ready }) => ready)) : (waiting[0] ?? all[0])?.ready;
  }

  get pending(): number {
    return this.#plain.length;
  }

  get state(): string {
    return this.#facts.version === undefined ? this.#step : `${this.#facts.version} ${this.#step}`;
  }

  get shutdownState(): 0 | 1 | 2 | 3 {
    return this.#shutdown;
  }

  get established(): boolean {
    return this.#afterlife !== undefined;
  }

  get version(): TlsVersion | undefined {
    return this.#facts.version;
  }
  get cipherSuite(): number | undefined {
    return this.#facts.cipherSuite;
  }
  get group(): number | undefined {
    return this.#facts.group;
  }
  get peerSignatureAlgorithm(): number | undefined {
    return this.#facts.peerSignatureAlgorithm;
  }
  get alpn(): string | undefined {
    return this.#facts.alpn;
  }
  get helloRetryRequested(): boolean | undefined {
    return this.#facts.helloRetryRequested;
  }
  get extendedMasterSecret(): boolean | undefined {
    return this.#facts.extendedMasterSecret;
  }
  get peerCertificates(): readonly Uint8Array[] {
    return this.#facts.peerCertificates ?? [];
  }
  get peerRawPublicKey(): Uint8Array | undefined {
    return this.#facts.peerRawPublicKey;
  }
  get verifiedChain(): readonly Uint8Array[] | undefined {
    return this.#facts.verifiedChain;
  }
  get verifyResult(): number {
    return this.#facts.verifyResult ?? this.#engine.failure?.error.verify?.code ?? X509V.OK;
  }
  get ocspResponse(): Uint8Array | undefined {
    return this.#facts.ocspResponse;
  }
  get signedCertificateTimestamps(): Uint8Array | undefined {
    return this.#facts.signedCertificateTimestamps;
  }
  get clientCredential(): Credential | undefined {
    return this.#facts.clientCredential;
  }
  get sessionReused(): boolean {
    return this.#facts.sessionReused ?? false;
  }
  get earlyData(): 'not-sent' | 'rejected' | 'accepted' {
    return this.#facts.earlyData ?? 'not-sent';
  }
  get ech(): 'not-offered' | 'grease' | 'accepted' | 'rejected' {
    return this.#facts.ech ?? 'not-offered';
  }
  get echRetryConfigs(): Uint8Array | undefined {
    return this.#facts.echRetryConfigs;
  }

  exportKeyingMaterial(label: string, context: Uint8Array | undefined, length: number): Uint8Array {
    this.#assertSecrets();
    if (this.#afterlife === undefined) throw new TypeError('exportKeyingMaterial: the handshake is not done');
    return this.#afterlife.exporter.export(label, context, length);
  }

  exportEarlyKeyingMaterial(label: string, context: Uint8Array | undefined, length: number): Uint8Array {
    this.#assertSecrets();
    if (this.#earlyExporter === undefined) throw new TypeError('exportEarlyKeyingMaterial: no early data was offered, or it was rejected');
    return this.#earlyExporter.export(label, context, length);
  }

  channelBinding(type: 'tls-exporter' | 'tls-server-end-point'): Uint8Array | undefined {
    this.#assertSecrets();
    if (this.#afterlife === undefined) return undefined;
    if (type === 'tls-exporter') {
      // RFC 9266 section 4.2: in TLS 1.2 only with extended master secret.
      return this.#facts.version === 'TLSv1.3' || this.#facts.extendedMasterSecret === true ? tlsExporter(this.#afterlife.exporter) : undefined;
    }
    const leaf = this.#facts.peerCertificates?.[0];
    return leaf === undefined ? undefined : serverEndPoint(this.#config.provider, leaf);
  }

  dispose(): void {
    this.#engine.abandon();
  }

  /** Secrets are wiped when a connection fails or is disposed: from zeros nothing is derived. @throws TlsError the failure. */
  #assertSecrets(): void {
    const { reason } = this.#engine;
    if (reason !== undefined) throw reason;
  }

  // ── Operations ──

  /** 1 when the handshake is done. */
  #handshake(): number {
    if (this.#engine.broken) return this.#engine.refuse();
    if (this.#afterlife !== undefined) return 1;
    this.#early = false;
    if (!this.#begun) {
      if (!this.#connectState) return this.#engine.fail(fail('CONNECTION_TYPE_NOT_SET'));
      this.#begin(false);
    }
    return this.#engine.resume();
  }

  #begin(earlyData: boolean): void {
    this.#begun = true;
    this.#engine.start(client(this.#effects, { host: this.#host, session: this.#session, earlyData }));
    if (this.#rbio === undefined || this.#wbio === undefined) this.#engine.fail(fail('BIO_MISSING'));
  }

  #read(into: Uint8Array): number {
    if (this.#plain.length > 0) return this.#take(into);
    const ready = this.#handshake();
    if (ready <= 0) return ready;
    try {
      for (;;) {
        if ((this.#shutdown & RECEIVED) !== 0) return this.#closed();
        const stalled = this.#nextEvent();
        if (stalled !== 0) return stalled;
        if (this.#plain.length > 0) return this.#take(into);
      }
    } catch (error) {
      return this.#engine.fail(error);
    }
  }

  /** One record or message after the handshake: 0 when something came, else what the operation returns. */
  #nextEvent(): number {
    if (this.#engine.busy) {
      const ret = this.#engine.resume();
      if (ret <= 0) return ret;
    }
    const message = this.#nextMessage();
    if (message !== undefined) {
      const steps = this.#afterlife?.receive(message);
      // Nothing is said after close_notify.
      if (steps !== undefined && !this.#closing) this.#engine.start(steps);
      return 0;
    }
    const wait = this.#nextRecord();
    // What we owe the server, say a certificate, has gone out before we wait for the server.
    if (wait === SslError.wantRead && this.#answering) {
      const writing = this.#flush();
      this.#answering = writing !== 0;
      return this.#engine.wait(writing || wait);
    }
    if (wait !== 0) return this.#engine.wait(wait);
    const { type, fragment, alert } = this.#reader;
    switch (type) {
      case ContentType.application_data:
        this.#plain = fragment;
        if (fragment.length > 0) this.#afterlife?.dataCame();
        return 0;
      case ContentType.handshake:
        this.#coalescer.push(fragment);
        return 0;
      case ContentType.alert:
        this.#receiveAlert(alert);
        return 0;
      default:
        throw fail('UNEXPECTED_RECORD', `a record of type ${type} after the handshake`);
    }
  }

  #write(from: Uint8Array): number {
    const ready = this.#handshake();
    if (ready <= 0) return ready;
    if (this.#closing) return this.#engine.fail(fail('PROTOCOL_IS_SHUTDOWN'));
    const { owed } = this.#writer;
    if (from.length < owed) throw new TypeError(`write: is to be repeated with the same bytes: there were ${owed} or more, now ${from.length}`);
    try {
      if (this.#writer.worn) this.#afterlife?.keyUpdate?.(false);
      this.#afterlife?.beforeWrite?.();
      return this.#put(from);
    } catch (error) {
      return this.#engine.fail(error);
    }
  }

  #writeEarlyData(from: Uint8Array): number {
    if (this.#engine.broken) return this.#engine.refuse();
    if (!this.#begun) {
      this.#early = true;
      this.#begin(true);
    }
    // Until the ClientHello has gone; then the flow rests, and what it waits for is of no concern here.
    if (this.#earlyData === undefined) {
      const ret = this.#engine.resume();
      if (this.#earlyData === undefined) {
        if (ret < 0 && this.#engine.why !== SslError.wantRead) return ret;
        throw new TypeError('writeEarlyData: the time for early data is over, or the session does not fit this connection; use connect() and write()');
      }
    }
    const { remaining } = this.#earlyData;
    if (remaining === 0) throw new TypeError('writeEarlyData: the server takes no more early data (session.maxEarlyData)');
    const { owed } = this.#writer;
    if (from.length < owed) throw new TypeError(`writeEarlyData: is to be repeated with the same bytes: there were ${owed} or more, now ${from.length}`);
    try {
      const ret = this.#put(from.length > remaining ? from.subarray(0, remaining) : from);
      if (ret > 0) this.#earlyData.remaining -= ret;
      return ret;
    } catch (error) {
      return this.#engine.fail(error);
    }
  }

  #put(from: Uint8Array): number {
    this.#sealing = undefined;
    this.#putDue();
    const ret = this.#writer.write(this.#wbio as Bio, from);
    if (ret > 0) return ret;
    this.#checkWriteBio();
    this.#sealing = pending(ret === -SslError.wantAsync ? this.#writer.ready : undefined);
    return this.#engine.wait(-ret as Wait);
  }

  #shutDown(): number {
    if (this.#afterlife === undefined && !this.#engine.broken) return this.#engine.fail(fail('HANDSHAKE_NOT_DONE'));
    const ready = this.#handshake();
    if (ready <= 0) return ready;
    try {
      if (!this.#closing) this.#sendAlert(1, Alert.close_notify);
      this.#closing = true;
      const wait = this.#flush();
      if (wait !== 0) return this.#engine.wait(wait);
      if ((this.#shutdown & SENT) === 0) {
        this.#shutdown |= SENT;
        this.#engine.why = SslError.none;
        return (this.#shutdown & RECEIVED) === 0 ? 0 : 1;
      }
      for (;;) {
        if (this.#plain.length > 0) throw fail('APPLICATION_DATA_ON_SHUTDOWN');
        if ((this.#shutdown & RECEIVED) !== 0) return 1;
        const stalled = this.#nextEvent();
        if (stalled !== 0) return stalled;
      }
    } catch (error) {
      return this.#engine.fail(error);
    }
  }

  #take(into: Uint8Array): number {
    const plain = this.#plain;
    const count = Math.min(into.length, plain.length);
    if (count === plain.length) {
      into.set(plain);
      this.#plain = EMPTY;
    } else {
      into.set(plain.subarray(0, count));
      this.#plain = plain.subarray(count);
    }
    return count;
  }

  #closed(): 0 {
    this.#engine.why = SslError.zeroReturn;
    return 0;
  }

  /** Calls what was put off while the operation ran, some of which may dispose of us. */
  #leave(ret: number): number {
    const { broken } = this.#engine;
    while (this.#events.length > 0) {
      const events = this.#events;
      this.#events = [];
      for (const event of events) event();
    }
    return !broken && this.#engine.broken ? this.#engine.refuse() : ret;
  }

  // ── Records ──

  /** The reader's next record: 0 there is one, else the wait. @throws TlsError at the end of the stream. */
  #nextRecord(): Wait | 0 {
    const bio = this.#rbio as Bio;
    const progress = this.#reader.next(bio);
    this.#opening = pending(progress === Progress.wantAsync ? this.#reader.ready : undefined);
    if (progress === Progress.done) return 0;
    if (bio.error !== undefined && progress !== Progress.wantAsync) throw transportError(bio.error);
    if (progress === Progress.eof) throw fail('UNEXPECTED_EOF', `the transport ended at "${this.state}"`);
    return progress;
  }

  #nextMessage(): HandshakeMessage | undefined {
    const message = this.#coalescer.next();
    if (message !== undefined) this.#trace('received', ContentType.handshake, message.raw);
    return message;
  }

  /** Everything that waits to be sent, as far as there is room for it. */
  #flush(): Wait | 0 {
    const progress = this.#writer.flush(this.#wbio as Bio);
    if (progress !== 0) this.#checkWriteBio();
    this.#sealing = pending(progress === SslError.wantAsync ? this.#writer.ready : undefined);
    return progress;
  }

  #checkWriteBio(): void {
    const error = this.#wbio?.error;
    if (error !== undefined) throw transportError(error);
  }

  #putDue(): void {
    if (!this.#changeCipherSpecDue) return;
    this.#changeCipherSpecDue = false;
    this.#trace('sent', ContentType.change_cipher_spec, Uint8Array.of(1));
    this.#writer.changeCipherSpec();
  }

  /** Queues what the peer is owed for a failure, if anything: the alert, or close_notify for close_notify (RFC 5246 section 7.2.1). */
  #sayWhy({ alert }: TlsError): boolean {
    if (alert === undefined) return false;
    if (alert.origin === 'local') this.#sendAlert(2, alert.description);
    else if (alert.description === Alert.close_notify && this.#facts.version !== 'TLSv1.3') this.#sendAlert(1, Alert.close_notify);
    else return false;
    return true;
  }

  #sendAlert(level: 1 | 2, description: number): void {
    this.#putDue();
    this.#trace('sent', ContentType.alert, Uint8Array.of(level, description));
    this.#writer.alert(level, description);
  }

  /** RFC 9846 section 6: close_notify, or an error. Before the handshake is done either ends it. */
  #receiveAlert(alert: AlertMessage | undefined): void {
    if (alert === undefined) return;
    const { description } = alert;
    // SSL_get_shutdown(3): close_notify or a fatal alert.
    this.#shutdown |= RECEIVED;
    if (description === Alert.close_notify && this.#afterlife !== undefined) return;
    const what = description === Alert.close_notify ? 'close_notify during the handshake' : `the alert ${alertName(description)}`;
    throw new TlsError('PEER_ALERT', `the peer sent ${what} at "${this.state}"`, { alert: { description, origin: 'peer' } });
  }

  #trace(direction: TraceMessage['direction'], contentType: number, bytes: Uint8Array): void {
    const { onMessage } = this.#config;
    if (onMessage === undefined) return;
    const copy = bytes.slice();
    this.#events.push(() => onMessage({ direction, contentType, bytes: copy }));
  }

  #wipe(): void {
    this.#reader.dispose();
    this.#writer.dispose();
    this.#coalescer.release();
    this.#secrets.dispose();
    this.#earlyExporter = undefined;
    this.#earlyData = undefined;
    this.#plain = EMPTY;
    this.#operation = this.#opening = this.#sealing = undefined;
  }

  #dropEarlyExporter(): void {
    this.#earlyExporter?.dispose();
    this.#earlyExporter = undefined;
  }

  // ── What the flow may do ──

  #makeEffects(): Effects {
    const config = this.#config;
    const facts = this.#facts;
    return {
      config,
      facts,
      secrets: this.#secrets,
      enter: (step) => void (this.#step = step),
      fact: (name, value) => {
        if (name in facts) throw fail('INTERNAL_ERROR', `the fact ${name} is written twice`);
        facts[name] = value;
        if (name === 'version') {
          this.#reader.version = facts.version;
          this.#writer.legacyVersion = Version.tls12;
        }
      },
      checkOpen: () => {
        if (this.#engine.broken) throw fail('DISPOSED');
      },
      awaiting: (operation) => void (this.#operation = pending(operation)),
      poll: () => this.#poll(),
      aligned: () => this.#aligned(),
      pollChangeCipherSpec: () => this.#pollChangeCipherSpec(),
      put: (message) => {
        this.#putDue();
        this.#trace('sent', ContentType.handshake, message);
        this.#writer.handshake(message);
        this.#answering = this.#afterlife !== undefined;
      },
      putChangeCipherSpec: () => void (this.#changeCipherSpecDue = true),
      flush: () => this.#flush(),
      installReadKeys: (keys, _aligned) => this.#reader.install(protect(keys)),
      installWriteKeys: (keys) => this.#writer.install(protect(keys)),
      limitRecords: (peer) => {
        this.#writer.limitRecords(peer);
        // RFC 8449 section 4: what we asked for holds from here on, and in TLS 1.3 counts the content type.
        if (config.recordSizeLimit !== undefined) this.#reader.limitRecords(config.recordSizeLimit + (config.versions.includes('TLSv1.3') ? 1 : 0));
      },
      keylog: (label, clientRandom, secret) => {
        const { onKeylog } = config;
        if (onKeylog === undefined) return;
        // Now: the secret is wiped before the callback is called.
        const line = keylogLine(label, clientRandom, secret);
        this.#events.push(() => onKeylog(line));
      },
      session: (session) => {
        const { onSession } = config;
        if (onSession !== undefined) this.#events.push(() => onSession(session, this));
      },
      openEarlyData: (limit, exporter) => {
        this.#earlyData = { remaining: limit };
        this.#earlyExporter = exporter;
      },
      closeEarlyData: () => {
        if (facts.earlyData === 'rejected') this.#dropEarlyExporter();
        this.#earlyData = undefined;
        this.#writer.endWrite();
        this.#writer.install(undefined);
      },
      done: (_established, afterlife) => {
        // RFC 9849 section 6.1.6: the public name was proved, which is enough for its retry configurations and nothing else.
        if (facts.ech === 'rejected') throw fail('ECH_REJECTED');
        this.#afterlife = afterlife;
        this.#engine.handshaking = false;
        this.#reader.established = true;
        this.#coalescer.limit = Math.min(config.limits.handshakeBytes, MAX_POST_HANDSHAKE_BYTES);
        this.#step = 'established';
      },
    };
  }

  #poll(): HandshakeMessage | Wait {
    for (;;) {
      const message = this.#nextMessage();
      if (message !== undefined) return message;
      const wait = this.#flush() || this.#nextRecord();
      if (wait !== 0) return wait;
      const { type, fragment, alert } = this.#reader;
      if (type === ContentType.alert) this.#receiveAlert(alert);
      else if (type === ContentType.handshake) this.#coalescer.push(fragment);
      else throw fail('UNEXPECTED_RECORD', `a record of type ${type} at "${this.state}"`);
    }
  }

  #pollChangeCipherSpec(): true | Wait {
    this.#aligned();
    for (;;) {
      const wait = this.#flush() || this.#nextRecord();
      if (wait !== 0) return wait;
      const { type, fragment, alert } = this.#reader;
      if (type === ContentType.alert) this.#receiveAlert(alert);
      else if (type !== ContentType.change_cipher_spec) throw fail('UNEXPECTED_RECORD', `a record of type ${type} where change_cipher_spec must come`);
      else if (fragment.length !== 1 || fragment[0] !== 1) throw fail('BAD_CHANGE_CIPHER_SPEC');
      else return true;
    }
  }

  #aligned(): Aligned {
    if (this.#coalescer.leftover > 0) throw fail('EXCESS_HANDSHAKE_DATA', `${this.#coalescer.leftover} bytes of handshake follow at "${this.state}"`);
    return mint('aligned');
  }
}

/** The keys are in the AEAD now: wipe where they came from. */
function protect(keys: RecordKeys): Protection {
  const protection = new Protection(keys);
  keys.key.fill(0);
  keys.iv.fill(0);
  return protection;
}

/** What is waited for. It never rejects. */
interface Pending {
  readonly ready: Promise<void>;
  settled: boolean;
}

function pending(ready: Promise<void> | undefined): Pending | undefined {
  if (ready === undefined) return undefined;
  const it: Pending = { ready, settled: false };
  void ready.then(() => (it.settled = true));
  return it;
}

const transportError = (cause: Error): TlsError => fail(bioErrorCode(cause), cause.message, { cause });

const EMPTY = new Uint8Array(0);
