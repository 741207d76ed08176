/**
 * @module One connection below its shell: what reads, writes and waits (`Port` of @ferrule/ssl), and what a flow may do
 * (`Effects`). Before it returns, each operation has done all that it can with what the BIOs hold.
 */
import type { Ssl } from '@ferrule/contract';
import { Alert, SslError, type TlsError } from '@ferrule/result';
import { EMPTY } from '@ferrule/result/bytes';
import { ContentType, Version } from '@ferrule/result/numbers';
import { SslShell, type Facts, type Outlet, type Port, type Start } from '@ferrule/ssl';
import { parseHost, type Host } from '@ferrule/x509';
import { serverEndPoint } from './auth/verify.ts';
import type { Config } from './context.ts';
import type { Afterlife, Effects } from './effects.ts';
import { Engine } from './engine.ts';
import { client } from './flow/client.ts';
import type { Exporter } from './keys/exporter.ts';
import { keylogLine } from './keys/keylog.ts';
import { Secrets } from './keys/secret.ts';
import { MAX_POST_HANDSHAKE_BYTES } from './limits.ts';
import { fail } from './reason.ts';
import { pending, RECEIVED, Records, type Pending } from './records.ts';
import { Session } from './session/session.ts';

/** A connection of these options. */
export const newConnection = (config: Config): Ssl => new SslShell(config, (outlet) => new Connection(config, outlet));

/** Bit 1 of SSL_get_shutdown(3). */
const SENT = 1;

class Connection implements Port {
  readonly #config: Config;
  readonly #outlet: Outlet;
  readonly #records: Records;
  readonly #engine = new Engine();
  readonly #secrets = new Secrets();
  readonly #effects: Effects;
  readonly #facts: Partial<Facts> = {};
  #step = 'before connect';
  /** What a step of the flow waits for. */
  #operation: Pending | undefined;

  /** There once the handshake is done. */
  #afterlife: Afterlife | undefined;
  /** Early data may be written. */
  #earlyData = false;
  #earlyExporter: Exporter | undefined;
  #makesSessions = true;
  /** Plaintext in the reader's memory that read() has not given out. */
  #plain: Uint8Array = EMPTY;
  /** close_notify is on its way, or has gone. */
  #closing = false;
  /** What the KeyUpdate asks for that keyUpdate() has put and that may still wait to be sent. */
  #updating: boolean | undefined;
  /** A handshake message of ours after the handshake may still wait to be sent. */
  #answering = false;

  constructor(config: Config, outlet: Outlet) {
    this.#config = config;
    this.#outlet = outlet;
    this.#records = new Records(config, outlet, () => this.state);
    this.#effects = this.#makeEffects();
  }

  hostName(name: string): string {
    return hostOf(name).name;
  }

  ownSession(session: unknown): { readonly host: string | undefined } | undefined {
    return Session.is(session) ? session : undefined;
  }

