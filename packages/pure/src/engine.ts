/**
 * @module Resumes step sequences and turns what they do into the numbers of SSL_get_error(3). The one place that catches,
 * and the one that sends alerts.
 *
 * A failure happens in two steps: the alert goes to the write BIO first, which may have to wait for room (WANT_WRITE) or
 * for an asynchronous cipher (WANT_ASYNC); then the failure is there, and every later operation returns it.
 */
import { failed, SslError, TlsError, type Failed } from '@ferrule/result';
import { fail } from './reason.ts';
import type { Steps, Wait } from './wait.ts';

/** What the engine needs of the connection in order to say goodbye. */
export interface Farewell {
  /** Queues the alert that the failure owes the peer; false when it owes none. */
  alert(error: TlsError): boolean;
  /** 0 when it has left. */
  flush(): Wait | 0;
  /** No more will be sent or read: wipe keys. */
  end(): void;
}

export class Engine {
  /** SSL_get_error(3) of the last operation that returned `<= 0`. */
  why: SslError = SslError.none;
  /** True until the handshake is done: a fatal alert or close_notify of the peer then makes operations return 0. */
  handshaking = true;
  #steps: Steps<void> | undefined;
  #dying: Failed | undefined;
  #failure: Failed | undefined;
  #disposed = false;
  #alertOwed = false;
  readonly #farewell: Farewell;

  constructor(farewell: Farewell) {
    this.#farewell = farewell;
  }

  /** The connection's one failure. After dispose() it is made when somebody asks: most never do, and a stack trace costs. */
  get failure(): Failed | undefined {
    if (this.#disposed) this.#failure ??= failed(fail('DISPOSED'));
    return this.#failure;
  }

  /** True while a step sequence is under way. */
  get busy(): boolean {
    return this.#steps !== undefined;
  }

  /** True from the moment something went wrong, also while the alert is still waiting to leave. */
  get broken(): boolean {
    return this.#disposed || this.#dying !== undefined || this.#failure !== undefined;
  }

  /** Why nothing works any more; there as soon as {@link broken} is. */
  get reason(): TlsError | undefined {
    return (this.#dying ?? this.failure)?.error;
  }

  start(steps: Steps<void>): void {
    this.#steps = steps;
  }

  /** Goes on with the step sequence that is under way: 1 when none is left, else what the operation returns. */
  resume(): 1 | 0 | -1 {
    if (this.broken) return this.refuse();
    if (this.#steps === undefined) return 1;
    try {
      const { done, value } = this.#steps.next();
      if (done !== true) return this.wait(value);
      this.#steps = undefined;
      return 1;
    } catch (error) {
      return this.fail(error);
    }
  }

  /** Returns -1 with the given reason. */
  wait(why: Wait): -1 {
    this.why = why;
    return -1;
  }

  /** Takes down the connection with what was thrown; returns what the operation returns. */
  fail(thrown: unknown): 0 | -1 {
    if (this.#disposed) return this.refuse();
    const error = TlsError.is(thrown) ? thrown : fail('INTERNAL_ERROR', 'an exception inside the engine', { cause: thrown });
    this.#steps = undefined;
    this.#dying ??= failed(error, returnValue(error, this.handshaking), isTransport(error) ? SslError.syscall : SslError.ssl);
    if (this.#dying.error === error) {
      try {
        this.#alertOwed = this.#farewell.alert(error);
      } catch {
        // The write side is broken too: the failure stands, the alert is lost.
      }
    }
    return this.refuse();
  }

  /** What every operation of a broken connection returns. */
  refuse(): 0 | -1 {
    let failure = this.failure;
    if (failure === undefined) {
      const wait = this.#lastFlush();
      if (wait !== 0) return this.wait(wait);
      failure = this.#failure = this.#dying as Failed;
      this.#farewell.end();
    }
    this.why = failure.code;
    return failure.ret;
  }

  /** A failure that nobody is told about: the caller disposed of the connection. */
  abandon(): void {
    this.#steps = undefined;
    this.#disposed = true;
    this.#farewell.end();
  }

  #lastFlush(): Wait | 0 {
    if (!this.#alertOwed) return 0;
    try {
      return this.#farewell.flush();
    } catch {
      return 0;
    }
  }
}

const isTransport = ({ code }: TlsError): boolean => code === 'TRANSPORT_ERROR' || code === 'TIMEOUT' || code === 'ABORTED' || code === 'BLOCKING_FORBIDDEN';

/** SSL_connect(3): 0 when the peer ended the handshake by the protocol's own rules. */
const returnValue = (error: TlsError, handshaking: boolean): 0 | -1 => (handshaking && error.alert?.origin === 'peer' ? 0 : -1);
