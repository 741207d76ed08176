/**
 * @module One connection below its shell: what reads, writes and waits (`Port` of @ferrule/ssl). Before it returns, each
 * operation has done all that it can with what the BIOs hold. What a flow may do is in `handshake.ts`.
 */
import type { Ssl } from '@ferrule/contract';
import { Alert, SslErrorCode, type TlsError } from '@ferrule/result';
import { EMPTY } from '@ferrule/result/bytes';
import { ContentType } from '@ferrule/result/numbers';
import { SslShell, type Facts, type Outlet, type Port, type Start } from '@ferrule/ssl';
import { serverEndPoint } from './auth/verify.ts';
import type { Config } from './context.ts';
import type { Effects, QuicHandshake } from './effects.ts';
import { Engine } from './engine.ts';
import { client } from './flow/client.ts';
import { Handshake } from './handshake.ts';
import { Secrets } from './keys/secret.ts';
import { Negotiated } from './negotiated.ts';
import { fail } from './reason.ts';
import { WANT_READ, type ReadRecord } from './record/progress.ts';
import { RECEIVED, Records } from './records.ts';
import { allowsEarlyData, fits } from './session/resume.ts';
import { Session } from './session/session.ts';

/** A connection of these options. */
export const newConnection = (config: Config, quic?: QuicCarrier): Ssl =>
  new SslShell(config, (outlet) => new Connection(config, outlet, quic));

/** What carries the handshake in place of records. */
export interface QuicCarrier extends QuicHandshake {
  /** The session's early data is wanted. */
  readonly earlyData: boolean;
  records(config: Config, outlet: Outlet, where: () => string): Records;
  /** Nobody takes the events any more: wipes the secrets among them. */
  forget(): void;
}

/** Bit 1 of SSL_get_shutdown(3). */
const SENT = 1;

class Connection implements Port {
  readonly #config: Config;
  readonly #quic: QuicCarrier | undefined;
  readonly #outlet: Outlet;
  readonly #records: Records;
  readonly #engine = new Engine();
  readonly #secrets = new Secrets();
  readonly #negotiated = new Negotiated();
  /** Asked once, before a ClientHello is made for it. */
  #earlyDataFits: (() => boolean) | undefined;
  readonly #hs: Handshake;
  /** Plaintext in the reader's memory that read() has not given out. */
  #plain: Uint8Array = EMPTY;
  /** close_notify is on its way, or has gone. */
  #closing = false;
  /** What the KeyUpdate asks for that keyUpdate() has put and that may still wait to be sent. */
  #updating: boolean | undefined;

  constructor(config: Config, outlet: Outlet, quic: QuicCarrier | undefined) {
    this.#config = config;
    this.#outlet = outlet;
    this.#quic = quic;
    const where = (): string => this.state;
    this.#records = quic?.records(config, outlet, where) ?? new Records(config, outlet, where);
    this.#hs = new Handshake(config, outlet, this.#records, this.#negotiated);
  }

  ownSession(session: unknown): { readonly host: string | undefined } | undefined {
    return Session.is(session) ? session : undefined;
  }

  begin({ rbio, wbio, host, session, earlyData }: Start): void {
    this.#records.attach(rbio, wbio);
    const effects: Effects = {
      config: this.#config,
      secrets: this.#secrets,
      ssl: this.#outlet.ssl,
      negotiated: this.#negotiated,
      hs: this.#hs,
      quic: this.#quic,
    };
    if (earlyData)
      this.#earlyDataFits = () =>
        Session.is(session) && fits(session, effects, host?.name) && allowsEarlyData(session, this.#config);
    this.#engine.start(
      client(effects, {
        host,
        session: Session.is(session) ? session : undefined,
        earlyData: earlyData || this.#quic?.earlyData === true,
      }),
    );
  }

