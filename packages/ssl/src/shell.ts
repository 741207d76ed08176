/**
 * @module A connection as seen by callers: the contract's `Ssl` over an engine's {@link Port}.
 *
 * Everything common to all engines is done here: checking arguments, applying the call table, keeping and returning
 * failures, calling observers. Each operation goes through {@link SslShell.#operate}, the only place that catches.
 *
 * A failure takes two steps. First the alert goes to the write BIO, which may have to wait for space (WANT_WRITE) or
 * for an asynchronous cipher (WANT_ASYNC); then the failure is set, and every later operation returns it.
 */
import type { Bio } from '@ferrule/bio';
import type { Credential, Ssl, TlsSession, TlsVersion } from '@ferrule/contract';
import { failed, SslErrorCode, TlsError, X509V, type CommonCode, type Failed, type ReturnValue } from '@ferrule/result';
import { EMPTY } from '@ferrule/result/bytes';
import { parseHost, type Host } from '@ferrule/result/host';
import { type ByteFact, ByteFacts } from './byte-facts.ts';
import { CALLS, checkBuffer, Misuse, type Operation, type Phase, type Rule } from './calls.ts';
import { Notices } from './callbacks.ts';
import { failureOf } from './failure.ts';
import { exporterContext, type ExporterCall } from './exporter.ts';
import type { Facts, Observers, Outlet, Port } from './port.ts';
import { GuardedBio, isBio } from './transport.ts';

export class SslShell implements Ssl {
  readonly exportEarlyKeyingMaterial?: (label: string, context: Uint8Array | undefined, length: number) => Uint8Array;
  readonly #port: Port;
  readonly #byteFacts: ByteFacts;
  readonly #notices: Notices;
  #phase: Phase = 'new';
  #established = false;
  /** The running operation; callbacks during it must not call another. */
  #running: Operation | undefined;
  /** The error from {@link SslShell.#misuse} in this operation. */
  #mistake: Misuse | undefined;
  #why: SslErrorCode = SslErrorCode.none;

  #rbio: Bio | undefined;
  #wbio: Bio | undefined;
  /** The write BIO itself waits for space. */
  #isBlocking = false;
  #connectState = false;
  #host: Host | undefined;
  #session: TlsSession | undefined;
  #earlyDataSent = 0;

  /** The failure that takes effect once its alert has been sent. */
  #dying: Failed | undefined;
  #failure: Failed | undefined;
  #alertQueued = false;
  /** The failure of a previous call that was rejected for its phase. */
  #refused: Failed | undefined;

