/**
 * @module The promises of a connection's pending reads and writes. {@link TlsPump} moves the bytes: with a read pending
 * they are decrypted straight into the reader's memory, otherwise the transport is paused. So a connection that is not
 * read holds at most one transport buffer of ciphertext, and an idle one holds nothing.
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
  /** Bytes delivered to the reader so far. */
  #got = 0;
  /**
   * Receives one byte read ahead without a pending read, so that tickets, alerts and EOF are noticed on an idle
   * connection. One per connection: an observer called while it is filled may use other connections.
   */
  readonly #ahead = new Uint8Array(1);
  /**
   * The reader whose memory {@link space} returned, `undefined` for the byte ahead: an observer may have read, or
   * closed, since.
   */
  #filling: Reader | undefined;
  /** The byte read ahead, or {@link NONE}. */
  #held = NONE;
  #looking = false;
  #ended = false;
  /** After close() or destroy(): received data is discarded. */
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
        // The handshake never began, so nothing else disposes of it
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
      // The pump no longer runs
      this.drained();
    });
  }

  /** Settles when the transport has all of it. */
  write(from: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => this.#pump.write(from, settling(resolve, reject)));
  }

  /** Any engine operation, in order with the writes. */
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

  /** Destroys the connection unless it has ended already. */
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

  /** Gives the byte read ahead to the current read. */
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
   * A caller whose read was filled may not read again for a long time: tickets or EOF behind it must still be noticed.
   * A caller that reads again at once gets the bytes decrypted into its own memory, not via the byte ahead.
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
