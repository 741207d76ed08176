/**
 * @module One connection: `Ssl` of the contract, the only file that sees a Bio.
 *
 *     read BIO's view ─┐                    ┌─ bytes used → nread
 *     write BIO's view ┼→ one native call ──┼─ bytes filled → nwrite
 *     caller's buffer ─┘                    └─ events, pauses, errors
 *
 * The native call works on the views themselves and never calls back; what it has to tell or to ask stands in the control
 * block when it returns, and is acted on here, between calls.
 */
import { type Bio, bioErrorCode } from '@ferrule/bio';
import type { CertificateRequest, Credential, Ssl, TlsSession, TlsVersion } from '@ferrule/contract';
import { Alert, CERTIFICATE_ALERTS, type Failed, failed, isCertificateCode, SslError, TlsError, X509V } from '@ferrule/result';
import { mayOffer } from '@ferrule/ssl/session-binding';
import { isMade } from './anchor.ts';
import { type Binding, Control, EventKind, type Handle, MISUSE, Operation } from './binding.ts';
import type { Shared } from './context.ts';
import { misfitOf, parseCredential, type ParsedCredential } from './credential.ts';
import { forget } from './forgotten.ts';
import { type Host, parseHost } from './host.ts';
import { credentialOption } from './options.ts';
import { failureOf } from './reason.ts';
import { type PeerRecord, receivedSession, sessionFields } from './session.ts';

const EMPTY: Uint8Array = new Uint8Array(0);

/** Free space asked of a write BIO that grows: a handshake flight, or a record. */
const FLIGHT = 2048;
const RECORD = 16_384 + 512;
/** RFC 9846 section 5.1. */
const MAX_PLAINTEXT = 16_384;

export class Connection implements Ssl {
  readonly #shared: Shared;
  readonly #binding: Binding;
  readonly #control: Int32Array;
  #handle: Handle;
  #rbio: Bio | undefined;
  #wbio: Bio | undefined;

  #connectState = false;
  #begun = false;
  #established = false;
  #host: Host | undefined;
  #session: TlsSession | undefined;

  #failure: Failed | undefined;
  #why: SslError = SslError.none;
  #waiting: { readonly settled: Promise<void>; readonly why: SslError } | undefined;
  /** The failure that a verify function names itself. */
  #refusal: TlsError | undefined;

  #pending = 0;
  #shutdown: 0 | 1 | 2 | 3 = 0;
  /** Whom the session that went into the ClientHello is with. */
  #offered: PeerRecord | undefined;
  #earlyDataBegun = false;
  #earlyDataSent = 0;
  /** Of a writeEarlyData() that returned WANT_WRITE. */
  #earlyDataWaiting: Uint8Array | undefined;
  #credential: Credential | undefined;
  #peerCertificates: readonly Uint8Array[] | undefined;
  /** The last look at the facts; final once established. */
  #facts: Int32Array | undefined;
  /** Kept when the connection is disposed. */
  #alpn: string | undefined;

  constructor(shared: Shared, handle: Handle) {
    this.#shared = shared;
    this.#binding = shared.library.binding;
    this.#control = shared.library.control;
    this.#handle = handle;
  }

  setBio(rbio: Bio, wbio: Bio): void {
    this.#assertNotBegun('setBio');
    this.#rbio = rbio;
    this.#wbio = wbio;
  }

  setConnectState(): void {
    this.#connectState = true;
  }