  constructor(observers: Observers, makePort: (outlet: Outlet) => Port) {
    const notices = new Notices(observers);
    const isOpen = (): boolean => this.#open;
    this.#notices = notices;
    this.#port = makePort({
      ssl: this,
      get open() {
        return isOpen();
      },
      message: (direction, contentType, bytes) => notices.message(direction, contentType, bytes),
      keylog: (line) => notices.keylog(line),
      session: (make) => notices.session(make),
    });
    this.#byteFacts = new ByteFacts(this.#port);
    if (this.#port.exportEarlyKeyingMaterial !== undefined) {
      this.exportEarlyKeyingMaterial = (label, context, length) =>
        this.#export('exportEarlyKeyingMaterial', label, context, length);
    }
  }

  setBio(rbio: Bio, wbio: Bio): void {
    this.#prepare('setBio');
    if (!isBio(rbio, 'nread0', 'nread') || !isBio(wbio, 'nwrite0', 'nwrite'))
      throw new Misuse('setBio', 'both arguments must be Bios; they may be the same one');
    this.#rbio = rbio;
    this.#wbio = wbio;
  }

  setConnectState(): void {
    this.#connectState = true;
  }

  setHost(name: string): void {
    this.#prepare('setHost');
    // Brackets belong in URLs.
    if (typeof name !== 'string' || name.startsWith('['))
      throw new Misuse('setHost', 'needs a DNS name or an IP address');
    const host = parseHost(name);
    if (this.#session !== undefined) this.#checkSession('setHost', this.#session, host);
    this.#host = host;
  }

  setSession(session: TlsSession): void {
    this.#prepare('setSession');
    this.#checkSession('setSession', session, this.#host);
    this.#session = session;
  }

  connect(): ReturnValue {
    this.#connectState = true;
    return this.#operate('connect') as ReturnValue;
  }

  doHandshake(): ReturnValue {
    return this.#operate('doHandshake') as ReturnValue;
  }

  read(into: Uint8Array): number {
    return this.#operate('read', checkBuffer('read', into));
  }

  write(from: Uint8Array): number {
    return this.#operate('write', checkBuffer('write', from));
  }

  writeEarlyData(from: Uint8Array): number {
    return this.#operate('writeEarlyData', checkBuffer('writeEarlyData', from));
  }

  shutdown(): number {
    return this.#operate('shutdown');
  }

  keyUpdate(requestPeer: boolean): ReturnValue {
    if (typeof requestPeer !== 'boolean') throw new Misuse('keyUpdate', 'needs a boolean');
    return this.#operate('keyUpdate', requestPeer) as ReturnValue;
  }

  getError(ret: number): SslErrorCode {
    return ret > 0 ? SslErrorCode.none : this.#why;
  }

  /** After dispose() it is created on demand, since it is rarely read and a stack trace is expensive. */
  get failure(): Failed | undefined {
    if (this.#phase === 'disposed') this.#failure ??= failed(new TlsError('DISPOSED'));
    return this.#failure ?? this.#refused;
  }

  get asyncReady(): Promise<void> | undefined {
    if (this.#phase === 'disposed') return undefined;
    return this.#port.asyncReady ?? (this.#open ? this.#notices.settled : undefined);
  }

  get pending(): number {
    return this.#phase === 'disposed' ? 0 : this.#port.pending;
  }

  get state(): string {
    if (this.#phase === 'disposed') return 'disposed';
    return this.#phase === 'new' ? 'before connect' : this.#port.state;
  }

  get shutdownState(): 0 | 1 | 2 | 3 {
    return this.#port.shutdownState;
  }

  get established(): boolean {
    return this.#established;
  }

  get version(): TlsVersion | undefined {
    return this.#port.fact('version');
  }
  get cipherSuite(): number | undefined {
    return this.#port.fact('cipherSuite');
  }
  get group(): number | undefined {
    return this.#port.fact('group');
  }
  get peerSignatureAlgorithm(): number | undefined {
    return this.#port.fact('peerSignatureAlgorithm');
  }
  get alpn(): string | undefined {
    return this.#port.fact('alpn');
  }
  get helloRetryRequested(): boolean | undefined {
    return this.#port.fact('helloRetryRequested');
  }
  get extendedMasterSecret(): boolean | undefined {
    return this.#port.fact('extendedMasterSecret');
  }
  get peerCertificates(): readonly Uint8Array[] {
    return this.#bytes('peerCertificates') ?? [];
  }
  get peerRawPublicKey(): Uint8Array | undefined {
    return this.#bytes('peerRawPublicKey');
  }
  get verifiedChain(): readonly Uint8Array[] | undefined {
    return this.#bytes('verifiedChain');
  }
  get verifyResult(): number {
    return this.#port.fact('verifyResult') ?? (this.#dying ?? this.#failure)?.error.verify?.code ?? X509V.OK;
  }
  get ocspResponse(): Uint8Array | undefined {
    return this.#bytes('ocspResponse');
  }
  get signedCertificateTimestamps(): Uint8Array | undefined {
    return this.#bytes('signedCertificateTimestamps');
  }
  get clientCredential(): Credential | undefined {
    return this.#port.fact('clientCredential');
  }
  get sessionReused(): boolean {
    return this.#port.fact('sessionReused') ?? false;
  }
  get earlyData(): Facts['earlyData'] {
    return this.#port.fact('earlyData') ?? 'not-sent';
  }
  get ech(): Facts['ech'] {
    return this.#port.fact('ech') ?? 'not-offered';
  }
  get echRetryConfigs(): Uint8Array | undefined {
    return this.#bytes('echRetryConfigs');
  }

  #bytes<Name extends ByteFact>(name: Name): Facts[Name] | undefined {
    if (this.#phase === 'disposed') return this.#byteFacts.get(name, 'disposed');
    return this.#byteFacts.get(name, this.#established || !this.#open ? 'settled' : 'open');
  }

  exportKeyingMaterial(label: string, context: Uint8Array | undefined, length: number): Uint8Array {
    return this.#export('exportKeyingMaterial', label, context, length);
  }

  channelBinding(type: 'tls-exporter' | 'tls-server-end-point'): Uint8Array | undefined {
    if (type !== 'tls-exporter' && type !== 'tls-server-end-point')
      throw new Misuse('channelBinding', `unknown type ${String(type)}`);
    if (!this.#permit('channelBinding')) return undefined;
    if (type === 'tls-server-end-point') return this.#port.serverEndPoint();
    // RFC 9266 section 4.2: in TLS 1.2 only with extended master secret.
    const unique = this.version === 'TLSv1.3' || this.extendedMasterSecret === true;
    return unique ? this.#port.exportKeyingMaterial('EXPORTER-Channel-Binding', EMPTY, 32) : undefined;
  }

  dispose(): void {
    if (this.#phase === 'disposed') return;
    // A failure whose alert is pending takes effect without waiting further.
    this.#failure ??= this.#dying;
    this.#phase = 'disposed';
    this.#refused = undefined;
    this.#port.dispose();
  }

  // ── Calls ──

  get #open(): boolean {
    return this.#phase !== 'failed' && this.#phase !== 'disposed';
  }

  #operate(call: Operation, data?: Uint8Array | boolean): number {
    if (this.#running !== undefined)
      throw new Misuse(call, `called from inside a callback of ${this.#running}(); call it when that has returned`);
    const rule = CALLS[call][this.#phase];
    this.#refused = undefined;
    if (rule !== 'run') return this.#notRun(call, rule, data);
    this.#running = call;
    this.#mistake = undefined;
    let ret: number;
    try {
      ret = this.#answer(this.#run(call, data));
    } catch (error) {
      if (error !== undefined && error === this.#mistake) throw error;
      ret = this.#fail(error);
    } finally {
      this.#running = undefined;
    }
    return this.#notices.any || this.#phase === 'disposed' ? this.#leave(ret) : ret;
  }

  /**
   * Misuse of the running call, detected outside any step. Only this one changes nothing: a Misuse thrown from a step
   * belongs to another call, made by a BIO or a callback during this one.
   */
  #misuse(call: Operation, text: string): Misuse {
    return (this.#mistake = new Misuse(call, text));
  }

  /** The port's result: a count, or the negated code of SSL_get_error(3). */
  #run(call: Operation, data: Uint8Array | boolean | undefined): number {
    switch (call) {
      case 'read':
      case 'write': {
        if (!this.#established) {
          const ret = this.#handshake();
          if (ret !== 1) return ret;
        }
        // A callback of the handshake may have transferred the buffer
        if ((data as Uint8Array).length === 0)
          throw this.#misuse(call, 'its memory has gone to somebody else during the handshake');
        if (call === 'read') return this.#port.read(data as Uint8Array);
        this.#checkRepeated(call, data as Uint8Array);
        return this.#write(data as Uint8Array);
      }
      case 'connect':
      case 'doHandshake':
        return this.#handshake();
      case 'writeEarlyData':
        return this.#writeEarlyData(data as Uint8Array);
      case 'shutdown':
        this.#phase = 'writeClosed';
        return this.#port.shutdown();
      case 'keyUpdate':
        if (this.version !== 'TLSv1.3') throw this.#misuse(call, 'needs an established TLS 1.3 connection');
        return this.#port.keyUpdate(data as boolean);
    }
  }

  #handshake(): number {
    if (this.#phase === 'new') {
      if (!this.#connectState) return this.#refuse('CONNECTION_TYPE_NOT_SET');
      if (!this.#begin(false)) return this.#refuse('BIO_MISSING');
    }
    this.#phase = 'handshaking';
    const ret = this.#port.handshake();
    if (ret !== 1 || !this.#open) return ret;
    this.#established = true;
    this.#phase = 'established';
    return 1;
  }

  /** False without BIOs. */
  #begin(earlyData: boolean): boolean {
    if (this.#rbio === undefined || this.#wbio === undefined) return false;
    this.#phase = earlyData ? 'earlyData' : 'handshaking';
    const rbio = new GuardedBio(this.#rbio);
    const wbio = this.#wbio === this.#rbio ? rbio : new GuardedBio(this.#wbio);
    this.#isBlocking = wbio.blocking;
    this.#port.begin({ rbio, wbio, host: this.#host, session: this.#session, earlyData });
    return true;
  }

  /** SSL_write(3): with a blocking BIO all of it is written; if not, the next operation returns the reason. */
  #write(from: Uint8Array): number {
    let taken = this.#port.write(from);
    while (this.#isBlocking && taken > 0 && taken < from.length) {
      const ret = this.#port.write(from.subarray(taken));
      if (ret <= 0) break;
      taken += ret;
    }
    return taken;
  }

  /** @throws TypeError for fewer bytes than in the call being repeated. */
  #checkRepeated(call: 'write' | 'writeEarlyData', { length }: Uint8Array): void {
    const { committed } = this.#port;
    if (length < committed)
      throw this.#misuse(
        call,
        `is to be repeated with the same bytes (SSL_write(3)): there were ${committed} or more, now ${length}`,
      );
  }

  #writeEarlyData(from: Uint8Array): number {
    const call = 'writeEarlyData';
    const left = (this.#session?.maxEarlyData ?? 0) - this.#earlyDataSent;
    if (left <= 0) {
      throw this.#misuse(
        call,
        this.#earlyDataSent === 0
          ? 'needs a session that allows early data'
          : 'the server takes no more early data (session.maxEarlyData)',
      );
    }
    if (this.#phase === 'new' && !this.#begin(true)) return this.#refuse('BIO_MISSING');
    this.#checkRepeated(call, from);
    const ret = this.#port.writeEarlyData(from.length > left ? from.subarray(0, left) : from);
    if (ret === 0) {
      this.#phase = 'handshaking';
      throw this.#misuse(call, 'the session does not fit this connection; use connect() and write()');
    }
    if (ret > 0) this.#earlyDataSent += ret;
    return ret;
  }

  #answer(ret: number): number {
    if (ret > 0) {
      this.#why = SslErrorCode.none;
      return ret;
    }
    this.#why = (ret === 0 ? SslErrorCode.none : -ret) as SslErrorCode;
    return ret === 0 || ret === -SslErrorCode.zeroReturn ? 0 : -1;
  }

  /** The result of an operation that does not run. */
  #notRun(call: Operation, rule: Rule, data: Uint8Array | boolean | undefined): number {
    if (rule === 'done') return this.#answer(1);
    if (typeof rule === 'object' && 'misuse' in rule) throw new Misuse(call, rule.misuse);
    if (typeof rule === 'object') return this.#answer(this.#refuse(rule.refusal));
    return call === 'read' && this.#phase === 'failed' ? this.#readRest(data as Uint8Array) : this.#end();
  }

  /** Data decrypted before an observer failed can still be read. */
  #readRest(into: Uint8Array): number {
    const { pending } = this.#port;
    if (pending === 0) return this.#end();
    const ret = this.#answer(this.#port.read(into.subarray(0, pending)));
    if (this.#port.pending === 0) this.#port.end();
    return ret;
  }

  #refuse(code: CommonCode): number {
    this.#refused = failed(new TlsError(code));
    return -SslErrorCode.ssl;
  }

  #prepare(call: 'setBio' | 'setHost' | 'setSession'): void {
    const rule = CALLS[call][this.#phase];
    if (typeof rule === 'object' && 'misuse' in rule) throw new Misuse(call, rule.misuse);
  }

  #checkSession(call: 'setHost' | 'setSession', session: TlsSession, host: Host | undefined): void {
    const own = this.#port.ownSession(session);
    if (own === undefined) throw new Misuse(call, 'not a session of this engine');
    if (host !== undefined && own.host !== host.name)
      throw new Misuse(call, `the session is of ${own.host ?? 'no host'}, not of ${host.name}`);
  }

  #export(call: ExporterCall, label: string, context: Uint8Array | undefined, length: number): Uint8Array {
    this.#permit(call);
    const copy = exporterContext(call, label, context, length, this);
    return call === 'exportKeyingMaterial'
      ? this.#port.exportKeyingMaterial(label, copy, length)
      : (this.#port.exportEarlyKeyingMaterial?.(label, copy, length) as Uint8Array);
  }

  /** Whether secrets may be used; if false, the value is undefined. @throws TypeError, or the failure's TlsError. */
  #permit(call: ExporterCall | 'channelBinding'): boolean {
    const rule = CALLS[call][this.#phase];
    if (rule === 'failure') throw (this.#dying ?? (this.failure as Failed)).error;
    if (typeof rule === 'object' && 'misuse' in rule) throw new Misuse(call, rule.misuse);
    return rule === 'run';
  }

  // ── Failure ──

  /** Fails the connection with the exception; returns the operation's result. */
  #fail(thrown: unknown): number {
    if (!this.#open) return this.#end();
    const error = TlsError.is(thrown)
      ? thrown
      : new TlsError('INTERNAL_ERROR', 'an exception inside the engine', { cause: thrown });
    this.#dying = failureOf(error, this.#established, this.#phase === 'writeClosed');
    this.#phase = 'failed';
    try {
      this.#alertQueued = this.#port.queueAlert(error);
    } catch {
      // The write side is broken too: keep the first failure; the alert is lost.
    }
    return this.#end();
  }

  /** The result of every operation on a failed connection. */
  #end(): number {
    if (this.#failure === undefined && this.#dying !== undefined) {
      const wait = this.#lastFlush();
      if (wait !== 0) return this.#answer(wait);
      this.#failure = this.#dying;
      this.#port.end();
    }
    const { code, ret } = this.failure as Failed;
    this.#why = code;
    return ret;
  }

  #lastFlush(): number {
    if (!this.#alertQueued) return 0;
    try {
      return this.#port.flush();
    } catch {
      return 0;
    }
  }

  /** Notifies observers. What they do to the connection determines the result, unless bytes have been moved. */
  #leave(ret: number): number {
    const why = this.#why;
    const open = this.#open;
    this.#notices.tell(this, this.#undisposed, this.#observerFailed);
    if (this.#phase === 'disposed' || (open && !this.#open && ret < 0)) return this.#end();
    this.#why = why;
    return ret;
  }

  readonly #undisposed = (): boolean => this.#phase !== 'disposed';

  /** An observer threw. Decrypted data can still be read. */
  readonly #observerFailed = (error: TlsError): void => {
    if (!this.#open) return;
    this.#failure = failed(error);
    this.#phase = 'failed';
    if (this.#port.pending === 0) this.#port.end();
  };
}
