/** @module The connections to each origin: a few, kept for the next request. */
import type { TlsConnection } from 'ferrule';
import { abortable } from 'ferrule/pump';
import { HttpConnection } from './connection.ts';

export interface PoolOptions {
  /** To one origin at a time. */
  readonly connections: number;
  /** Milliseconds without a request. */
  readonly idleTimeout: number;
  readonly open: (url: URL, signal: AbortSignal) => Promise<TlsConnection>;
}

interface Waiter {
  readonly take: (connection: HttpConnection | Promise<HttpConnection>) => void;
  readonly refuse: (error: unknown) => void;
  readonly signal: AbortSignal | undefined;
}

interface Idle {
  readonly connection: HttpConnection;
  readonly timer: ReturnType<typeof setTimeout>;
}

export class Pool {
  readonly #options: PoolOptions;
  readonly #origins = new Map<string, Origin>();
  #closed: Error | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** One that is free, or a new one, or one that becomes free. @throws what opening throws; the signal's reason. */
  acquire(url: URL, signal: AbortSignal | undefined): Promise<HttpConnection> {
    let origin = this.#origins.get(url.origin);
    if (origin === undefined) {
      origin = new Origin(url, this.#options, () => this.#origins.delete(url.origin));
      this.#origins.set(url.origin, origin);
      // Of a request that was under way, and is redirected: nothing is kept for the next one
      if (this.#closed !== undefined) origin.close(this.#closed);
    }
    return origin.acquire(signal);
  }

  /** Free connections are closed now, others when they have answered. */
  close(reason: Error): void {
    this.#closed ??= reason;
    for (const origin of this.#origins.values()) origin.close(reason);
  }
}

class Origin {
  readonly #url: URL;
  readonly #options: PoolOptions;
  readonly #unused: () => void;
  readonly #idle: Idle[] = [];
  readonly #waiting: Waiter[] = [];
  /** Open, and being opened. */
  #count = 0;
  #isClosed = false;

  constructor(url: URL, options: PoolOptions, unused: () => void) {
    this.#url = url;
    this.#options = options;
    this.#unused = unused;
  }

  acquire(signal: AbortSignal | undefined): Promise<HttpConnection> {
    // The one that was used last is the one that its server has probably not closed
    const idle = this.#idle.pop();
    if (idle !== undefined) {
      clearTimeout(idle.timer);
      return Promise.resolve(idle.connection);
    }
    if (this.#count < this.#options.connections) return this.#open(signal);
    let waiter: Waiter | undefined;
    const waited = new Promise<HttpConnection>((take, refuse) =>
      this.#waiting.push((waiter = { take, refuse, signal })),
    );
    return signal === undefined
      ? waited
      : untilAborted(waited, signal, () => {
          const at = this.#waiting.indexOf(waiter as Waiter);
          if (at >= 0) this.#waiting.splice(at, 1);
          // It was given one in the same moment
          else void waited.then((connection) => this.#free(connection)).catch(() => {});
        });
  }

  close(reason: Error): void {
    this.#isClosed = true;
    for (const { refuse } of this.#waiting.splice(0)) refuse(reason);
    for (const { connection, timer } of [...this.#idle]) {
      clearTimeout(timer);
      connection.close();
    }
  }

  async #open(signal: AbortSignal | undefined): Promise<HttpConnection> {
    this.#count++;
    // Of the attempt alone: the connection outlives the request that it was opened for
    const attempt = new AbortController();
    const abort = (): void => attempt.abort(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted === true) abort();
    try {
      const opening = this.#options.open(this.#url, attempt.signal);
      const tls = await untilAborted(
        opening,
        attempt.signal,
        () => void opening.then((late) => late.destroy()).catch(() => {}),
      );
      const connection: HttpConnection = new HttpConnection(
        tls,
        this.#url.host,
        () => this.#free(connection),
        () => this.#lost(connection),
      );
      return connection;
    } catch (error) {
      this.#less();
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  #free(connection: HttpConnection): void {
    const next = this.#waiting.shift();
    if (next !== undefined) return next.take(connection);
    if (this.#isClosed) return connection.close();
    const timer = setTimeout(() => connection.close(), this.#options.idleTimeout);
    // In Node it keeps no process alive
    (timer as { unref?: () => void }).unref?.();
    this.#idle.push({ connection, timer });
    connection.watch();
  }

  #lost(connection: HttpConnection): void {
    const at = this.#idle.findIndex((idle) => idle.connection === connection);
    if (at >= 0) clearTimeout(this.#idle.splice(at, 1)[0]?.timer);
    this.#less();
  }

  #less(): void {
    this.#count--;
    const next = this.#waiting.shift();
    if (next !== undefined) next.take(this.#open(next.signal));
    else if (this.#count === 0) this.#unused();
  }
}

/** As `abortable`, with the signal's own reason, which is what fetch() rejects with. */
const untilAborted = <T>(made: Promise<T>, signal: AbortSignal, undo: () => void): Promise<T> =>
  abortable(made, signal, undo).catch((error: unknown) => {
    throw signal.aborted ? signal.reason : error;
  });