  begin({ rbio, wbio, host, session, earlyData }: Start): void {
    this.#records.attach(rbio, wbio);
    this.#engine.start(
      client(this.#effects, {
        host: host === undefined ? undefined : hostOf(host),
        session: Session.is(session) ? session : undefined,
        earlyData,
      }),
    );
  }

  handshake(): number {
    const ret = this.#engine.resume();
    // Steps that have ended prove nothing: `done` does, which only a flow with its proofs gets to.
    if (ret === 1 && this.#afterlife === undefined && this.#outlet.open)
      throw fail('INTERNAL_ERROR', 'the handshake has ended without a proof');
    return ret;
  }

  read(into: Uint8Array): number {
    while (this.#plain.length === 0) {
      if ((this.#records.shutdown & RECEIVED) !== 0) return -SslError.zeroReturn;
      const stalled = this.#nextEvent();
      if (stalled !== 0) return stalled;
    }
    return this.#take(into);
  }

  write(from: Uint8Array): number {
    // RFC 5246 section 7.2.2: nothing is written to who has sent a fatal alert, close_notify too. OpenSSL cannot.
    if (this.#records.closedFatally) throw fail('PROTOCOL_IS_SHUTDOWN');
    if (this.#records.writer.worn) this.#afterlife?.keyUpdate?.(false);
    this.#afterlife?.beforeWrite?.();
    return this.#records.write(from);
  }

  writeEarlyData(from: Uint8Array): number {
    // Until the ClientHello has gone; then the flow rests, and what it waits for is of no concern here.
    if (!this.#earlyData) {
      const ret = this.#engine.resume();
      if (!this.#earlyData) return ret < 0 && ret !== -SslError.wantRead ? ret : 0;
    }
    return this.#records.write(from);
  }

  shutdown(): number {
    const records = this.#records;
    if (!this.#closing) {
      // RFC 9846 section 6.1: nothing follows close_notify, so an answer to the server that still waits for the caller
      // is none any more.
      this.#engine.stop();
      this.#operation = undefined;
      records.putAlert(1, Alert.close_notify);
    }
    this.#closing = true;
    const wait = records.flush();
    if (wait !== 0) return -wait;
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
    if (this.#updating !== requestPeer) this.#afterlife?.keyUpdate?.(requestPeer);
    const wait = this.#records.flush();
    this.#updating = wait === 0 ? undefined : requestPeer;
    return wait === 0 ? 1 : -wait;
  }

  get owed(): number {
    return this.#records.writer.owed;
  }

  get pending(): number {
    return this.#plain.length;
  }

  get asyncReady(): Promise<void> | undefined {
    const all = [this.#operation, this.#records.opening, this.#records.sealing].filter((each) => each !== undefined);
    // What has settled already must not wake, over and over, those who wait for something else.
    const waiting = all.filter(({ settled }) => !settled);
    return waiting.length > 1 ? Promise.race(waiting.map(({ ready }) => ready)) : (waiting[0] ?? all[0])?.ready;
  }

  get state(): string {
    return this.#facts.version === undefined ? this.#step : `${this.#facts.version} ${this.#step}`;
  }

  get shutdownState(): 0 | 1 | 2 | 3 {
    return this.#records.shutdown;
  }

  fact<K extends keyof Facts>(name: K): Facts[K] | undefined {
    return this.#facts[name];
  }

  exportKeyingMaterial(label: string, context: Uint8Array | undefined, length: number): Uint8Array {
    if (this.#afterlife === undefined) throw fail('INTERNAL_ERROR', 'an exporter before the handshake is done');
    return this.#afterlife.exporter.export(label, context, length);
  }

  exportEarlyKeyingMaterial(label: string, context: Uint8Array | undefined, length: number): Uint8Array {
    if (this.#earlyExporter === undefined)
      throw new TypeError('exportEarlyKeyingMaterial: no early data was offered, or it was rejected');
    return this.#earlyExporter.export(label, context, length);
  }

  serverEndPoint(): Uint8Array | undefined {
    const leaf = this.#facts.peerCertificates?.[0];
    return leaf === undefined ? undefined : serverEndPoint(this.#config.provider, leaf);
  }

  /** The alert, or close_notify for close_notify (RFC 5246 section 7.2.1). */
  queueAlert({ alert }: TlsError): boolean {
    this.#engine.stop();
    // RFC 9846 section 6.1: close_notify is the last that is sent, as with SSL_shutdown(3).
    if (alert === undefined || this.#closing) return false;
    if (alert.origin === 'local') this.#records.putAlert(2, alert.description);
    else if (alert.description === Alert.close_notify && this.#facts.version !== 'TLSv1.3')
      this.#records.putAlert(1, Alert.close_notify);
    else return false;
    return true;
  }

  flush(): number {
    return -this.#records.flush();
  }

  end(): void {
    this.#engine.stop();
    this.#records.dispose();
    this.#secrets.dispose();
    this.#earlyExporter = undefined;
    this.#earlyData = false;
    this.#plain = EMPTY;
    this.#operation = undefined;
  }

  dispose(): void {
    this.end();
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
      const steps = this.#afterlife?.receive(message);
      // Nothing is said after close_notify.
      if (steps !== undefined && !this.#closing) this.#engine.start(steps);
      return 0;
    }
    const wait = records.next();
    // What we owe the server, say a certificate, has gone out before we wait for the server.
    if (wait === SslError.wantRead && this.#answering) {
      const writing = records.flush();
      this.#answering = writing !== 0;
      return -(writing || wait);
    }
    if (wait !== 0) return -wait;
    const { type, fragment, alert } = records.reader;
    switch (type) {
      case ContentType.application_data:
        this.#plain = fragment;
        if (fragment.length > 0) this.#afterlife?.dataCame();
        return 0;
      case ContentType.handshake:
        records.coalescer.push(fragment);
        return 0;
      case ContentType.alert:
        records.receiveAlert(alert);
        return 0;
      default:
        throw fail('UNEXPECTED_RECORD', `a record of type ${type} after the handshake`);
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

  #dropEarlyExporter(): void {
    this.#earlyExporter?.dispose();
    this.#earlyExporter = undefined;
  }

  #makeEffects(): Effects {
    const config = this.#config;
    const facts: { -readonly [K in keyof Facts]?: Facts[K] } = this.#facts;
    const records = this.#records;
    const outlet = this.#outlet;
    const write = <K extends keyof Facts>(name: K, value: Facts[K]): void => {
      if (name in facts) throw fail('INTERNAL_ERROR', `the fact ${name} is written twice`);
      facts[name] = value;
    };
    return {
      config,
      facts,
      secrets: this.#secrets,
      ssl: outlet.ssl,
      enter: (step) => void (this.#step = step),
      settleVersion: (version) => {
        records.reader.version = version;
        records.writer.legacyVersion = Version.tls12;
        write('version', version);
      },
      fact: write,
      checkOpen: () => {
        if (!outlet.open) throw fail('DISPOSED');
      },
      awaiting: (operation) => void (this.#operation = pending(operation)),
      poll: () => records.poll(),
      aligned: () => records.aligned(),
      pollChangeCipherSpec: () => records.pollChangeCipherSpec(),
      put: (message) => {
        records.putMessage(message);
        this.#answering = this.#afterlife !== undefined;
      },
      putChangeCipherSpec: () => records.putChangeCipherSpec(),
      flush: () => records.flush(),
      installReadKeys: (keys, _aligned) => records.installRead(keys),
      installWriteKeys: (keys) => records.installWrite(keys),
      limitRecords: (peer) => {
        records.writer.limitRecords(peer);
        // RFC 8449 section 4: what we asked for holds from here on, and in TLS 1.3 counts the content type.
        if (config.recordSizeLimit !== undefined)
          records.reader.limitRecords(config.recordSizeLimit + (config.versions.includes('TLSv1.3') ? 1 : 0));
      },
      // Now: the secret is wiped before the callback is called.
      keylog: (label, clientRandom, secret) =>
        void (config.onKeylog !== undefined && outlet.keylog(keylogLine(label, clientRandom, secret))),
      session: (session) => void (this.#makesSessions && outlet.session(() => session)),
      makeNoSession: () => void (this.#makesSessions = false),
      openEarlyData: (_limit, exporter) => {
        this.#earlyData = true;
        this.#earlyExporter = exporter;
      },
      closeEarlyData: () => {
        if (facts.earlyData === 'rejected') this.#dropEarlyExporter();
        this.#earlyData = false;
        records.writer.endWrite();
        records.writer.install(undefined);
      },
      done: (_established, afterlife) => {
        // RFC 9849 section 6.1.6: the public name was proved, which is enough for its retry configurations and nothing
        // else.
        if (facts.ech === 'rejected') throw fail('ECH_REJECTED');
        this.#afterlife = afterlife;
        records.reader.established = true;
        records.coalescer.limit = Math.min(config.limits.handshakeBytes, MAX_POST_HANDSHAKE_BYTES);
        this.#step = 'established';
      },
    };
  }
}

/** Brackets belong into URLs. @throws TypeError */
function hostOf(name: string): Host {
  if (name.startsWith('[')) throw new TypeError('setHost: needs a DNS name or an IP address');
  return parseHost(name);
}