  setHost(name: string): void {
    this.#assertNotBegun('setHost');
    const host = parseHost(name);
    if (this.#session !== undefined && this.#session.host !== host.name) throw new TypeError('setHost: the session set is of another host');
    if (this.#handle !== 0 && !this.#binding.setHost(this.#handle, host.name, host.isAddress)) throw new TypeError('setHost: OpenSSL refuses the name');
    this.#host = host;
  }

  setSession(session: TlsSession): void {
    this.#assertNotBegun('setSession');
    const fields = sessionFields(session);
    if (fields === undefined) throw new TypeError('setSession: not a session of this backend');
    if (this.#host !== undefined && fields.host !== this.#host.name) throw new TypeError('setSession: a session of another host');
    this.#session = session;
  }

  connect(): number {
    this.#connectState = true;
    return this.doHandshake();
  }

  doHandshake(): number {
    return this.#ready() ? this.#done(1) : this.#handshake();
  }

  read(into: Uint8Array): number {
    if (!(into instanceof Uint8Array) || into.length === 0) throw new TypeError('read: needs a Uint8Array that is not empty');
    if (!this.#ready()) {
      const ret = this.#handshake();
      if (ret <= 0) return ret;
    }
    return this.#run(Operation.read, into);
  }

  write(from: Uint8Array): number {
    if (!(from instanceof Uint8Array) || from.length === 0) throw new TypeError('write: needs a Uint8Array that is not empty');
    if (!this.#ready()) {
      const ret = this.#handshake();
      if (ret <= 0) return ret;
    }
    if ((this.#shutdown & 1) !== 0) return this.#fail(new TlsError('PROTOCOL_IS_SHUTDOWN'));
    const ret = this.#run(Operation.write, from);
    // A blocking BIO takes everything before write() returns.
    if (ret > 0 && ret < from.length && this.#wbio?.blocking === true) return this.#writeRest(from, ret);
    return ret;
  }

  writeEarlyData(from: Uint8Array): number {
    if (!(from instanceof Uint8Array) || from.length === 0) throw new TypeError('writeEarlyData: needs a Uint8Array that is not empty');
    if (this.#failure !== undefined) return this.#again();
    if (this.#established) throw new TypeError('writeEarlyData: the handshake is done; use write()');
    const allowed = this.#session?.maxEarlyData ?? 0;
    if (allowed === 0) throw new TypeError('writeEarlyData: needs a session that allows early data');
    if (this.#begun && !this.#earlyDataBegun) throw new TypeError('writeEarlyData: the time for early data is over; use connect() and write()');
    const left = allowed - this.#earlyDataSent;
    if (left <= 0) throw new TypeError('writeEarlyData: the server takes no more early data (session.maxEarlyData)');
    if (!this.#begun && !this.#begin()) return this.#again();
    this.#earlyDataBegun = true;
    if (this.#waiting !== undefined) return this.#wait(this.#waiting.why);
    if (this.#offered === undefined) throw new TypeError('writeEarlyData: the session does not fit this connection; use connect() and write()');
    const before = this.#earlyDataWaiting;
    if (before !== undefined && from.length < before.length) throw new TypeError(`writeEarlyData: is to be repeated with the same bytes: there were ${before.length} or more, now ${from.length}`);
    return this.#sendEarlyData(before ?? from.subarray(0, Math.min(left, MAX_PLAINTEXT)));
  }

  shutdown(): number {
    if (!this.#ready()) {
      const ret = this.#handshake();
      if (ret <= 0) return ret;
    }
    return this.#run(Operation.shutdown);
  }

  keyUpdate(requestPeer: boolean): number {
    if (typeof requestPeer !== 'boolean') throw new TypeError('keyUpdate: needs a boolean');
    if (this.#failure !== undefined) return this.#again();
    if (this.version !== 'TLSv1.3' || !this.#established) throw new TypeError('keyUpdate: needs an established TLS 1.3 connection');
    return this.#run(Operation.keyUpdate, requestPeer);
  }

  getError(ret: number): SslError {
    return ret > 0 ? SslError.none : this.#why;
  }

  get failure(): Failed | undefined {
    return this.#failure;
  }

  get asyncReady(): Promise<void> | undefined {
    return this.#waiting?.settled;
  }

  get pending(): number {
    return this.#pending;
  }

  get state(): string {
    if (this.#handle === 0) return 'disposed';
    return this.#begun ? this.#binding.state(this.#handle) : 'before connect';
  }

  get shutdownState(): 0 | 1 | 2 | 3 {
    return this.#shutdown;
  }

  get established(): boolean {
    return this.#established;
  }

  get version(): TlsVersion | undefined {
    switch (this.#fact(Control.version)) {
      case 0x0303: return 'TLSv1.2';
      case 0x0304: return 'TLSv1.3';
      default: return undefined;
    }
  }

  get cipherSuite(): number | undefined {
    return this.#fact(Control.cipherSuite) || undefined;
  }

  get group(): number | undefined {
    // Each TLS 1.3 handshake has a key exchange; a resumption of TLS 1.2 has none.
    return this.#fact(Control.group) || this.#resumedPeer()?.group || undefined;
  }

  get peerSignatureAlgorithm(): number | undefined {
    return (this.#resumedPeer()?.signatureAlgorithm ?? this.#fact(Control.peerSignatureAlgorithm)) || undefined;
  }

  get alpn(): string | undefined {
    if (this.#handle === 0 || !this.#begun) return this.#alpn;
    return this.#binding.alpn(this.#handle) || undefined;
  }

  get helloRetryRequested(): boolean | undefined {
    const known = this.#fact(Control.helloRetryRequested);
    return known === undefined ? undefined : known === 1;
  }

  get extendedMasterSecret(): boolean | undefined {
    if (this.version !== 'TLSv1.2') return undefined;
    return this.#fact(Control.extendedMasterSecret) === 1;
  }

  get peerCertificates(): readonly Uint8Array[] {
    if (this.#peerCertificates !== undefined) return this.#peerCertificates;
    if (this.#handle === 0 || !this.#begun) return [];
    const chain = this.#resumedPeer()?.chain ?? this.#binding.peerChain(this.#handle);
    if (this.#established) this.#peerCertificates = Object.freeze(chain);
    return chain;
  }

  get peerRawPublicKey(): undefined {
    return undefined;
  }

  get verifiedChain(): readonly Uint8Array[] | undefined {
    if (this.#handle === 0 || !this.#begun) return undefined;
    const chain = this.#resumedPeer()?.verifiedChain ?? this.#binding.verifiedChain(this.#handle);
    return chain.length === 0 ? undefined : chain.filter((der, i) => i < chain.length - 1 || !isMade(der));
  }

  get verifyResult(): number {
    return this.#resumedPeer()?.verifyResult ?? this.#fact(Control.verifyResult) ?? this.#failure?.error.verify?.code ?? X509V.OK;
  }

  get ocspResponse(): Uint8Array | undefined {
    return this.#bytes((handle) => this.#resumedPeer()?.ocspResponse ?? this.#binding.ocspResponse(handle));
  }

  get signedCertificateTimestamps(): Uint8Array | undefined {
    return this.#bytes((handle) => this.#resumedPeer()?.signedCertificateTimestamps ?? this.#binding.signedCertificateTimestamps(handle));
  }

  get clientCredential(): Credential | undefined {
    return this.#credential;
  }

  get sessionReused(): boolean {
    return this.#fact(Control.sessionReused) === 1;
  }

  get earlyData(): 'not-sent' | 'rejected' | 'accepted' {
    // SSL_get_early_data_status(3) knows of bytes that left although writeEarlyData() had to wait. Until the server has answered it says "rejected".
    if (!this.#established) return 'not-sent';
    return (['not-sent', 'rejected', 'accepted'] as const)[this.#fact(Control.earlyData) ?? 0] ?? 'not-sent';
  }

  get ech(): 'not-offered' {
    return 'not-offered';
  }

  get echRetryConfigs(): undefined {
    return undefined;
  }

  exportKeyingMaterial(label: string, context: Uint8Array | undefined, length: number): Uint8Array {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (!this.#established) throw new TypeError('exportKeyingMaterial: the handshake is not done');
    // RFC 5869 section 2.3: HKDF gives at most 255 hashes; the TLS 1.3 suites with SHA-384 are two.
    const most = this.version === 'TLSv1.3' ? 255 * (this.cipherSuite === 0x1302 ? 48 : 32) : 0xffff;
    if (!Number.isInteger(length) || length < 1 || length > most) throw new TypeError(`exportKeyingMaterial: length must be an integer from 1 to ${most}`);
    if (typeof label !== 'string') throw new TypeError('exportKeyingMaterial: the label must be a string');
    const out = this.#binding.exporter(this.#handle, label, context, length);
    if (out === undefined) throw new TypeError(`exportKeyingMaterial: OpenSSL refuses the label ${JSON.stringify(label)} or its context`);
    return out;
  }

  channelBinding(type: 'tls-exporter' | 'tls-server-end-point'): Uint8Array | undefined {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (!this.#established) return undefined;
    if (type === 'tls-server-end-point') return this.#bytes((handle) => this.#binding.serverEndPoint(handle));
    // RFC 9266 section 4.2: in TLS 1.2 only with extended master secret.
    const unique = this.version === 'TLSv1.3' || this.extendedMasterSecret === true;
    return unique ? this.#binding.exporter(this.#handle, 'EXPORTER-Channel-Binding', EMPTY, 32) : undefined;
  }

  dispose(): void {
    if (this.#handle === 0) return;
    // Numbers and names stay; what is long is not copied for everybody just in case.
    this.#alpn = this.alpn;
    this.#fact(Control.version);
    this.#failure ??= failed(new TlsError('DISPOSED'));
    this.#pending = 0;
    this.#waiting = undefined;
    const handle = this.#handle;
    this.#handle = 0;
    forget(this);
    this.#binding.close(handle);
  }

  // ── Operations ──

  /** Established, and no failure. */
  #ready(): boolean {
    return this.#established && this.#failure === undefined;
  }

  #handshake(): number {
    if (this.#failure !== undefined) return this.#again();
    if (!this.#begun) {
      if (!this.#connectState) return this.#fail(new TlsError('CONNECTION_TYPE_NOT_SET'));
      if (!this.#begin()) return this.#again();
    }
    this.#earlyDataBegun = false;
    // The record that waits goes first: OpenSSL would take its bytes for those of the handshake message that comes after it.
    if (this.#earlyDataWaiting !== undefined) {
      const ret = this.#sendEarlyData(this.#earlyDataWaiting);
      if (ret <= 0) return ret;
    }
    const ret = this.#run(Operation.handshake);
    if (ret === 1 && !this.#established) {
      this.#established = true;
      this.#facts = undefined;
    }
    return ret;
  }

  /** One record of early data, kept until OpenSSL has sent all of it. */
  #sendEarlyData(data: Uint8Array): number {
    const ret = this.#run(Operation.writeEarlyData, data);
    if (ret > 0) this.#earlyDataSent += ret;
    if (ret > 0 || this.#failure !== undefined) this.#earlyDataWaiting = undefined;
    else this.#earlyDataWaiting ??= data.slice();
    return ret;
  }

  /** False when it ended in a failure. */
  #begin(): boolean {
    if (this.#rbio === undefined || this.#wbio === undefined) {
      this.#fail(new TlsError('BIO_MISSING'));
      return false;
    }
    this.#begun = true;
    const { now = Date.now } = this.#shared.config;
    const time = now();
    if (this.#handle === 0) return false; // by now() itself
    if (this.#shared.config.now !== undefined) this.#binding.setTime(this.#handle, Math.floor(time / 1000));
    this.#offer(time);
    return true;
  }

  /** Puts the session that was set into the ClientHello, unless a full handshake could end otherwise. */
  #offer(now: number): void {
    const session = this.#session && sessionFields(this.#session);
    const host = this.#host?.name;
    if (session === undefined || !mayOffer(session, { ...this.#shared.offering(), host }, now)) return;
    const { verify, bound } = this.#shared.config;
    const take = (peer: PeerRecord): void => void (this.#offered = this.#binding.setSession(this.#handle, session.der) ? peer : undefined);
    if (!bound.reverifyOnResumption || session.peer.chain.length === 0) return take(session.peer);
    const { chain, ocspResponse } = session.peer;
    const anew = this.#binding.reverify(this.#handle, chain, ocspResponse);
    if (anew === undefined) return;
    const peer = { ...session.peer, verifiedChain: anew.chain, verifyResult: anew.verifyResult };
    if (typeof verify !== 'function') return take(peer);
    const presented = { host, chain: chain.map((der) => der.slice()), ocspResponse: ocspResponse.length === 0 ? undefined : ocspResponse.slice(), rawPublicKey: undefined };
    this.#settle(SslError.wantRetryVerify, () => verify(presented), (accepted) => void (accepted === true && take(peer)), () => undefined);
  }

  /** An operation until it is done or has to wait for someone else. */
  #run(operation: Operation, data?: Uint8Array | boolean): number {
    const waiting = this.#waiting;
    if (waiting !== undefined) return this.#wait(waiting.why);
    const rbio = this.#rbio as Bio;
    const wbio = this.#wbio as Bio;
    const control = this.#control;
    const room = operation === Operation.write ? RECORD : FLIGHT;
    // read() seldom has anything to send: an idle connection should not hold a block of output for it.
    let spacious = operation !== Operation.read || !this.#shared.config.native.refuseRenegotiation;
    for (;;) {
      let input = EMPTY;
      let eof = false;
      if (rbio.pending > 0) input = rbio.nread0();
      else eof = rbio.eof;
      const space = spacious ? spaceOf(wbio, wbio.blocking ? 0 : room) : EMPTY;
      const ret = this.#binding.step(this.#handle, operation, eof, input, space, data);
      const used = control[Control.inUsed] as number;
      const filled = control[Control.outUsed] as number;
      const why = control[Control.error] as number;
      this.#pending = control[Control.pending] as number;
      this.#shutdown = control[Control.shutdown] as 0 | 1 | 2 | 3;
      const events = control[Control.events] !== 0;
      if (used > 0) rbio.nread(used);
      if (space.length > 0) wbio.nwrite(filled);
      if (events) this.#tell();
      if (this.#handle === 0) return this.#again();
      if (ret > 0 && !spacious && control[Control.owesAnswer] !== 0) this.#flush(wbio);
      if (ret > 0) return this.#done(ret);
      switch (why) {
        case SslError.wantRead:
          // More than one view's worth, or the end that stood behind it.
          if (rbio.pending > 0 || (!eof && rbio.eof)) continue;
          if (rbio.error !== undefined) return this.#transportFailed(rbio.error);
          if (!rbio.blocking) return this.#wait(why);
          if (!this.#await(() => rbio.nread0(1))) return this.#again();
          continue;
        case SslError.wantWrite:
          if (!spacious) {
            spacious = true;
            continue;
          }
          if (wbio.error !== undefined) return this.#transportFailed(wbio.error);
          if (!wbio.blocking && spaceOf(wbio, room).length === 0) return this.#wait(why);
          if (wbio.blocking && !this.#await(() => wbio.nwrite0(1))) return this.#again();
          continue;
        case SslError.wantRetryVerify:
          if (!this.#verify()) return this.#wait(why);
          break;
        case SslError.wantX509Lookup:
          if (!this.#chooseCredential()) return this.#wait(why);
          break;
        case SslError.zeroReturn:
          this.#why = why;
          return 0;
        case SslError.none:
          // shutdown(): ours is sent, the peer's has not come.
          this.#why = why;
          return ret;
        case MISUSE:
          throw new TypeError('a write that returned WANT_WRITE must first be repeated with the same bytes, or more (SSL_write(3))');
        default:
          return this.#die();
      }
      // A callback of the caller may have disposed of us.
      if (this.#handle === 0) return this.#again();
    }
  }

  /** Sends an answer to the peer that a call without space has left behind, as far as there is space now. */
  #flush(wbio: Bio): void {
    const space = spaceOf(wbio, wbio.blocking ? 0 : FLIGHT);
    if (space.length === 0) return;
    this.#binding.step(this.#handle, Operation.flush, false, EMPTY, space);
    wbio.nwrite(this.#control[Control.outUsed] as number);
  }

  #writeRest(from: Uint8Array, taken: number): number {
    let at = taken;
    while (at < from.length) {
      const ret = this.#run(Operation.write, from.subarray(at));
      if (ret <= 0) return at; // the next operation tells why
      at += ret;
    }
    return this.#done(at);
  }

  #done(ret: number): number {
    this.#why = SslError.none;
    return ret;
  }

  #wait(why: SslError): number {
    this.#why = why;
    return -1;
  }

  /** Lets a blocking BIO wait. False when the wait ended in an exception, which is the transport's failure. */
  #await(wait: () => unknown): boolean {
    try {
      wait();
      return true;
    } catch (error) {
      this.#transportFailed(error);
      return false;
    }
  }

  // ── Failure ──

  #again(): number {
    const { ret, code } = this.#failure as Failed;
    this.#why = code;
    return ret;
  }

  #fail(error: TlsError, code: 1 | 5 = SslError.ssl): number {
    this.#failure ??= failed(error, -1, code);
    this.#pending = 0;
    return this.#again();
  }

  #transportFailed(error: unknown): number {
    if (TlsError.is(error)) return this.#fail(error, SslError.syscall);
    const code = error instanceof Error ? bioErrorCode(error) : 'TRANSPORT_ERROR';
    return this.#fail(new TlsError(code, undefined, { cause: error }), SslError.syscall);
  }

  /** OpenSSL says that the connection is dead: find out why. */
  #die(): number {
    const binding = this.#binding;
    const handle = this.#handle;
    const found = failureOf(
      binding.failure(handle),
      {
        host: this.#host?.name,
        anchored: this.#shared.config.anchored,
        names: () => binding.peerNames(handle),
        chainLength: () => binding.peerChain(handle).length,
      },
    );
    this.#failure ??= this.#refusal === undefined ? found : failed(withAlert(this.#refusal, found.error));
    this.#pending = 0;
    return this.#again();
  }

  // ── What OpenSSL asks and tells ──

  /** True when the decision is made; false when it is a promise, which `asyncReady` waits for. */
  #verify(): boolean {
    const { verify } = this.#shared.config;
    if (typeof verify !== 'function') throw new Error('the engine asked for a verdict that it did not need');
    const host = this.#host?.name;
    const chain = this.#binding.peerChain(this.#handle);
    return this.#settle(
      SslError.wantRetryVerify,
      () => verify({ host, chain, ocspResponse: this.ocspResponse, rawPublicKey: undefined }),
      (accepted) => (accepted === true ? this.#binding.decide(this.#handle, true, X509V.OK, 0) : this.#refuse(rejected())),
      (error) => this.#refuse(TlsError.is(error) && isCertificateCode(error.code) ? error : rejected(error)),
    );
  }

  #refuse(error: TlsError): void {
    this.#refusal = error;
    // What the caller's error says is of any type; what is no alert or no X509_V code is not passed on.
    const usual = CERTIFICATE_ALERTS[isCertificateCode(error.code) ? error.code : 'CERT_REJECTED'];
    const alert = integerOr(usual, error.alert?.description, 0, 255);
    this.#binding.decide(this.#handle, false, integerOr(X509V.APPLICATION_VERIFICATION, error.verify?.code, 1, 0x7fff_ffff), alert);
  }

  /** True when the choice is made. */
  #chooseCredential(): boolean {
    const { credentials, config } = this.#shared;
    const native = this.#binding.certificateRequest(this.#handle);
    const request: CertificateRequest = {
      authorities: native.authorities,
      signatureAlgorithms: native.signatureAlgorithms,
      certificateTypes: this.version === 'TLSv1.2' ? [...native.certificateTypes] : [],
    };
    const { onCertificateRequest } = config;
    if (onCertificateRequest === undefined) {
      this.#useFirst(credentials, request);
      return true;
    }
    return this.#settle(
      SslError.wantX509Lookup,
      () => onCertificateRequest(request),
      (chosen) => this.#useFirst(chosen === undefined ? [] : [parseCredential(this.#binding, credentialOption(chosen, 'onCertificateRequest'), 'onCertificateRequest')], request),
      (error) => this.#refuseCredential(TlsError.is(error) ? error : new TlsError('ASYNC_OPERATION_FAILED', undefined, { cause: error }), Alert.internal_error),
    );
  }

  /** The first credential that fits; none, where there is none at all. */
  #useFirst(candidates: readonly ParsedCredential[], request: CertificateRequest): void {
    const misfits = candidates.map((candidate) => misfitOf(candidate, request, this.version));
    const first = candidates[misfits.indexOf(undefined)];
    const [misfit] = misfits;
    if (first === undefined && misfit !== undefined) return this.#refuseCredential(new TlsError(misfit), Alert.handshake_failure);
    if (!this.#binding.useCredential(this.#handle, first?.pair ?? null)) return this.#refuseCredential(new TlsError('ASYNC_OPERATION_FAILED', 'OpenSSL refuses the credential.'), Alert.internal_error);
    this.#credential = first?.credential;
  }

  #refuseCredential(error: TlsError, alert: number): void {
    this.#refusal = error;
    this.#binding.refuseCredential(this.#handle, alert);
  }

  /**
   * Asks a callback of the caller. Its answer, and what it throws, are used at once, or when its promise settles; then
   * true is returned, or false meanwhile.
   */
  #settle<T>(why: SslError, ask: () => T | PromiseLike<T>, use: (answer: T) => void, refuse: (error: unknown) => void): boolean {
    const answer = (value: T): void => {
      if (this.#handle === 0) return;
      try {
        use(value);
      } catch (error) {
        refuse(error);
      }
    };
    try {
      const asked = ask();
      if (this.#handle === 0) return true; // disposed of by the callback
      if (!isPromise(asked)) {
        answer(asked);
        return true;
      }
      const settled = Promise.resolve(asked)
        .then(answer, (error: unknown) => void (this.#handle !== 0 && refuse(error)))
        .then(() => void (this.#waiting = undefined));
      this.#waiting = { settled, why };
      return false;
    } catch (error) {
      if (this.#handle !== 0) refuse(error);
      return true;
    }
  }

  /** Calls the caller's observers with what happened inside the last call, in order. */
  #tell(): void {
    const { onKeylog, onMessage, onSession, now = Date.now } = this.#shared.config;
    for (const [kind, contentType, bytes] of this.#binding.events(this.#handle)) {
      try {
        if (kind === EventKind.keylog) onKeylog?.(Buffer.from(bytes).toString('latin1'));
        else if (kind === EventKind.session) onSession?.(receivedSession(bytes, now(), { host: this.#host?.name, binding: this.#shared.offering().binding, peer: this.#peer(), resumedUntil: this.#resumedUntil() }), this);
        else onMessage?.({ direction: kind === EventKind.sent ? 'sent' : 'received', contentType, bytes });
      } catch (error) {
        this.#fail(new TlsError('ASYNC_OPERATION_FAILED', undefined, { cause: error }));
      }
      if (this.#handle === 0) return;
    }
  }

  // ── Facts ──

  /** `undefined` until the ServerHello has come. */
  #fact(word: number): number | undefined {
    if (this.#facts === undefined || !this.#established) {
      if (this.#handle === 0 || !this.#begun) return this.#facts?.[word];
      this.#binding.facts(this.#handle);
      this.#facts = this.#control.slice();
    }
    return (this.#facts[Control.helloRetryRequested] as number) < 0 ? undefined : this.#facts[word];
  }

  /** What the handshake told of the peer whose session this connection resumes. */
  #resumedPeer(): PeerRecord | undefined {
    return this.sessionReused ? this.#offered : undefined;
  }

  #resumedUntil(): number | undefined {
    return this.#session !== undefined && this.sessionReused ? sessionFields(this.#session)?.verifiedUntil : undefined;
  }

  #peer(): PeerRecord {
    return {
      verifyResult: this.verifyResult,
      signatureAlgorithm: this.peerSignatureAlgorithm ?? 0,
      group: this.group ?? 0,
      chain: this.peerCertificates,
      verifiedChain: this.verifiedChain ?? [],
      ocspResponse: this.ocspResponse ?? EMPTY,
      signedCertificateTimestamps: this.signedCertificateTimestamps ?? EMPTY,
    };
  }

  #bytes(of: (handle: Handle) => Uint8Array): Uint8Array | undefined {
    if (this.#handle === 0 || !this.#begun) return undefined;
    const bytes = of(this.#handle);
    return bytes.length === 0 ? undefined : bytes;
  }

  #assertNotBegun(operation: string): void {
    if (this.#begun) throw new TypeError(`${operation}: the handshake has begun`);
  }
}

const isPromise = <T>(value: T | PromiseLike<T>): value is PromiseLike<T> => typeof value === 'object' && value !== null && 'then' in value;

const integerOr = (usual: number, value: unknown, least: number, most: number): number =>
  typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most ? value : usual;

/** The refusal of a verify callback. */
const rejected = (cause?: unknown): TlsError => new TlsError('CERT_REJECTED', undefined, { verify: { code: X509V.APPLICATION_VERIFICATION }, cause });

/** A write BIO's free space; none where our side has been shut down, which no reader minds. */
function spaceOf(bio: Bio, atLeast: number): Uint8Array {
  try {
    return bio.nwrite0(atLeast);
  } catch {
    return EMPTY;
  }
}

/** The caller's own error, told which alert went out for it. */
function withAlert(error: TlsError, sent: TlsError): TlsError {
  if (error.alert !== undefined || sent.alert === undefined) return error;
  return new TlsError(error.code, error.message, { alert: { description: sent.alert.description, origin: 'local' }, verify: error.verify, hint: error.hint, cause: error.cause });
}
