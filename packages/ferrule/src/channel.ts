/**
 * @module One `Ssl` on one transport: the I/O of a connection.
 *
 * Received bytes are lent by the transport for the length of a call. If a reader waits, they are decrypted in that call,
 * straight into its memory; else what is not consumed is copied, once, and the transport is told to stop. So a connection
 * that nobody reads holds one transport buffer of ciphertext at most, and one that is idle holds nothing.
 */
import { InboundBio, OutboundBio } from '@ferrule/bio';
import type { Ssl } from '@ferrule/contract';
import { SslError, TlsError } from '@ferrule/result';
import { drive, type Pump } from './drive.ts';
import type { Transport, TransportSink } from './transport.ts';

/** Ciphertext on its way to the transport before a write waits, bytes. */
const HIGH_WATER = 256 * 1024;
/** How long close() waits for the other side's end, milliseconds. */
const LINGER = 1000;

interface Reader {
  readonly into: Uint8Array;
  readonly resolve: (n: number) => void;
  readonly reject: (error: unknown) => void;
}

const waiting = -1;

/** What a closed connection answers; one for all, since an error with its stack costs as much as a small record. */
let closed: TlsError | undefined;

export class Channel implements Pump, TransportSink {
  readonly ssl: Ssl;
  readonly closed: Promise<void>;
  readonly #transport: Transport;
  readonly #inbound: InboundBio = new InboundBio();
  readonly #outbound: OutboundBio = new OutboundBio();
  readonly #net: { readonly pending: number };
  #reader: Reader | undefined;
  #writing: Promise<void> = Promise.resolve();
  #fill: PromiseWithResolvers<void> | undefined;
  #room: PromiseWithResolvers<void> | undefined;
  #inFlight = 0;
  #paused = false;
  #closing: Promise<void> | undefined;
  #ended = false;
  #reason: TlsError | undefined;
  /** {@link InboundBio.moved} when it was last offered to a drive that wants more. */
  #offered = -1;
  #signalClosed: () => void = () => {};

