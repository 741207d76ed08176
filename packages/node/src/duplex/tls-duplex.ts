/**
 * @module A TLS connection as one `stream.Duplex`, with the surface of `tls.TLSSocket` that client libraries use.
 *
 * Theory of operation. The transport's chunk is shown to the engine in place (InboundBio); what the engine writes goes
 * out in pooled buffers (OutboundBio). One method, {@link TlsDuplex.#pump}, moves everything: it runs the handshake, then
 * reads while the reader wants data, then writes what waits, then flushes. It is called whenever something changed: bytes
 * came, the transport drained, the reader asked, a promise settled. It never runs inside itself.
 */
import net from 'node:net';
import { Duplex } from 'node:stream';
import type { DetailedPeerCertificate, EphemeralKeyInfo, PeerCertificate } from 'node:tls';
import type { X509Certificate } from 'node:crypto';
import { InboundBio, OutboundBio } from '@ferrule/bio';
import type { Ssl, TlsSession } from '@ferrule/contract';
import { SslError, TlsError } from '@ferrule/result';
import type { Starttls } from '@ferrule/starttls';
import { transportError } from 'ferrule/tcp';
import { cipherOf, ephemeralKeyOf, ownX509, peerCertificateOf, peerX509, type CipherInfo } from './surface.ts';
import { openTransport, type Target } from './transport.ts';

/**
 * Plaintext is read into slabs of at most this size, as much as the transport receives at once. Each is new: its bytes are
 * the reader's. Many small ones cost more than few large ones.
 */
const SLAB_SIZE = 262_144;
/** Ciphertext that may wait for the transport; beyond it writers wait. */
const SEND_LIMIT = 1_048_576;
/** What `write()` may run ahead of the transport before its callback is held back. */
const SEND_MARK = 262_144;
/** Chunks written together are joined into pieces of at most this size: four full records, and one write to the transport. */
const BATCH_SIZE = 65_536;

/** What a Duplex is made of, all of it checked already. */
export interface TlsDuplexParts {
  /** The connection, its host set; a promise while the engine loads. Rejections end the Duplex. */
  readonly ssl: Ssl | Promise<Ssl>;
  readonly host: string | undefined;
  /** The context verifies its peers. */
  readonly verified: boolean;
  readonly target: Target | undefined;
  /** In place of TCP, where `connect()` is what names host and port. */
  readonly dial: ((to: { readonly host: string; readonly port: number }) => Duplex) | undefined;
  /** Runs before TLS; its greeting is handed to the reader first when `replayGreeting`. */
  readonly preamble: Starttls | undefined;
  readonly replayGreeting: boolean;
  readonly allowHalfOpen: boolean;
  /** Whether TCP_NODELAY stays on after the handshake. */
  readonly noDelay: boolean;
  /** Milliseconds for transport, preamble and handshake together; 0 = no limit. */
  readonly handshakeTimeout: number;
  readonly signal: AbortSignal | undefined;
  /** Static buffer reading, as `net.connect({onread})`. */
  readonly onread: { readonly buffer: Uint8Array; callback(count: number, buffer: Uint8Array): boolean } | undefined;
  /** A session to resume, looked up before the handshake begins; absent where none is to be had. */
  session?(ssl: Ssl): TlsSession | undefined | Promise<TlsSession | undefined>;
}

interface PendingWrite {
  chunk: Uint8Array;
  offset: number;
  readonly callback: (error?: Error | null) => void;
}

/** Whose engine is at work: to know of which connection a key log line is. Operations of one never run inside another's. */
let atWork: TlsDuplex | undefined;

/** Returns who was at work before. */
function setAtWork(duplex: TlsDuplex | undefined): TlsDuplex | undefined {
  const before = atWork;
  atWork = duplex;
  return before;
}

/** A line of the key log (NSS format), of whichever Duplex is at work: its `keylog` event, as `tls.TLSSocket` has it. */
export const tellKeylog = (line: string): void => void atWork?.emit('keylog', Buffer.from(`${line}\n`));

type Phase = 'idle' | 'transport' | 'preamble' | 'session' | 'handshake' | 'open' | 'dead';

const PHASES: Readonly<Record<Phase, string>> = {
  idle: 'idle',
  transport: 'connecting the transport',
  preamble: 'the plain-text dialogue before TLS',
  session: 'the session cache, or loading the engine',
  handshake: 'the handshake',
  open: 'open',
  dead: 'closed',
};

