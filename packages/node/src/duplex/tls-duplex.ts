/**
 * @module A TLS connection as one `stream.Duplex`, with the surface of `tls.TLSSocket` that client libraries use.
 *
 * What moves bytes is {@link TlsPump}. Here is the way to a connection (transport, plain-text dialogue, session,
 * handshake), and what a Duplex's reader and writer are told. A write's callback, and `finish`, mean that the transport
 * has the bytes.
 */
import type net from 'node:net';
import type { Duplex } from 'node:stream';
import type { Ssl } from '@ferrule/contract';
import { TlsError } from '@ferrule/result';
import { bytesOf } from '@ferrule/result/arguments';
import type { Starttls } from '@ferrule/starttls';
import type { TransportSink } from 'ferrule';
import { onAbort, TlsPump } from 'ferrule/pump';
import { transportError } from 'ferrule/tcp';
import { BeforeTls } from './before-tls.ts';
import { Chunks, guarded, type OnRead, type Plaintext, StaticBuffer } from './plaintext.ts';
import { SocketSurface, type SocketSurfaceParts } from './socket-surface.ts';
import { StreamTransport, type Target } from './stream-transport.ts';

/**
 * Chunks written together are joined into pieces of at most this size: four full records, and one write to the
 * transport.
 */
const BATCH_SIZE = 65_536;

/** What a Duplex is made of, all of it checked already. */
export interface TlsDuplexParts extends SocketSurfaceParts {
  /**
   * The connection, its host set; a promise while the engine loads, a function to be asked when the handshake begins.
   * Rejections end the Duplex.
   */
  readonly ssl: Ssl | Promise<Ssl> | (() => Promise<Ssl>);
  readonly target: Target | undefined;
  /** In place of TCP, where `connect()` is what names host and port. */
  readonly dial: ((to: { readonly host: string; readonly port: number }) => Duplex) | undefined;
  /** Runs before TLS. */
  readonly preamble: Starttls | undefined;
  /** The first plaintext, of our own. */
  readonly greeting: Uint8Array | undefined;
  /** Milliseconds for transport, preamble and handshake together; 0 = no limit. */
  readonly handshakeTimeout: number;
  readonly signal: AbortSignal | undefined;
  readonly onread: OnRead | undefined;
  /** Sets a session to resume, where there is one, before the handshake begins; never rejects. */
  session(ssl: Ssl): Promise<void> | undefined;
  /** The handshake is done, and nothing has been read or written. An error refuses the peer. */
  opened(ssl: Ssl): Error | undefined;
  /** What an error is to the users of this face; the same for the same error. */
  told(error: Error): Error;
  /** `end()` with nothing written waits for the handshake, as tls.TLSSocket does, and does not give it up. */
  readonly endWaits: boolean;
  /** What an end of the transport without close_notify is, once the connection is open. */
  readonly truncation: Truncation;
}

/**
 * What an end without close_notify is: `error`, since the plaintext may be truncated (RFC 9846 section 6.1), or `end`,
 * for a protocol that knows by itself where its messages end.
 */
export type Truncation = 'error' | 'end';

type Callback = (error?: Error | null) => void;

export type Phase = 'idle' | 'transport' | 'preamble' | 'session' | 'handshake' | 'open' | 'dead';

const PHASES: Readonly<Record<Phase, string>> = {
  idle: 'idle',
  transport: 'connecting the transport',
  preamble: 'the plain-text dialogue before TLS',
  session: 'the session cache, or loading the engine',
  handshake: 'the handshake',
  open: 'the connection',
  dead: 'the end',
};

export class TlsDuplex extends SocketSurface {
  readonly #parts: TlsDuplexParts;
  readonly #plaintext: Plaintext;
  #ssl: Ssl | undefined;
  #pump: TlsPump | undefined;
  #phase: Phase = 'idle';
  readonly #unsigned: () => void = () => {};
  /** What was written, or ended, before there was a transport to write to. */
  readonly #early: { readonly go: (pump: TlsPump) => void; readonly callback: Callback }[] = [];
  /** What the engine refused before there was a `connect()`: nobody may be listening yet. */
  #refusal: Error | undefined;

