/**
 * @module ferrule/pump: one `Ssl` on one transport, without promises. Both faces of a connection are built on it:
 * promises ({@link Channel}), and the Duplex of @ferrule/node.
 *
 * Theory of operation. {@link TlsPump.run} does all the work, and is called on every change: bytes received or sent, a
 * new read or write, a settled promise. It is not reentrant. Each turn follows trio: run the operations (handshake,
 * pending reads, writes in order), send pending output, else receive, or wait.
 *
 * The transport lends received bytes for the duration of a call, and the engine reads them in place; what remains is
 * copied before the call returns or throws. The transport is paused when more than a record is buffered without demand:
 * before the handshake, during a callback, while there is no read.
 *
 * A write is done when the transport has all of its bytes, not when they have been encrypted. Closing is bounded by
 * progress: it is aborted when the peer accepts nothing for {@link PumpOptions.stall} milliseconds.
 */
import { InboundBio } from '@ferrule/bio';
import type { Ssl } from '@ferrule/contract';
import { SslErrorCode, TlsError } from '@ferrule/result';
import { bytesOf, memoryOf } from '@ferrule/result/arguments';
import { Departure, type Manner } from './departure.ts';
import { Job, JobQueue, type Settled } from './jobs.ts';
import { asError, Outgoing, quietly } from './outgoing.ts';
import { type PumpFace, type PumpOptions, STALL } from './pump-face.ts';
import { advance, awaitsCaller, bare, closedByUs, closeNotify, notBytes, nothing, stalledFor } from './steps.ts';
import type { Transport, TransportSink } from './transport.ts';
import { turn } from './turn.ts';

/** Encrypted bytes are sent once there are this many, or nothing is left to encrypt. */
const SEND_AT = 48 * 1024;
/** Received bytes buffered without demand before the transport is paused; up to here EOF is noticed at once. */
const UNASKED = 16 * 1024;

export { abortable, aborted, onAbort, reasonOf } from './abort.ts';
export type { Settled } from './jobs.ts';
export { DEFAULT_TIMEOUT, dialled, Limit } from './limit.ts';
export { type PumpFace, type PumpOptions, STALL } from './pump-face.ts';
export { dialOption, streamPipe } from './transport.ts';
export { turn } from './turn.ts';

/**
 * `new`: no handshake yet, received bytes are buffered. `leaving`: no more encryption or decryption; pending output is
 * sent, then the peer's end awaited. `over`: the transport is released.
 */
type State = 'new' | 'handshake' | 'open' | 'leaving' | 'over';

export class TlsPump implements TransportSink {
  readonly #face: PumpFace;
  readonly #transport: Transport;
  readonly #inbound = new InboundBio();
  readonly #outgoing: Outgoing;
  readonly #jobs = new JobQueue();
  readonly #departure: Departure;
  #ssl: Ssl | undefined;
  #state: State = 'new';
  #failure: Error | undefined;
  #running = false;
  #again = false;
  /** An operation waits for bytes, or for room. */
  #hungry = false;
  #full = false;
  /** The transport is not paused. */
  #flowing = true;
  /** {@link InboundBio.moved} when buffered bytes were last offered to a read that wanted more. */
  #offered = -1;
  /** The last read has consumed everything and waits only for bytes. */
  #dry = false;
  #awaited: Promise<void> | undefined;
  #readEnded = false;
  /** The transport has ended, which for this face also ends the plaintext. */
  #cutOff = false;
  #shutdown: 'no' | 'asked' | 'sent' = 'no';
  /** close() was called: reading has stopped. */
  #closing = false;
  #broken: Error | undefined;
  /** A failure is being reported to the face. */
  #failing = false;
  #toldOver = false;