  handshake(): number {
    const ret = this.#engine.resume();
    // Steps that have ended prove nothing: `done` does, which only a flow with its proofs gets to.
    if (ret === 1 && this.#hs.after === undefined && this.#outlet.open)
      throw fail('INTERNAL_ERROR', 'the handshake has ended without a proof');
    return ret;
  }

  read(into: Uint8Array): number {
    while (this.#plain.length === 0) {
      if ((this.#records.shutdown & RECEIVED) !== 0) return -SslErrorCode.zeroReturn;
      const stalled = this.#nextEvent();
      if (stalled !== 0) return stalled;
    }
    return this.#take(into);
  }

  write(from: Uint8Array): number {
    // RFC 5246 section 7.2.2: nothing is written to who has sent a fatal alert, close_notify too. OpenSSL cannot.
    if (this.#records.closedFatally) throw fail('PROTOCOL_IS_SHUTDOWN');
    if (this.#records.writer.needsRekey) this.#hs.after?.keyUpdate?.(false);
    this.#hs.after?.beforeWrite?.();
    return this.#write(from);
  }

  writeEarlyData(from: Uint8Array): number {
    // Until the ClientHello has gone; then the flow rests, and what it waits for is of no concern here.
    if (!this.#hs.earlyData) {
      const fitting = this.#earlyDataFits?.();
      this.#earlyDataFits = undefined;
      if (fitting === false) return 0;
      const ret = this.#engine.resume();
      if (!this.#hs.earlyData) return ret < 0 && ret !== -SslErrorCode.wantRead ? ret : 0;
    }
    return this.#write(from);
  }

  shutdown(): number {
    const records = this.#records;
    if (!this.#closing) {
      // RFC 9846 section 6.1: nothing follows close_notify, so an answer to the server that still waits for the caller
      // is none any more.
      this.#engine.stop();
      this.#hs.operation = undefined;
      records.putAlert(1, Alert.close_notify);
    }
    this.#closing = true;
    const flushed = records.flush();
    if (flushed.kind === 'wait') return -flushed.wait;
    if ((records.shutdown & SENT) === 0) {
      records.shutdown |= SENT;
      return (records.shutdown & RECEIVED) === 0 ? 0 : 1;
    }
    for (;;) {
      if (this.#plain.length > 0) throw fail('APPLICATION_DATA_ON_SHUTDOWN');
      if ((records.shutdown & RECEIVED) !== 0) return 1;
      const stalled = this.#nextEvent();
      if (stalled !== 0) return stalled;
    }
  }

  keyUpdate(requestPeer: boolean): number {
    // One that waited is repeated, even where something else has sent it meanwhile. One that asks for something else is
    // another one.
    if (this.#updating !== requestPeer) this.#hs.after?.keyUpdate?.(requestPeer);
    const flushed = this.#records.flush();
    this.#updating = flushed.kind === 'wait' ? requestPeer : undefined;
    return flushed.kind === 'wait' ? -flushed.wait : 1;
  }

  get committed(): number {
    return this.#records.writer.committed;
  }

  get pending(): number {
    return this.#plain.length;
  }

  get asyncReady(): Promise<void> | undefined {
    const { opening, sealing } = this.#records;
    if ((this.#hs.operation ?? opening ?? sealing) === undefined) return undefined;
    const all = [this.#hs.operation, opening, sealing].filter((each) => each !== undefined);
    // What has settled already must not wake, over and over, those who wait for something else.
    const waiting = all.filter(({ settled }) => !settled);
    return waiting.length > 1 ? Promise.race(waiting.map(({ ready }) => ready)) : (waiting[0] ?? all[0])?.ready;
  }

  get state(): string {
    const { version } = this.#negotiated;
    return version === undefined ? this.#hs.step : `${version} ${this.#hs.step}`;
  }

  get shutdownState(): 0 | 1 | 2 | 3 {
    return this.#records.shutdown;
  }

  fact<K extends keyof Facts>(name: K): Facts[K] | undefined {
    return this.#negotiated.facts[name];
  }

  exportKeyingMaterial(label: string, context: Uint8Array | undefined, length: number): Uint8Array {
    if (this.#hs.after === undefined) throw fail('INTERNAL_ERROR', 'an exporter before the handshake is done');
    return this.#hs.after.exporter.export(label, context, length);
  }

  exportEarlyKeyingMaterial(label: string, context: Uint8Array | undefined, length: number): Uint8Array {
    if (this.#hs.earlyExporter === undefined)
      throw new TypeError('exportEarlyKeyingMaterial: no early data was offered, or it was rejected');
    return this.#hs.earlyExporter.export(label, context, length);
  }

  serverEndPoint(): Uint8Array | undefined {
    const leaf = this.#negotiated.facts.peerCertificates?.[0];
    return leaf === undefined ? undefined : serverEndPoint(this.#config.provider, leaf);
  }

  /** The alert, or close_notify for close_notify (RFC 5246 section 7.2.1). */
  queueAlert({ alert }: TlsError): boolean {
    this.#engine.stop();
    // RFC 9846 section 6.1: close_notify is the last that is sent, as with SSL_shutdown(3).
    if (alert === undefined || this.#closing) return false;
    if (alert.origin === 'local') this.#records.putAlert(2, alert.description);
    else if (alert.description === Alert.close_notify && this.#negotiated.facts.version !== 'TLSv1.3')
      this.#records.putAlert(1, Alert.close_notify);
    else return false;
    return true;
  }

  flush(): number {
    const flushed = this.#records.flush();
    return flushed.kind === 'wait' ? -flushed.wait : 0;
  }

  end(): void {
    this.#engine.stop();
    this.#records.dispose();
    this.#secrets.dispose();
    this.#hs.end();
    this.#plain = EMPTY;
  }

  dispose(): void {
    this.end();
    this.#quic?.forget();
  }

  /** One record or message after the handshake: 0 when something came, else what the operation returns. */
  #nextEvent(): number {
    const records = this.#records;
    if (this.#engine.busy) {
      const ret = this.#engine.resume();
      if (ret <= 0) return ret;
    }
    const message = records.message();
    if (message !== undefined) {
      const steps = this.#hs.after?.receive(message);
      // Nothing is said after close_notify.
      if (steps !== undefined && !this.#closing) this.#engine.start(steps);
      return 0;
    }
    const came = records.next();
    // What we owe the server, say a certificate, has gone out before we wait for the server.
    if (came === WANT_READ && this.#hs.answering) {
      const flushed = records.flush();
      this.#hs.answering = flushed.kind === 'wait';
      return flushed.kind === 'wait' ? -flushed.wait : -came.wait;
    }
    switch (came.kind) {
      case 'wait':
        return -came.wait;
      case 'alert':
        records.receiveAlert(came.alert);
        return 0;
      case 'record':
        this.#receive(came);
        return 0;
    }
  }

  #receive({ type, fragment }: ReadRecord): void {
    if (type === ContentType.handshake) this.#records.coalescer.push(fragment);
    else if (type === ContentType.application_data) {
      this.#plain = fragment;
      if (fragment.length > 0) this.#hs.after?.dataCame();
    } else throw fail('UNEXPECTED_RECORD', `a record of type ${type} after the handshake`);
  }

  #write(from: Uint8Array): number {
    const progress = this.#records.write(from);
    return progress.kind === 'wait' ? -progress.wait : progress.count;
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
}
