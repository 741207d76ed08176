/**
 * @module A TLS connection as one `stream.Duplex`, with the surface of `tls.TLSSocket` that client libraries use.
 *
 * {@link TlsPump} moves the bytes. This file opens the connection (transport, plain-text dialogue, session, handshake)
 * and serves reader and writer. A write's callback, and `finish`, mean that the transport has the bytes.
 */
import type { Ssl } from '@ferrule/contract';
import { TlsError } from '@ferrule/result';
import type { Starttls } from '@ferrule/starttls';
import type { TransportSink } from 'ferrule';
import { BeforeTls } from 'ferrule/before-tls';
import { onAbort, TlsPump } from 'ferrule/pump';
import { AGREED, type Phase, PHASES, type TlsDuplexParts } from './duplex-parts.ts';
import { Greeting } from './greeting.ts';
import { Chunks, guarded, type Plaintext, StaticBuffer } from './plaintext.ts';
import { SocketSurface } from './socket-surface.ts';
import { type ConnectArguments, failedDuring, StreamTransport, type Target, targetOf } from './stream-transport.ts';
import { type Callback, Writes } from './writes.ts';

export class TlsDuplex extends SocketSurface {
  readonly #parts: TlsDuplexParts;
  readonly #plaintext: Plaintext;
  #ssl: Ssl | undefined;
  #pump: TlsPump | undefined;
  #greeting: Greeting | undefined;
  #phase: Phase = 'idle';
  readonly #unsigned: () => void = () => {};
  readonly #writes: Writes;
  /** An error of the engine before `connect()`: there may be no listener yet. */
  #refusal: Error | undefined;