  /** @param transport not started yet; its events must be forwarded here. */
  constructor(face: PumpFace, transport: Transport, { stall = STALL }: PumpOptions = {}) {
    this.#face = face;
    this.#transport = transport;
    this.#outgoing = new Outgoing(transport, {
      sent: () => this.#onSent(),
      ended: () => this.#departure.moved(),
      failed: (error) => this.failed(error),
    });
    this.#departure = new Departure(transport, this.#outgoing, stall, {
      stalled: (milliseconds) => this.#give(milliseconds),
      over: () => this.#finish(),
    });
  }

  /** Begins the handshake. */
  begin(ssl: Ssl): void {
    this.#ssl = ssl;
    if (this.#state !== 'new') return ssl.dispose();
    ssl.setBio(this.#inbound, this.#outgoing.bio);
    this.#state = 'handshake';
    this.run();
  }

  /** Received ciphertext not consumed yet, bytes. */
  get pending(): number {
    return this.#inbound.pending;
  }

  /** The transport has ended, and everything received was consumed. */
  get eof(): boolean {
    return this.#inbound.eof || (this.#cutOff && this.#inbound.pending === 0);
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  /**
   * `done` is called when the transport has all of `bytes`, or with the error that prevents it. They must not change
   * until then.
   */
  write(bytes: Uint8Array, done: Settled): void {
    const memory = bytesOf(bytes);
    if (memory === undefined) return done(new TypeError('write: no Uint8Array, or its memory was transferred'));
    this.#add(new Job(done, memory));
  }

  /** An engine operation other than read and write, in order with the writes. */
  operate(operation: (ssl: Ssl) => number, done: Settled): void {
    this.#add(new Job(done, undefined, operation));
  }

  /**
   * Sends close_notify after all writes; `done` when the transport has it. @param andTransport also ends the transport.
   */
  shutdown(andTransport: boolean, done: Settled): void {
    if (this.#shutdown !== 'no') return this.operate(nothing, done);
    const sent: Settled = (error) => {
      if (error === undefined) this.#shutdown = 'sent';
      if (error === undefined && andTransport) this.#outgoing.end(done);
      else done(error);
      this.#leaveWhenDone();
    };
    // Set before it runs: the alert's observer may write
    this.#shutdown = 'asked';
    this.operate(closeNotify, sent);
  }

  /**
   * Orderly close: pending writes, close_notify, the transport's end; then waits for the peer's, up to {@link
   * PumpFace.over}.
   */
  close(): void {
    if (this.#closing || this.#state === 'leaving' || this.#state === 'over') return;
    if (this.#state !== 'open' || this.#broken !== undefined) return this.destroy(closedByUs());
    this.#closing = true;
    this.#inbound.clear();
    this.#departure.begin();
    this.shutdown(false, (error) => {
      if (error === undefined) this.#leave('orderly');
    });
    this.#listen();
  }

  /** Destroys everything at once, including a lingering transport. */
  destroy(reason: Error): void {
    if (this.#state === 'over') return this.#departure.destroy();
    this.#end(reason);
    this.#finish();
  }

  /**
   * Drops what the transport has not taken, not what it has. For a destroyed face; only {@link PumpFace.over} is called
   * afterwards. @param reason for pending operations.
   */
  abandon(reason: Error = closedByUs()): void {
    if (this.#state === 'over') return;
    if (this.#state === 'leaving') return this.#ssl?.dispose();
    const established = this.#state === 'open';
    this.#end(reason);
    // The transport has everything encrypted; the keys are no longer needed
    this.#ssl?.dispose();
    if (established && this.#broken === undefined) this.#leave('hurried');
    else this.#finish();
  }

  // ── Events of the transport ──

  data(received: Uint8Array): boolean {
    if (this.#broken !== undefined) return false;
    this.#flowing = true;
    const bytes = memoryOf(received);
    if (bytes === undefined) {
      this.fail(notBytes(this.#transport.name, received));
      return false;
    }
    if (this.#state === 'leaving' || this.#state === 'over' || this.#closing) return this.#departure.drop(bytes.length);
    // Data after close_notify is ignored (RFC 9846 section 6.1)
    if (this.#readEnded) return true;
    this.#inbound.lend(bytes);
    try {
      this.run();
    } finally {
      this.#inbound.keep();
    }
    return (this.#flowing = this.#wanted());
  }

  end(): void {
    // If that is not a failure, the engine is not told and can still write
    if (this.#face.truncated?.() === true) this.#cutOff = true;
    else this.#inbound.end();
    this.run();
    this.#departure.peerEnded();
  }

  failed(error: Error): void {
    if (this.#state === 'over') return this.#departure.destroy();
    if (this.#broken !== undefined) return;
    const reason = TlsError.is(error)
      ? error
      : new TlsError('TRANSPORT_ERROR', `${this.#transport.name}: ${asError(error).message}`, { cause: error });
    this.#broken = reason;
    this.#inbound.fail(reason);
    this.#outgoing.bio.fail(reason);
    // If the peer has closed both directions, our end is not needed.
    this.#outgoing.close(this.#readEnded ? undefined : reason);
    // The alert of a failure could not be sent: the original failure counts.
    if (this.#failing && this.#failure === undefined) return;
    if (this.#failure !== undefined) return this.#finish();
    // The peer has closed both directions: failing to send close_notify is no error if nothing else is pending.
    if (this.#readEnded && this.#jobs.only(closeNotify)) this.#jobs.settleAll(undefined);
    else if (this.#state !== 'leaving' && !this.#closing) this.run();
    if (this.#failure !== undefined || this.#is('over')) return;
    if (this.#state === 'leaving' || this.#closing) {
      this.#jobs.settleAll(reason);
      return this.#finish();
    }
    if (!this.#face.keepsUnread()) return this.fail(reason);
    // Data received before the failure can still be read without the transport
    this.#jobs.settleAll(reason);
    quietly(() => this.#transport.destroy());
    this.#tellOver();
  }

  /** Fails the connection. Its alert is still sent. */
  fail(error: Error): void {
    if (this.#failure !== undefined || this.#state === 'over') return;
    this.#failing = true;
    if (this.#state !== 'leaving') this.#outgoing.flush();
    this.#end(error);
    if (this.#broken === undefined) this.#leave('hurried');
    else this.#finish();
  }

  // ── The pump ──

  run(): void {
    if (this.#running) {
      this.#again = true;
      return;
    }
    const ssl = this.#ssl;
    if (ssl === undefined || !this.#active()) return;
    this.#running = true;
    try {
      do {
        this.#again = false;
        this.#turn(ssl);
      } while (this.#again && this.#active());
    } catch (error) {
      // Only a contract violation throws, mostly an invalid answer of the caller's callback
      this.fail(asError(error));
    } finally {
      this.#running = false;
    }
    this.#listen();
  }

  #turn(ssl: Ssl): void {
    this.#hungry = this.#full = false;
    if (this.#state === 'handshake') {
      const ret = ssl.connect();
      if (ret <= 0) {
        this.#await(ssl, ssl.getError(ret));
        this.#outgoing.flush();
        return;
      }
      this.#state = 'open';
      // Our Finished before any application data
      this.#outgoing.flush();
      // That may have failed the transport
      if (!this.#is('open')) return;
      this.#face.established();
    }
    if (this.#state === 'open') this.#read(ssl);
    if (this.#state === 'open') this.#write(ssl);
    this.#outgoing.flush();
  }

  #read(ssl: Ssl): void {
    if (this.#readEnded || this.#closing) return;
    // Fast path: most turns are for a write
    if (this.#dry && this.#inbound.pending === 0 && !this.eof && this.#broken === undefined) {
      this.#hungry = true;
      return;
    }
    this.#dry = false;
    for (let into = this.#face.space(); into !== undefined; into = this.#face.space()) {
      const ret = ssl.read(into);
      if (ret > 0) {
        this.#face.filled(ret);
        if (this.#state !== 'open' || this.#closing) return;
        continue;
      }
      const why = ssl.getError(ret);
      // The engine may have seen only part of the buffered bytes: retry while that makes progress
      const { pending, moved } = this.#inbound;
      if (why === SslErrorCode.wantRead && pending > 0 && moved !== this.#offered) {
        this.#offered = moved;
        continue;
      }
      this.#face.drained();
      if (why === SslErrorCode.zeroReturn || (this.#cutOff && why === SslErrorCode.wantRead && !ssl.asyncReady)) {
        this.#readEnded = true;
        this.#inbound.clear();
        this.#face.ended();
        this.#leaveWhenDone();
      } else if (this.#is('open')) this.#await(ssl, why);
      return;
    }
    this.#face.drained();
  }

  #write(ssl: Ssl): void {
    for (let job = this.#jobs.current; job !== undefined && this.#state === 'open'; job = this.#jobs.current) {
      const ret = advance(ssl, job);
      if (ret <= 0) {
        const why = ssl.getError(ret);
        if (why === SslErrorCode.wantWrite && this.#outgoing.flush() && !this.#outgoing.full) continue;
        return this.#await(ssl, why);
      }
      if (this.#outgoing.bio.queued >= SEND_AT) this.#outgoing.flush();
      if (job.offset < job.length) continue;
      this.#jobs.encrypted(this.#outgoing.encrypted);
      this.#jobs.settle(this.#outgoing.sent);
    }
  }

  /** Records what an operation waits for. */
  #await(ssl: Ssl, why: SslErrorCode): void {
    switch (why) {
      case SslErrorCode.wantRead:
        this.#hungry = true;
        // An observer's promise: its rejection produces no bytes
        if (ssl.asyncReady !== undefined) this.#awaitPromise(ssl.asyncReady);
        else if (this.#cutOff && this.#is('handshake')) {
          // During the handshake it is a failure
          this.#cutOff = false;
          this.#inbound.end();
          this.#again = true;
        } else this.#dry = this.#inbound.pending === 0;
        return;
      case SslErrorCode.wantWrite:
        this.#full = true;
        if (this.#outgoing.flush() && !this.#outgoing.full) this.#again = true;
        return;
      case SslErrorCode.wantAsync:
      case SslErrorCode.wantRetryVerify:
      case SslErrorCode.wantX509Lookup:
        return this.#awaitPromise(ssl.asyncReady ?? Promise.resolve());
      case SslErrorCode.ssl:
      case SslErrorCode.syscall:
        return this.fail(
          bare(ssl.failure?.error ?? new TlsError('INTERNAL_ERROR', 'the engine failed and gave no reason')),
        );
      default:
        return;
    }
  }

  #awaitPromise(ready: Promise<void>): void {
    if (this.#awaited === ready) return;
    this.#awaited = ready;
    const go = (): void => {
      if (this.#awaited !== ready) return;
      this.#awaited = undefined;
      this.#dry = false;
      this.run();
    };
    void ready.then(() => {
      const due = turn();
      if (due === undefined) go();
      else void due.then(go);
    });
  }

  #onSent(): void {
    this.#jobs.settle(this.#outgoing.sent);
    if (this.#full || this.#jobs.current !== undefined || this.#is('handshake')) this.run();
    this.#departure.moved();
  }

  #wanted(): boolean {
    if (this.#is('over') || this.#broken !== undefined) return false;
    return (
      this.#is('leaving') ||
      this.#closing ||
      this.#readEnded ||
      (this.#hungry && this.#state !== 'new') ||
      this.#inbound.pending < UNASKED
    );
  }

  #listen(): void {
    if (this.#flowing || !this.#wanted()) return;
    this.#flowing = true;
    try {
      this.#transport.resume();
    } catch (error) {
      this.failed(asError(error));
    }
  }

  // ── The end ──

  #add(job: Job): void {
    if (this.#failure !== undefined) return job.done(this.#failure);
    if (this.#broken !== undefined) return job.done(this.#broken);
    if (job.operate !== closeNotify && job.operate !== nothing) {
      if (this.#closing) return job.done(closedByUs());
      // Nothing may follow close_notify; the engine would refuse it, and the connection continues
      if (this.#shutdown !== 'no') return job.done(new TlsError('PROTOCOL_IS_SHUTDOWN'));
    }
    if (this.#state === 'leaving' || this.#state === 'over')
      return job.done(this.#shutdown === 'sent' && job.operate === nothing ? undefined : closedByUs());
    this.#jobs.add(job);
    this.run();
  }

  /** Settles all pending operations with the reason. */
  #end(reason: Error): void {
    const told = this.#failure !== undefined;
    this.#failure ??= reason;
    if (this.#state !== 'leaving') this.#state = this.#state === 'over' ? 'over' : 'leaving';
    if (!told) this.#face.failed(this.#failure);
    this.#jobs.settleAll(this.#failure);
  }

  /** Both directions have ended, and the transport has our close_notify. */
  #leaveWhenDone(): void {
    if (this.#readEnded && this.#shutdown === 'sent' && this.#state === 'open' && this.#jobs.empty)
      this.#leave('answered');
  }

  /** Ends the transport, and waits for the peer's end. */
  #leave(manner: Manner): void {
    this.#state = 'leaving';
    this.#inbound.clear();
    this.#outgoing.end();
    if (this.#is('leaving')) this.#departure.leave(manner);
    this.#listen();
  }

  /** A time limit has expired. */
  #give(stalled: number): void {
    if (this.#state === 'open') {
      this.#end(stalledFor(stalled, this.#transport.name, this.#ssl !== undefined && awaitsCaller(this.#ssl)));
    }
    this.#finish();
  }

  #finish(): void {
    if (this.#state === 'over') return;
    if (this.#closing) this.#end(closedByUs());
    this.#state = 'over';
    this.#inbound.clear();
    this.#jobs.settleAll(this.#failure ?? closedByUs());
    this.#outgoing.close(this.#readEnded ? undefined : (this.#failure ?? closedByUs()));
    this.#departure.finish();
    this.#ssl?.dispose();
    this.#outgoing.bio.trim();
    this.#tellOver();
  }

  #tellOver(): void {
    if (this.#toldOver) return;
    this.#toldOver = true;
    this.#face.over();
  }

  #active(): boolean {
    return this.#state === 'handshake' || this.#state === 'open';
  }

  /** Defeats narrowing: calls change the state. */
  #is(state: State): boolean {
    return this.#state === state;
  }
}