export class TlsDuplex extends Duplex {
  readonly encrypted = true as const;
  authorizationError: string | null = null;
  alpnProtocol: string | false | null = null;
  readonly servername: string | undefined;

  readonly #parts: TlsDuplexParts;
  readonly #receive = new InboundBio();
  readonly #send = new OutboundBio(SEND_LIMIT);
  #ssl: Ssl | undefined;
  #transport: Duplex | undefined;
  #phase: Phase = 'idle';
  #pumping = false;
  #pumpAgain = false;
  #wantsData = false;
  #waitingForAsync = false;
  #readEnded = false;
  #slab: Uint8Array = new Uint8Array(0);
  #slabUsed = 0;
  #writing: PendingWrite | undefined;
  #heldCallback: PendingWrite['callback'] | undefined;
  #final: PendingWrite['callback'] | undefined;
  #timer: NodeJS.Timeout | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #idleMs = 0;
  #lastSession: TlsSession | undefined;
  #noDelay: boolean;
  readonly #settings: ((socket: net.Socket) => void)[] = [];

  /** Made by a connector; see `tlsDuplex()`. */
  constructor(parts: TlsDuplexParts) {
    super({ allowHalfOpen: parts.allowHalfOpen, emitClose: true, autoDestroy: true });
    this.#parts = parts;
    this.#noDelay = parts.noDelay;
    this.servername = parts.host !== undefined && net.isIP(parts.host) === 0 ? parts.host : undefined;
    if (!(parts.ssl instanceof Promise)) this.#adopt(parts.ssl);
    else parts.ssl.then((ssl) => this.destroyed && ssl.dispose(), (error: Error) => this.destroy(error));
    if (parts.signal?.aborted === true) this.#abort();
    else parts.signal?.addEventListener('abort', this.#abort, { once: true });
    if (parts.target !== undefined) this.#open(parts.target);
    if (parts.onread !== undefined) this.resume();
  }

  #adopt(ssl: Ssl): void {
    this.#ssl = ssl;
    ssl.setBio(this.#receive, this.#send);
  }

  // ── The way to an open connection ──

  #open(target: Target): void {
    this.#phase = 'transport';
    const { handshakeTimeout } = this.#parts;
    if (handshakeTimeout > 0) this.#timer = setTimeout(() => this.#fail(this.#timedOut(handshakeTimeout)), handshakeTimeout);
    const transport = openTransport(target, {
      data: (chunk, borrowed) => this.#onData(chunk, borrowed),
      end: () => this.#onEnd(),
      fail: (error) => this.#onTransportFailure(error),
    });
    this.#transport = transport;
    for (const setting of this.#settings.splice(0)) this.#tune(setting);
    if ('stream' in target && (transport as { readonly connecting?: boolean }).connecting !== true) process.nextTick(() => this.#onConnected());
    else transport.once('connect', () => this.#onConnected());
  }

  #onConnected(): void {
    if (this.destroyed) return;
    // The client speaks last in the handshake, so with Nagle's algorithm its last flight would wait for an ACK.
    this.#socket?.setNoDelay(true);
    const { preamble } = this.#parts;
    if (preamble === undefined) return void this.#begin();
    this.#phase = 'preamble';
    this.#dialogue(preamble, new Uint8Array(0));
  }

  #dialogue(preamble: Starttls, received: Uint8Array): void {
    let progress;
    try {
      progress = preamble.feed(received);
    } catch (error) {
      return this.#fail(error as TlsError);
    }
    if (progress.send.length > 0) this.#transport?.write(progress.send);
    if (!progress.done) return;
    if (this.#parts.replayGreeting && preamble.greeting.length > 0) this.push(Buffer.from(preamble.greeting));
    void this.#begin();
  }

  /** The handshake begins when the engine is loaded and the session cache has answered. */
  async #begin(): Promise<void> {
    this.#phase = 'session';
    try {
      const ssl = this.#ssl ?? (await this.#parts.ssl);
      if (this.destroyed) return ssl.dispose();
      if (this.#ssl === undefined) this.#adopt(ssl);
      // A cache that fails costs a full handshake and nothing else.
      const session = await Promise.resolve(this.#parts.session?.(ssl)).catch(() => undefined);
      if (this.destroyed) return;
      if (session !== undefined) ssl.setSession(session);
    } catch (error) {
      this.destroy(error as Error);
      return;
    }
    this.#phase = 'handshake';
    this.#pump();
  }

  #established(): void {
    const { verified } = this.#parts;
    this.#phase = 'open';
    clearTimeout(this.#timer);
    this.#parts.signal?.removeEventListener('abort', this.#abort);
    if (!this.#noDelay) this.#socket?.setNoDelay(false);
    this.alpnProtocol = this.#ssl?.alpn ?? false;
    this.authorizationError = verified ? null : 'NOT_VERIFIED';
    this.emit('connect');
    this.emit('secureConnect');
    this.emit('ready');
  }

  // ── What the transport tells ──

  #onData(chunk: Uint8Array, borrowed: boolean): boolean {
    this.#touch();
    if (this.#phase === 'preamble' && this.#parts.preamble !== undefined) {
      this.#dialogue(this.#parts.preamble, chunk);
      return true;
    }
    if (this.#phase === 'dead' || this.#readEnded) return true;
    this.#receive.lend(chunk);
    this.#pump();
    if (borrowed) this.#receive.keep();
    // More is wanted unless a whole record already waits for a reader who does not ask.
    return this.#phase !== 'open' || this.#wantsData || this.#receive.pending === 0;
  }

  #onEnd(): void {
    if (this.#phase === 'preamble') {
      try {
        this.#parts.preamble?.end();
      } catch (error) {
        return this.#fail(error as TlsError);
      }
    }
    this.#receive.end();
    // Whether this end was announced shows when the engine reads; nobody else may be reading.
    this.#pump();
  }

  #onTransportFailure(error: Error | undefined): void {
    if (this.destroyed || this.#readEnded) return;
    if (error === undefined) return this.#onEnd();
    this.#receive.fail(error);
    this.#send.fail(error);
    const { hint } = transportError(error, '');
    this.#fail(TlsError.is(error) ? error : new TlsError('TRANSPORT_ERROR', `the transport failed during ${this.#where()}: ${error.message}`, { cause: error, hint }));
  }

  // ── The pump ──

  #pump(): void {
    const ssl = this.#ssl;
    if (ssl === undefined || (this.#phase !== 'handshake' && this.#phase !== 'open')) return;
    if (this.#pumping) {
      this.#pumpAgain = true;
      return;
    }
    this.#pumping = true;
    const interrupted = setAtWork(this);
    try {
      do {
        this.#pumpAgain = false;
        if (this.#phase === 'handshake') this.#handshake(ssl);
        if (this.#phase === 'open') {
          this.#readPlaintext(ssl);
          this.#writePlaintext(ssl);
          this.#shutDown(ssl);
        }
        this.#flush();
      } while (this.#pumpAgain && !this.destroyed);
    } finally {
      // A listener that throws must not stop this connection, nor be taken for it.
      setAtWork(interrupted);
      this.#pumping = false;
    }
  }

  #handshake(ssl: Ssl): void {
    const ret = ssl.connect();
    if (ret > 0) this.#established();
    else this.#wait(ssl, ssl.getError(ret));
  }

  #readPlaintext(ssl: Ssl): void {
    const { onread } = this.#parts;
    // At the end of the transport we read even unasked: a truncation must be noticed.
    while ((this.#wantsData || this.#receive.eof) && !this.#readEnded && !this.destroyed) {
      const into = onread === undefined ? this.#space(ssl) : onread.buffer;
      const ret = ssl.read(into);
      if (ret <= 0) {
        this.#pushSlab();
        const why = ssl.getError(ret);
        if (why === SslError.zeroReturn) this.#endRead();
        else this.#wait(ssl, why);
        return;
      }
      if (onread === undefined) {
        this.#slabUsed += ret;
        if (this.#slabUsed === this.#slab.length) this.#pushSlab();
      } else if (!onread.callback(ret, onread.buffer)) {
        this.#wantsData = false;
      }
    }
    this.#pushSlab();
  }

  #space(ssl: Ssl): Uint8Array {
    if (this.#slab.length === 0) {
      // Not more than what can be there: a small answer does not cost a whole slab.
      const size = Math.min(SLAB_SIZE, Math.max(1024, this.#receive.pending, ssl.pending));
      this.#slab = Buffer.allocUnsafe(size);
      this.#slabUsed = 0;
    }
    return this.#slab.subarray(this.#slabUsed);
  }

  #pushSlab(): void {
    if (this.#slabUsed === 0) return;
    const full = this.#slab.subarray(0, this.#slabUsed);
    this.#slab = new Uint8Array(0);
    this.#slabUsed = 0;
    if (!this.push(full)) this.#wantsData = false;
  }

  #endRead(): void {
    this.#readEnded = true;
    this.push(null);
    // Nobody listens for data where a static buffer took it.
    if (this.#parts.onread !== undefined) this.resume();
  }

  #writePlaintext(ssl: Ssl): void {
    while (this.#writing !== undefined && !this.destroyed) {
      const write = this.#writing;
      while (write.offset < write.chunk.length) {
        const ret = ssl.write(write.offset === 0 ? write.chunk : write.chunk.subarray(write.offset));
        if (ret <= 0) return this.#wait(ssl, ssl.getError(ret));
        write.offset += ret;
        if (this.#send.queued > 0) this.#flush();
      }
      this.#writing = undefined;
      if (this.#send.inFlight < SEND_MARK) write.callback();
      else this.#heldCallback = write.callback;
    }
  }

  #shutDown(ssl: Ssl): void {
    if (this.#final === undefined || this.#writing !== undefined || this.destroyed) return;
    if ((ssl.shutdownState & 1) === 0) {
      const ret = ssl.shutdown();
      if (ret < 0) return this.#wait(ssl, ssl.getError(ret));
    }
    this.#flush();
    const callback = this.#final;
    this.#final = undefined;
    this.#transport?.end();
    callback();
  }

  /** What an operation waits for: reads come by themselves, writes when the transport drains, promises when they settle. */
  #wait(ssl: Ssl, why: SslError): void {
    switch (why) {
      case SslError.wantRead:
        this.#transport?.resume();
        break;
      case SslError.wantAsync:
      case SslError.wantRetryVerify:
      case SslError.wantX509Lookup:
        if (this.#waitingForAsync) break;
        this.#waitingForAsync = true;
        void ssl.asyncReady?.then(() => {
          this.#waitingForAsync = false;
          this.#pump();
        });
        break;
      case SslError.ssl:
      case SslError.syscall:
        this.#flush();
        this.#fail(ssl.failure?.error ?? new TlsError('INTERNAL_ERROR'));
        break;
      default:
        break;
    }
  }

  #flush(): void {
    const outgoing = this.#send.take();
    this.#send.trim();
    if (outgoing === undefined) return;
    const transport = this.#transport;
    if (transport === undefined || transport.destroyed) return outgoing.release();
    this.#touch();
    transport.write(outgoing.bytes, () => {
      outgoing.release();
      this.#onDrain();
    });
  }

  #onDrain(): void {
    if (this.#heldCallback !== undefined && this.#send.inFlight < SEND_MARK) {
      const callback = this.#heldCallback;
      this.#heldCallback = undefined;
      callback();
    }
    if (this.#writing !== undefined || this.#final !== undefined || this.#phase === 'handshake') this.#pump();
  }

  // ── The Duplex ──

  override _read(): void {
    if (this.#parts.onread !== undefined && this.#readEnded) return;
    this.#wantsData = true;
    if (this.#phase === 'open' && !this.#readEnded) this.#pump();
    if (this.#wantsData && this.#phase === 'open') this.#transport?.resume();
  }

  /** With `onread`, goes on after its callback has returned false. */
  override resume(): this {
    super.resume();
    if (this.#parts.onread !== undefined) this._read();
    return this;
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, callback: PendingWrite['callback']): void {
    if (chunk.length === 0) return callback();
    this.#writing = { chunk, offset: 0, callback };
    this.#pump();
  }

  override _writev(chunks: { chunk: Uint8Array }[], callback: PendingWrite['callback']): void {
    let next = 0;
    const batch = (): void => {
      const first = next;
      for (let total = 0; next < chunks.length; next++) {
        total += chunks[next]?.chunk.length ?? 0;
        if (next > first && total > BATCH_SIZE) break;
      }
      const parts = chunks.slice(first, next).map(({ chunk }) => chunk);
      const whole = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
      this._write(whole, 'buffer' as BufferEncoding, (error) => (error || next === chunks.length ? callback(error) : batch()));
    };
    batch();
  }

  override _final(callback: PendingWrite['callback']): void {
    this.#final = callback;
    this.#pump();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#phase = 'dead';
    clearTimeout(this.#timer);
    clearTimeout(this.#idleTimer);
    this.#parts.signal?.removeEventListener('abort', this.#abort);
    this.#flush();
    this.#ssl?.dispose();
    this.#send.trim();
    const transport = this.#transport;
    if (transport !== undefined && !transport.destroyed) {
      // The last bytes, an alert among them, still go out; then the transport is closed both ways.
      transport.end(() => transport.destroy());
      transport.resume();
      setTimeout(() => transport.destroy(), 1000).unref();
    }
    const reason = error ?? new TlsError('ABORTED', 'the connection was destroyed');
    const held = this.#heldCallback ?? this.#writing?.callback;
    this.#heldCallback = this.#writing = undefined;
    held?.(reason);
    const final = this.#final;
    this.#final = undefined;
    final?.(reason);
    callback(error);
  }

  #fail(error: TlsError): void {
    if (this.#ssl !== undefined && this.#ssl.verifyResult !== 0) this.authorizationError = error.code;
    this.destroy(error);
  }

  readonly #abort = (): void => this.#fail(new TlsError('ABORTED', `aborted during ${this.#where()}`, { cause: this.#parts.signal?.reason }));

  #where(): string {
    return this.#phase === 'handshake' ? `the handshake (${this.#ssl?.state})` : PHASES[this.#phase];
  }

  #timedOut(ms: number): TlsError {
    return new TlsError('TIMEOUT', `no connection within ${ms} ms; it was at ${this.#where()}`);
  }

  // ── The surface of tls.TLSSocket ──

  /** True once the peer has been verified; never before the handshake is done. */
  get authorized(): boolean {
    return this.#parts.verified && this.#ssl?.established === true;
  }
  /** The connection as the contract has it, for its facts; `undefined` while the engine loads. Operations are the Duplex's. */
  get ssl(): Ssl | undefined {
    return this.#ssl;
  }
  get connecting(): boolean {
    return this.#phase !== 'open' && this.#phase !== 'dead';
  }
  get pending(): boolean {
    return this.connecting;
  }
  get readyState(): 'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed' {
    if (this.connecting) return 'opening';
    if (this.readable && this.writable) return 'open';
    return this.readable ? 'readOnly' : this.writable ? 'writeOnly' : 'closed';
  }
  getProtocol(): string | null {
    return this.#ssl?.version ?? null;
  }
  getCipher(): CipherInfo | undefined {
    return this.#ssl && cipherOf(this.#ssl);
  }
  getEphemeralKeyInfo(): EphemeralKeyInfo | Record<string, never> {
    return this.#ssl === undefined ? {} : ephemeralKeyOf(this.#ssl);
  }
  getPeerCertificate(detailed = false): PeerCertificate | DetailedPeerCertificate | Record<string, never> {
    return this.#ssl === undefined ? {} : peerCertificateOf(this.#ssl, detailed);
  }
  getPeerX509Certificate(): X509Certificate | undefined {
    return this.#ssl && peerX509(this.#ssl);
  }
  /** The certificate that we sent, `{}` when none. */
  getCertificate(): PeerCertificate | Record<string, never> {
    return (this.getX509Certificate()?.toLegacyObject() as PeerCertificate | undefined) ?? {};
  }
  getX509Certificate(): X509Certificate | undefined {
    return this.#ssl && ownX509(this.#ssl);
  }
  /** The newest session of this connection, serialised; secrets included. */
  getSession(): Buffer | undefined {
    return this.#lastSession && Buffer.from(this.#lastSession.toBytes());
  }
  isSessionReused(): boolean {
    return this.#ssl?.sessionReused ?? false;
  }
  /** Tickets are part of {@link getSession}. */
  getTLSTicket(): undefined {
    return undefined;
  }
  /** No engine keeps Finished messages; what binds to a connection is {@link exportKeyingMaterial} (RFC 9266). */
  getFinished(): undefined {
    return undefined;
  }
  getPeerFinished(): undefined {
    return undefined;
  }
  /** What the engine offers is not told. */
  getSharedSigalgs(): readonly string[] {
    return [];
  }
  /** The name is the connection's from the beginning, since the certificate must match it: another one is a TypeError. */
  setServername(name: string): void {
    if (name !== this.servername) throw new TypeError(`setServername: this connection is for ${this.servername ?? 'no name'}; give \`servername\` to the connector`);
  }
  exportKeyingMaterial(length: number, label: string, context?: Uint8Array): Buffer {
    if (this.#ssl === undefined) throw new TlsError('HANDSHAKE_NOT_DONE');
    return Buffer.from(this.#ssl.exportKeyingMaterial(label, context, length));
  }
  disableRenegotiation(): void {
    // Renegotiation is always refused.
  }
  renegotiate(_options: unknown, callback?: (error: Error) => void): false {
    const error = new TlsError('NO_RENEGOTIATION', 'renegotiation is not supported; TLS 1.3 has none');
    if (callback !== undefined) process.nextTick(callback, error);
    return false;
  }
  setMaxSendFragment(): false {
    return false;
  }
  enableTrace(): void {
    // Traces come through the context's onMessage.
  }
  /** A session that the engine has just been given. */
  gotSession(session: TlsSession): void {
    this.#lastSession = session;
    if (this.listenerCount('session') > 0) this.emit('session', Buffer.from(session.toBytes()));
  }

  // ── The surface of net.Socket ──

  /** For libraries that connect their stream themselves, as net.Socket's: only on a lazy Duplex. */
  connect(...args: [options: net.TcpNetConnectOpts | string, callback?: () => void] | [port: number, host?: string, callback?: () => void]): this {
    const callback = args.at(-1);
    if (typeof callback === 'function') this.once('connect', callback as () => void);
    if (this.#phase !== 'idle') return this;
    const [first, second] = args;
    const where = typeof first === 'object' ? first : typeof first === 'string' ? { path: first } : { port: first, host: typeof second === 'string' ? second : 'localhost' };
    const { dial } = this.#parts;
    if (dial !== undefined && 'port' in where) this.#open({ stream: dial({ host: where.host ?? 'localhost', port: where.port }) });
    else this.#open({ connect: where });
    return this;
  }
  setNoDelay(noDelay = true): this {
    this.#noDelay = noDelay;
    if (this.#phase === 'open') this.#socket?.setNoDelay(noDelay);
    return this;
  }
  setKeepAlive(enable = false, initialDelay = 0): this {
    return this.#tune((socket) => socket.setKeepAlive(enable, initialDelay));
  }
  /** Emits `timeout` after that many idle milliseconds; 0 turns it off. */
  setTimeout(ms: number, callback?: () => void): this {
    this.#idleMs = ms;
    if (callback !== undefined) {
      if (ms === 0) this.off('timeout', callback);
      else this.once('timeout', callback);
    }
    clearTimeout(this.#idleTimer);
    this.#idleTimer = ms === 0 ? undefined : setTimeout(() => this.emit('timeout'), ms).unref();
    return this;
  }
  get timeout(): number {
    return this.#idleMs;
  }
  #touch(): void {
    this.#idleTimer?.refresh();
  }
  ref(): this {
    return this.#tune((socket) => socket.ref());
  }
  unref(): this {
    return this.#tune((socket) => socket.unref());
  }
  /** Settings of the socket, now or when there is one. */
  #tune(setting: (socket: net.Socket) => void): this {
    if (this.#socket !== undefined) setting(this.#socket);
    else if (this.#phase === 'idle') this.#settings.push(setting);
    return this;
  }
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }
  resetAndDestroy(): this {
    this.#socket?.resetAndDestroy();
    return this.destroy();
  }
  address(): net.AddressInfo | Record<string, never> {
    return (this.#socket?.address() as net.AddressInfo | undefined) ?? {};
  }
  get #socket(): net.Socket | undefined {
    return this.#transport instanceof net.Socket ? this.#transport : undefined;
  }
  get remoteAddress(): string | undefined {
    return this.#socket?.remoteAddress;
  }
  get remotePort(): number | undefined {
    return this.#socket?.remotePort;
  }
  get remoteFamily(): string | undefined {
    return this.#socket?.remoteFamily;
  }
  get localAddress(): string | undefined {
    return this.#socket?.localAddress;
  }
  get localFamily(): string | undefined {
    return this.#socket?.localFamily;
  }
  get localPort(): number | undefined {
    return this.#socket?.localPort;
  }
  /** Ciphertext bytes, as net.Socket counts them. */
  get bytesRead(): number {
    return this.#socket?.bytesRead ?? 0;
  }
  get bytesWritten(): number {
    return this.#socket?.bytesWritten ?? 0;
  }
}