  /** @internal Made by a connector; see `tlsDuplex()`. */
  constructor(parts: TlsDuplexParts) {
    super(parts);
    this.#parts = parts;
    const { ssl, signal, target, onread } = parts;
    this.#writes = new Writes({ wrote: (bytes) => this.wrote(bytes), told: (error) => parts.told(error) });
    this.#plaintext = onread === undefined ? new Chunks((chunk) => this.push(chunk)) : new StaticBuffer(onread);
    if (ssl instanceof Promise)
      ssl.then(
        (made) => void (this.destroyed && made.dispose()),
        (error: Error) => void (this.#phase === 'idle' ? (this.#refusal = error) : this.destroy(parts.told(error))),
      );
    else if (typeof ssl !== 'function') this.#ssl = ssl;
    if (signal?.aborted === true) {
      if (target !== undefined && 'stream' in target) target.stream.on('error', () => {}).destroy();
      this.#abort();
      return;
    }
    if (signal !== undefined) this.#unsigned = onAbort(signal, this.#abort);
    if (target !== undefined) this.#open(target);
    if (onread !== undefined) this.resume();
  }

  // ── The way to an open connection ──

  #open(target: Target): void {
    const { handshakeTimeout, onread, preamble } = this.#parts;
    this.#phase = 'transport';
    this.within(handshakeTimeout, () =>
      this.#fail(new TlsError('TIMEOUT', `no connection within ${handshakeTimeout} ms: still at ${this.#where()}`)),
    );
    let transport: StreamTransport;
    try {
      transport = new StreamTransport(target, 'the transport', (error) => failedDuring(this.#where(), error));
    } catch (error) {
      // Errors of the caller's dial(); invalid arguments of connect() are thrown
      if (!('dial' in target)) throw error;
      // The caller has not added its listeners yet
      return void setImmediate(() => this.destroy(error as Error));
    }
    const pump: TlsPump = new TlsPump(
      {
        established: () => this.#established(),
        space: () => {
          // At EOF of the transport we read even without demand: truncation must be noticed. Not into the caller's
          // buffer.
          if (this.#greeting?.waits === true) return undefined;
          if (!this.#plaintext.wanted && (onread !== undefined || !pump.eof)) return undefined;
          return this.#plaintext.space(Math.max(pump.pending, this.#ssl?.pending ?? 0));
        },
        filled: (n) => {
          this.gotBytes(n);
          this.#plaintext.filled(n);
        },
        drained: () => this.#plaintext.drained(),
        ended: () => this.#endRead(),
        failed: (error) => void (this.destroyed || this.#fail(error)),
        over: () => {},
        keepsUnread: () => false,
        // If so, it ends the plaintext and is no failure
        truncated: () => this.#parts.truncation === 'end',
      },
      transport,
    );
    this.#pump = pump;
    this.#writes.begin(pump);
    this.carriedBy(transport);
    // A half-open writer whose transport is gone can no longer write: closed, as in node:tls
    const gone = (): void => {
      if (this.allowHalfOpen && this.readableEnded && !this.writableEnded && transport.stream.destroyed) this.destroy();
    };
    transport.stream.once('close', gone);
    this.once('end', gone);
    const dialogue = preamble && this.#dialogue(preamble, pump, transport);
    // The caller has not added its listeners yet; some libraries do so in the next turn
    if (transport.over) return void setImmediate(() => this.destroyed || transport.start(dialogue ?? pump));
    transport.start(dialogue ?? pump);
    const connected = (): void => {
      if (this.destroyed) return;
      this.handshakeBegins();
      // A dialogue may be ahead: the server speaks first in some
      if (this.#phase === 'transport') this.#phase = dialogue === undefined ? 'session' : 'preamble';
      guarded(() => this.transportConnected(), undefined);
      if (this.destroyed) return;
      if (dialogue === undefined) void this.#begin();
      else dialogue.begin();
    };
    if (!transport.connected) transport.stream.once('connect', connected);
    else process.nextTick(connected);
  }

  #dialogue(preamble: Starttls, then: TransportSink, transport: StreamTransport): BeforeTls {
    return new BeforeTls(preamble, then, {
      send: (bytes) => transport.send(bytes, () => {}),
      failed: (error) => this.#fail(error),
      done: () => void (this.destroyed || this.#begin()),
    });
  }

  /** The handshake begins when the engine is loaded and the session cache has answered. */
  async #begin(): Promise<void> {
    this.#phase = 'session';
    try {
      const { ssl: made } = this.#parts;
      const ssl = (this.#ssl ??= await (typeof made === 'function' ? made() : made));
      if (this.destroyed) return ssl.dispose();
      await this.#parts.session(ssl);
      if (this.destroyed) return ssl.dispose();
      this.#phase = 'handshake';
      this.#pump?.begin(ssl);
    } catch (error) {
      this.destroy(this.#parts.told(error as Error));
    }
  }

  #established(): void {
    this.#phase = 'open';
    this.#greeting = this.#parts.greeting && new Greeting(this.#parts.greeting, this.#plaintext);
    this.#unsigned();
    this.handshakeDone();
    const refusal = this.#ssl && this.#parts.opened(this.#ssl);
    if (refusal !== undefined) return void this.destroy(this.#parts.told(refusal));
    guarded(() => this.tellOpen(), undefined);
    if (!this.destroyed) this.#greet();
    // As in node:tls: write-only users are notified of tickets, alerts and EOF too
    if (!this.destroyed) this.read(0);
  }

  /** @internal There is a transport, and TLS is about to begin. */
  protected transportConnected(): void {
    if (this.#parts.connects === 'transport') this.#tell('connect', 'ready');
  }

  /** @internal */
  protected tellOpen(): void {
    if (this.#parts.connects === 'transport') this.#tell(AGREED, 'secureConnect');
    else this.#tell(AGREED, 'connect', 'secureConnect', 'ready');
  }

  #tell(...events: readonly (string | symbol)[]): void {
    for (const event of events) if (!this.destroyed) guarded(() => this.emit(event), true);
  }

  /** @internal Until it is `open` the peer has not been verified. */
  protected get phase(): Phase {
    return this.#phase;
  }

  // ── The Duplex ──

  override _read(): void {
    this.#plaintext.want();
    if (this.#phase !== 'open') return;
    this.#greet();
    this.#pump?.run();
  }

  #greet(): void {
    const wrong = this.#greeting?.give();
    if (wrong !== undefined) this.destroy(wrong);
  }

  override pause(): this {
    this.#plaintext.hold(true);
    return super.pause();
  }

  /** With `onread`, continues after pause(), or after its callback has returned false. */
  override resume(): this {
    this.#plaintext.hold(false);
    super.resume();
    if (this.#parts.onread !== undefined && !this.readableEnded) this._read();
    return this;
  }

  #endRead(): void {
    guarded(() => {
      this.push(null);
      // With a static buffer there is no `data` listener.
      if (this.#parts.onread !== undefined) super.resume();
      else this.read(0);
    }, undefined);
  }

  /** @internal */
  override _write(chunk: Uint8Array, _encoding: BufferEncoding, callback: Callback): void {
    this.#writes.write(chunk, callback);
  }

  /** @internal */
  override _writev(chunks: { chunk: Uint8Array }[], callback: Callback): void {
    this.#writes.writeAll(chunks, callback);
  }

  /** @internal */
  override _final(callback: Callback): void {
    // All writes have completed, and before the handshake none can have: nothing was written. As in node:tls that fails
    // the attempt; a half-open user may still want to read.
    if (this.#phase !== 'open' && this.#phase !== 'dead' && !this.allowHalfOpen && !this.#parts.endWaits) {
      callback();
      return this.#fail(new TlsError('ABORTED', `ended during ${this.#where()}, before anything was written`));
    }
    const end = (): void => this.#writes.end(callback);
    // In TLS 1.3 a server rejects our certificate after our Finished: let its alert be read before our close_notify
    // fails.
    if (this.#phase === 'open' && this.bytesRead === 0) setImmediate(() => setImmediate(end));
    else end();
  }

  /** @internal */
  override _destroy(error: Error | null, callback: Callback): void {
    this.#plaintext.wanted = false;
    this.#phase = 'dead';
    this.#unsigned();
    const reason = error ?? (this.writing ? new TlsError('ABORTED', 'the connection was destroyed') : undefined);
    if (this.#pump !== undefined) this.#pump.abandon(reason);
    else this.#ssl?.dispose();
    this.#writes.over(reason);
    this.surfaceOver();
    callback(error);
    // After `error`; as in net.Socket, with whether there was one
    process.nextTick(() => this.emit('close', error !== null));
  }

  #fail(error: Error): void {
    const told = this.#parts.told(error);
    if (this.#ssl !== undefined && this.#ssl.verifyResult !== 0 && TlsError.is(error))
      this.authorizationError = (told as { readonly code?: string }).code ?? error.code;
    this.destroy(told);
  }

  readonly #abort = (): void =>
    this.#fail(new TlsError('ABORTED', `aborted during ${this.#where()}`, { cause: this.#parts.signal?.reason }));

  #where(): string {
    return this.#phase === 'handshake' ? `the handshake (${this.#ssl?.state})` : PHASES[this.#phase];
  }

  get ssl(): Ssl | undefined {
    return this.#ssl;
  }

  get connecting(): boolean {
    if (this.#parts.connects === 'transport') return this.#phase === 'idle' || this.#phase === 'transport';
    return this.#phase !== 'open' && this.#phase !== 'dead';
  }

  /**
   * As net.Socket's, for libraries that connect their stream themselves: only on a lazy Duplex. A numeric string is a
   * port, any other string a socket's path.
   */
  connect(...args: ConnectArguments): this {
    const callback = args.at(-1);
    if (typeof callback === 'function') this.once('connect', callback as () => void);
    if (this.#phase !== 'idle') return this;
    if (this.#refusal !== undefined) return this.destroy(this.#refusal);
    this.#open(targetOf(args, this.#parts.dial));
    return this;
  }
}