  constructor(ssl: Ssl, transport: Transport) {
    this.ssl = ssl;
    this.#transport = transport;
    const outbound = this.#outbound;
    this.#net = {
      get pending() {
        return outbound.queued;
      },
    };
    this.closed = new Promise((resolve) => (this.#signalClosed = resolve));
    ssl.setBio(this.#inbound, outbound);
    transport.start(this);
  }

  /** Runs any operation of the connection to completion. @throws TlsError */
  drive(operation: () => number): Promise<number> {
    return drive(this.ssl, this.#net, this, operation).catch((error: unknown) => {
      if (this.#reason !== undefined) throw this.#reason;
      this.#retire();
      throw bare(error);
    });
  }

  read(into: Uint8Array): Promise<number> {
    if (!(into instanceof Uint8Array) || into.length === 0)
      return Promise.reject(new TypeError('read: `into` is no Uint8Array of at least one byte'));
    if (this.#reader !== undefined) return Promise.reject(new TypeError('read: another read is under way'));
    if (this.#reason !== undefined) return Promise.reject(this.#reason);
    return new Promise((resolve, reject) => {
      this.#reader = { into, resolve, reject };
      this.#serveReader();
      if (this.#reader !== undefined) this.#listen();
    });
  }

  write(from: Uint8Array): Promise<void> {
    if (!(from instanceof Uint8Array)) return Promise.reject(new TypeError('write: `from` is no Uint8Array'));
    return this.#inTurn(async () => {
      if (this.#reason !== undefined) throw this.#reason;
      for (let at = 0; at < from.length; ) {
        const n = this.ssl.write(at === 0 ? from : from.subarray(at));
        if (n > 0) at += n;
        // what the loop cannot do at once, drive() does: waiting, failing
        if (n <= 0 || this.#outbound.queued >= HIGH_WATER / 4 || at === from.length) await this.flush();
        if (n <= 0) at += await this.drive(() => this.ssl.write(from.subarray(at)));
      }
    });
  }

  closeWrite(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#reason !== undefined) throw this.#reason;
      // 0 is "sent", and no error
      if ((this.ssl.shutdownState & 1) === 0) await this.drive(() => this.ssl.shutdown() || 1);
    });
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  destroy(reason: TlsError): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#inbound.clear();
    this.#inbound.fail(reason);
    this.#outbound.fail(reason);
    this.#transport.destroy();
    this.#reader?.reject(reason);
    this.#reader = undefined;
    this.#wake();
    this.ssl.dispose();
    this.#signalClosed();
  }

  // ── Pump ──

  fill(): Promise<void> {
    const { pending, eof, error, moved } = this.#inbound;
    if (eof || error !== undefined || (pending > 0 && moved !== this.#offered)) {
      this.#offered = moved;
      return Promise.resolve();
    }
    this.#listen();
    return (this.#fill ??= withResolvers()).promise;
  }

  flush(): Promise<void> {
    this.#send();
    if (this.#inFlight < HIGH_WATER || this.#reason !== undefined) return Promise.resolve();
    return (this.#room ??= withResolvers()).promise;
  }

  // ── TransportSink ──

  data(bytes: Uint8Array): boolean {
    if (this.#reason !== undefined || this.#closing !== undefined) return true;
    const wanted = this.#reader !== undefined || this.#fill !== undefined;
    this.#inbound.lend(bytes);
    if (this.#reader !== undefined) this.#serveReader();
    this.#inbound.keep();
    if (this.#inbound.pending > 0) settle(this.#fill, () => (this.#fill = undefined));
    this.#paused = !wanted || this.#inbound.pending > 0;
    return !this.#paused;
  }

  end(): void {
    this.#ended = true;
    this.#inbound.end();
    this.#wake();
    this.#serveReader();
    if (this.#closing !== undefined && this.#inFlight === 0) this.#finish();
  }

  failed(error: Error): void {
    this.#inbound.fail(error);
    this.#outbound.fail(error);
    this.#wake();
    this.#serveReader();
    // what came before the failure may still be read
    if (this.#closing !== undefined || (this.ssl.established && this.#inbound.pending === 0))
      this.#finish(TlsError.is(error) ? error : undefined);
  }

  // ── Inside ──

  /** Gives the waiting reader what there is. */
  #serveReader(): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    let n: number;
    try {
      n = this.#tryRead(reader.into);
    } catch (error) {
      this.#reader = undefined;
      reader.reject(error);
      return;
    }
    if (n === waiting) return;
    this.#reader = undefined;
    reader.resolve(n);
  }

  /** The bytes that are there; 0 at the end; {@link waiting}. @throws TlsError */
  #tryRead(into: Uint8Array): number {
    let total = 0;
    let moved = -1;
    while (total < into.length) {
      const n = this.ssl.read(total === 0 ? into : into.subarray(total));
      if (n > 0) {
        total += n;
        continue;
      }
      // an error after some bytes comes back with the next read
      if (total > 0) break;
      const why = this.ssl.getError(n);
      if (why === SslError.zeroReturn) {
        this.#send();
        return 0;
      }
      if (why === SslError.ssl || why === SslError.syscall) {
        this.#send();
        this.#retire();
        throw bare(this.ssl.failure?.error ?? new TlsError('INTERNAL_ERROR', 'the engine failed and gave no reason'));
      }
      if (why !== SslError.wantRead) void this.#later(why);
      // a view may end where the engine's look ends: ask again while that makes progress
      else if (this.#inbound.pending > 0 && this.#inbound.moved !== moved) {
        moved = this.#inbound.moved;
        continue;
      }
      this.#send();
      return waiting;
    }
    this.#send();
    return total;
  }

  /** A read that waits for room or for a promise, not for bytes. */
  async #later(why: SslError): Promise<void> {
    if (why === SslError.wantWrite) await this.flush().catch(() => {});
    else await this.ssl.asyncReady;
    this.#serveReader();
  }

  /** Hands what is queued to the transport. */
  #send(): void {
    const outgoing = this.#outbound.take();
    if (outgoing === undefined) return this.#outbound.trim();
    const { bytes, release } = outgoing;
    if (this.#reason !== undefined) return release();
    this.#inFlight += bytes.length;
    this.#transport.send(bytes, () => {
      this.#inFlight -= bytes.length;
      release();
      if (this.#inFlight < HIGH_WATER) settle(this.#room, () => (this.#room = undefined));
      if (this.#closing !== undefined && this.#ended && this.#inFlight === 0) this.#finish();
    });
  }

  #listen(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#transport.resume();
  }

  #wake(): void {
    settle(this.#fill, () => (this.#fill = undefined));
    settle(this.#room, () => (this.#room = undefined));
  }

  /** One writer after the other. */
  #inTurn(task: () => Promise<void>): Promise<void> {
    const turn = this.#writing.then(task);
    this.#writing = turn.catch(() => {});
    return turn;
  }

  async #close(): Promise<void> {
    // a peer that reads nothing must not keep us from leaving
    const late = setTimeout(() => this.#finish(), LINGER);
    if (this.ssl.failure === undefined) await Promise.race([this.closeWrite().catch(() => {}), this.closed]);
    clearTimeout(late);
    this.#linger();
    return this.closed;
  }

  /** After a failure: the alert has been handed over; ends the transport once it is out, but not so early that a reset overtakes it. */
  #retire(): void {
    this.#send();
    this.#closing ??= this.closed;
    this.#linger();
  }

  #linger(): void {
    if (this.#reason !== undefined) return;
    this.#inbound.clear();
    this.#transport.end();
    if (this.#inbound.error !== undefined || (this.#ended && this.#inFlight === 0)) return this.#finish();
    this.#listen();
    const timer = setTimeout(() => this.#finish(), LINGER);
    void this.closed.then(() => clearTimeout(timer));
  }

  /** The other side is done too, or has had time enough. */
  #finish(error?: TlsError): void {
    this.destroy(error ?? bare(this.ssl.failure?.error) ?? (closed ??= new TlsError('DISPOSED', 'the connection was closed')));
  }
}

/** An engine wraps what its BIO failed with; where that says all there is to say already, it is better alone. */
const bare = <E>(error: E): E | TlsError => (TlsError.is(error) && TlsError.is(error.cause) ? error.cause : error);

interface PromiseWithResolvers<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
}

function withResolvers(): PromiseWithResolvers<void> {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

function settle(waiter: PromiseWithResolvers<void> | undefined, forget: () => void): void {
  forget();
  waiter?.resolve();
}
