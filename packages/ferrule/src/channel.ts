/**
 * @module A connection's promises: who waits for bytes, and for what was written. The bytes themselves move in {@link
 * TlsPump}: if a reader waits, they are decrypted straight into its memory; else the transport is told to stop. So a
 * connection that nobody reads holds one transport buffer of ciphertext at most, and one that is idle holds nothing.
 */
import type { Ssl } from '@ferrule/contract';
import { bytesOf } from '@ferrule/result/arguments';
import { type PumpFace, type PumpOptions, TlsPump } from './pump.ts';
import type { Transport } from './transport.ts';

interface Reader {
  readonly into: Uint8Array;
  readonly resolve: (n: number) => void;
  readonly reject: (error: unknown) => void;
}

const NONE = -1;

export class Channel implements PumpFace {
  readonly ssl: Ssl;
  readonly closed: Promise<void>;
  readonly #pump: TlsPump;
  #reader: Reader | undefined;
  /** Bytes that the reader has so far. */
  #got = 0;
  /**
   * Where the byte goes that is read although nobody asks, so that tickets, alerts and ends are noticed on an idle
   * connection. Each has its own: an observer that is called while it is filled may use other connections.
   */
  readonly #ahead = new Uint8Array(1);
  /** Whose memory {@link space} gave, or `undefined` for the byte ahead: an observer may have read, or ended, since. */
  #filling: Reader | undefined;
  /** The byte read ahead, or {@link NONE}. */
  #held = NONE;
  #looking = false;
  #ended = false;
  /** close() or destroy(): what comes is nobody's. */
  #dropping = false;
  #failure: Error | undefined;
  #opening: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined;
  #signalClosed: () => void = () => {};

  constructor(ssl: Ssl, transport: Transport, options?: PumpOptions) {
    this.ssl = ssl;
    this.closed = new Promise((resolve) => (this.#signalClosed = resolve));
    this.#pump = new TlsPump(this, transport, options);
    transport.start(this.#pump);
  }

  /** The handshake. @throws TlsError, or what {@link destroy} was given. */
  connect(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        // It has never begun, so nobody else does
        this.ssl.dispose();
        return reject(this.#failure);
      }
      this.#opening = { resolve, reject };
      this.#pump.begin(this.ssl);
    });
  }

  read(given: Uint8Array): Promise<number> {
    const into = bytesOf(given);
    if (into === undefined || into.length === 0)
      return Promise.reject(new TypeError('read: `into` must be a Uint8Array of at least one byte'));
    if (this.#reader !== undefined) return Promise.reject(new TypeError('read: another read is under way'));
    return new Promise((resolve, reject) => {
      if (this.#held === NONE) {
        if (this.#failure !== undefined) return reject(this.#failure);
        if (this.#ended) return resolve(0);
      }
      this.#reader = { into, resolve, reject };
      this.#got = 0;
      this.#giveHeld();
      this.#pump.run();
      // Where nothing runs any more
      this.drained();
    });
  }

  /** Settles when the transport has all of it. */
  write(from: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => this.#pump.write(from, settling(resolve, reject)));
  }

  /** Any operation of the engine, in order with the writes. */
  operate(operation: (ssl: Ssl) => number): Promise<void> {
    return new Promise((resolve, reject) => this.#pump.operate(operation, settling(resolve, reject)));
  }

  closeWrite(): Promise<void> {
    return new Promise((resolve, reject) => this.#pump.shutdown(false, settling(resolve, reject)));
  }

  close(): Promise<void> {
    this.#held = NONE;
    this.#dropping = true;
    this.#pump.close();
    return this.closed;
  }

  /** Ends it if nothing has yet. */
  abandon(reason: Error): void {
    this.#pump.abandon(reason);
  }

  destroy(reason: Error): void {
    this.#held = NONE;
    this.#dropping = true;
    this.#pump.destroy(reason);
  }

  // ── PumpFace ──

  established(): void {
    this.#opening?.resolve();
  }

  space(): Uint8Array | undefined {
    const reader = this.#reader;
    if (reader?.into.length === 0) {
      this.#reader = undefined;
      reader.reject(new TypeError('read: the memory of `into` was transferred during the read'));
      return this.space();
    }
    this.#filling = reader;
    if (reader === undefined) return this.#held === NONE ? this.#ahead : undefined;
    if (this.#got === reader.into.length) return undefined;
    return this.#got === 0 ? reader.into : reader.into.subarray(this.#got);
  }

  filled(n: number): void {
    if (this.#filling === undefined) {
      if (this.#dropping) return;
      this.#held = this.#ahead[0] as number;
      this.#giveHeld();
    } else if (this.#filling === this.#reader) this.#got += n;
  }

  /** The byte that was read ahead, to whoever reads now. */
  #giveHeld(): void {
    if (this.#held === NONE || this.#reader === undefined || this.#reader.into.length === 0) return;
    this.#reader.into[0] = this.#held;
    this.#held = NONE;
    this.#got = 1;
  }

  drained(): void {
    const reader = this.#reader;
    if (reader === undefined || this.#got === 0) return;
    this.#reader = undefined;
    reader.resolve(this.#got);
    if (this.#got === reader.into.length) this.#lookBehind();
  }

  /**
   * Who got all that was asked for may not come back for long: what lies behind it, tickets or an end, is noticed all
   * the same. Whoever comes back at once decrypts into memory of his own, in place of by way of the byte ahead.
   */
  #lookBehind(): void {
    if (this.#looking) return;
    this.#looking = true;
    setTimeout(() => {
      this.#looking = false;
      if (this.#reader === undefined) this.#pump.run();
    }, 0);
  }

  ended(): void {
    this.#ended = true;
    this.#reader?.resolve(0);
    this.#reader = undefined;
  }

  failed(error: Error): void {
    this.#failure = error;
    this.#opening?.reject(error);
    this.drained();
    this.#reader?.reject(error);
    this.#reader = undefined;
  }

  over(): void {
    this.#signalClosed();
  }

  keepsUnread(): boolean {
    return this.#held !== NONE || this.#pump.pending > 0 || this.ssl.pending > 0;
  }
}

const settling =
  (resolve: () => void, reject: (error: Error) => void) =>
  (error?: Error): void =>
    error === undefined ? resolve() : reject(error);