  /** Made by a connector; see `tlsDuplex()`. */
  constructor(parts: TlsDuplexParts) {
    super(parts);
    this.#parts = parts;
    const { ssl, signal, target, onread } = parts;
    this.#plaintext = onread === undefined ? new Chunks((chunk) => this.push(chunk)) : new StaticBuffer(onread);
    if (ssl instanceof Promise)
      ssl.then(
        (made) => void (this.destroyed && made.dispose()),
        (error: Error) => this.#refused(error),
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
      this.#fail(new TlsError('TIMEOUT', `no connection within ${handshakeTimeout} ms; it was at ${this.#where()}`)),
    );
    let transport: StreamTransport;
    try {
      transport = new StreamTransport(target, 'the transport', (error) => this.#explained(error));
    } catch (error) {
      // the caller's dial(); what is wrong with connect()'s arguments, connect() throws
      if (!('dial' in target)) throw error;
      // whoever made this Duplex listens in a moment
      return void setImmediate(() => this.destroy(error as Error));
    }
    const pump: TlsPump = new TlsPump(
      {
        established: () => this.#established(),
        space: () => {
          // At the end of the transport we read even unasked: a truncation must be noticed. A buffer of the caller's is
          // his meanwhile.
          if (!this.#plaintext.wanted && (onread !== undefined || !pump.eof)) return undefined;
          return this.#plaintext.space(Math.max(pump.pending, this.#ssl?.pending ?? 0));
        },
        filled: (n) => {
          this.gotBytes(n);
          this.#plaintext.filled(n);
        },
        drained: () => this.#plaintext.drained(),
        ended: () => this.#endRead(),
        failed: (error) => this.#fail(error),
        over: () => {},
        keepsUnread: () => false,
        truncated: () => this.#truncated(),
      },
      transport,
    );
    this.#pump = pump;
    for (const { go } of this.#early.splice(0)) go(pump);
    this.carriedBy(transport);
    const dialogue = preamble && this.#dialogue(preamble, pump, transport);
    transport.start(dialogue ?? pump);
    const connected = (): void => {
      if (this.destroyed) return;
      this.handshakeBegins();
      guarded(() => this.transportConnected(), undefined);
      if (this.destroyed) return;
      if (dialogue === undefined) return void this.#begin();
      if (this.#phase === 'transport') this.#phase = 'preamble';
      dialogue.begin();
    };
    if (!transport.connected) transport.stream.once('connect', connected);
    else process.nextTick(connected);
  }

  #dialogue(preamble: Starttls, then: TransportSink, transport: StreamTransport): BeforeTls {
    return new BeforeTls(preamble, then, {
      send: (bytes) => transport.send(bytes, () => {}),
      failed: (error) => this.#fail(error),
      done: () => {
        if (!this.destroyed) void this.#begin();
      },
    });
  }

  /** A failure of the transport, with what it came amid. */
  #explained(error: Error): TlsError {
    const { hint } = transportError(error, '');
    return new TlsError('TRANSPORT_ERROR', `the transport failed during ${this.#where()}: ${error.message}`, {
      cause: error,
      hint,
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
    this.#unsigned();
    this.handshakeDone();
    const refusal = this.#ssl && this.#parts.opened(this.#ssl);
    if (refusal !== undefined) return void this.destroy(this.#parts.told(refusal));
    guarded(() => this.tellOpen(), undefined);
    if (this.#parts.greeting !== undefined && !this.destroyed) this.#greet(this.#parts.greeting);
    // as node:tls: also who only writes hears of tickets, alerts and the end
    if (!this.destroyed) this.read(0);
  }

  #greet(greeting: Uint8Array): void {
    for (let rest = greeting; rest.length > 0;) {
      const into = this.#plaintext.space(rest.length);
      const n = Math.min(into.length, rest.length);
      into.set(rest.subarray(0, n));
      this.#plaintext.filled(n);
      rest = rest.subarray(n);
    }
    this.#plaintext.drained();
  }

  /** There is a transport, and TLS is about to begin. */
  protected transportConnected(): void {
    // a Duplex tells of the whole: `connect` is said when TLS is done
  }

  protected tellOpen(): void {
    for (const event of ['connect', 'secureConnect', 'ready']) guarded(() => this.emit(event), true);
  }

  /** The transport has ended without close_notify. True: that is the end of what is to be read, and no failure. */
  #truncated(): boolean {
    return this.#parts.truncation === 'end' && this.#phase === 'open';
  }

  /** How far the connection is: until it is `open` the peer has not been verified. */
  protected get phase(): Phase {
    return this.#phase;
  }

  // ── The Duplex ──

  override _read(): void {
    this.#plaintext.wanted = this.#parts.onread === undefined || !this.isPaused();
    if (this.#phase === 'open') this.#pump?.run();
  }

  override pause(): this {
    if (this.#parts.onread !== undefined) this.#plaintext.wanted = false;
    return super.pause();
  }

  /** With `onread`, goes on after pause(), or after its callback has returned false. */
  override resume(): this {
    super.resume();
    if (this.#parts.onread !== undefined && !this.readableEnded) this._read();
    return this;
  }

  #endRead(): void {
    guarded(() => {
      this.push(null);
      // Nobody listens for data where a static buffer took it.
      if (this.#parts.onread !== undefined) super.resume();
      else this.read(0);
    }, undefined);
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, callback: Callback): void {
    this.#whenOpen(callback, (pump) => pump.write(chunk, this.#written(chunk.length, callback)));
  }

  override _writev(chunks: { chunk: Uint8Array }[], callback: Callback): void {
    this.#whenOpen(callback, (pump) => {
      for (let next = 0; next < chunks.length;) {
        const first = next;
        for (let total = 0; next < chunks.length; next++) {
          total += chunks[next]?.chunk.length ?? 0;
          if (next > first && total > BATCH_SIZE) break;
        }
        const parts = chunks.slice(first, next).map(({ chunk }) => bytesOf(chunk) ?? chunk);
        const whole = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
        // what fails one fails the last
        pump.write(whole, this.#written(whole.length, next === chunks.length ? callback : undefined));
      }
    });
  }

  override _final(callback: Callback): void {
    // Writes are done before this is called, and before the handshake none is: nothing was to be said. As with node:tls
    // that ends the attempt, with an error; who allows half-open connections may still want to listen.
    if (this.#phase !== 'open' && this.#phase !== 'dead' && !this.allowHalfOpen && !this.#parts.endWaits) {
      callback();
      return this.#fail(new TlsError('ABORTED', `ended during ${this.#where()}, before anything was written`));
    }
    this.#whenOpen(callback, (pump) => pump.shutdown(true, this.#telling(callback)));
  }

  /** A callback of Node's, which runs the caller's. */
  #telling(callback: Callback): (error?: Error) => void {
    return (error) => guarded(() => callback(error && this.#parts.told(error)), undefined);
  }

  #written(bytes: number, callback: Callback | undefined): (error?: Error) => void {
    const tell = callback && this.#telling(callback);
    return (error) => {
      if (error === undefined) this.wrote(bytes);
      tell?.(error);
    };
  }

  #whenOpen(callback: Callback, go: (pump: TlsPump) => void): void {
    if (this.#pump !== undefined) go(this.#pump);
    else this.#early.push({ go, callback });
  }

  override _destroy(error: Error | null, callback: Callback): void {
    this.#phase = 'dead';
    this.#unsigned();
    const reason = error ?? new TlsError('ABORTED', 'the connection was destroyed');
    if (this.#pump !== undefined) this.#pump.abandon(reason);
    else this.#ssl?.dispose();
    for (const each of this.#early.splice(0)) this.#telling(each.callback)(reason);
    this.surfaceOver();
    callback(error);
    // after `error`; as net.Socket, which says whether there was one
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

  #refused(error: Error): void {
    if (this.#phase === 'idle') this.#refusal = error;
    else this.destroy(this.#parts.told(error));
  }

  #where(): string {
    return this.#phase === 'handshake' ? `the handshake (${this.#ssl?.state})` : PHASES[this.#phase];
  }

  get ssl(): Ssl | undefined {
    return this.#ssl;
  }

  get connecting(): boolean {
    return this.#phase !== 'open' && this.#phase !== 'dead';
  }

  /**
   * For libraries that connect their stream themselves, as net.Socket's: only on a lazy Duplex. As there, a text that
   * is a number is a port, another one the path of a socket.
   */
  connect(
    ...args:
      | [options: net.TcpNetConnectOpts | string, callback?: () => void]
      | [port: number | string, host?: string, callback?: () => void]
  ): this {
    const callback = args.at(-1);
    if (typeof callback === 'function') this.once('connect', callback as () => void);
    if (this.#phase !== 'idle') return this;
    if (this.#refusal !== undefined) return this.destroy(this.#refusal);
    const [first, second] = args;
    const where =
      typeof first === 'object'
        ? first
        : typeof first === 'string' && !(Number(first) >= 0)
          ? { path: first }
          : { port: Number(first), host: typeof second === 'string' ? second : 'localhost' };
    const { dial } = this.#parts;
    if (dial !== undefined && 'port' in where)
      this.#open({ dial: () => dial({ host: where.host ?? 'localhost', port: where.port }) });
    else this.#open({ connect: where });
    return this;
  }
}
