/** @module A write-only BIO: pooled buffers passed to the transport without copying. */
import { EMPTY } from '@ferrule/result/bytes';
import { NOTHING } from './channel.ts';
import type { Bio } from './bio.ts';
import { failureOf } from './error.ts';

/** Four full records of TLS 1.3 or 1.2 (5 + 16384 + at most 256 bytes each, RFC 9846 section 5.2). */
const BUFFER_SIZE = 4 * (5 + 16_384 + 256);
/** Up to this length, data is sent from a copy, so that many connections with little to send share one buffer. */
const SMALL = 4096;
/** Copies that fit use one of these, which are reused: an allocation per message is expensive to collect. */
const BLOCK_SIZE = 512;
/** Maximum number of pooled buffers, shared by all connections. */
const POOL_LIMIT = 16;
const pool: Uint8Array[] = [];
/** Maximum number of pooled blocks, shared by all connections. */
const BLOCKS_LIMIT = 64;
const blocks: Uint8Array[] = [];

/** Ciphertext ready to be sent; the caller must release it afterwards. */
export interface Outgoing {
  readonly bytes: Uint8Array;
  /** Call once, when the transport no longer needs `bytes`. */
  release(): void;
}

/** The engine fills pooled buffers and {@link take} passes them on for sending. It holds none when idle. */
export class OutboundBio implements Bio {
  readonly blocking: false = false;
  readonly pending: number = 0;
  readonly eof: boolean = false;
  error: Error | undefined;
  #buffer: Uint8Array = EMPTY;
  #filled = 0;
  /** Bytes taken and not yet released. */
  #inFlight = 0;
  readonly #limit: number;

  /** @param limit bytes in flight from which a write returns "retry"; default: no limit. */
  constructor(limit: number = Number.POSITIVE_INFINITY) {
    this.#limit = limit;
  }

  /** Bytes waiting to be taken. */
  get queued(): number {
    return this.#filled;
  }

  /** Bytes taken that the transport has not sent yet. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Everything written since the last call, if anything. */
  take(): Outgoing | undefined {
    if (this.#filled === 0) return undefined;
    const buffer = this.#buffer;
    const length = this.#filled;
    let memory = buffer;
    if (length <= SMALL) {
      memory = length > BLOCK_SIZE ? new Uint8Array(length) : (blocks.pop() ?? new Uint8Array(BLOCK_SIZE));
      memory.set(buffer.subarray(0, length));
      giveBack(buffer);
    }
    this.#buffer = EMPTY;
    this.#filled = 0;
    this.#inFlight += length;
    let released = false;
    return {
      bytes: memory.subarray(0, length),
      release: (): void => {
        if (released) return;
        released = true;
        this.#inFlight -= length;
        giveBack(memory);
      },
    };
  }

  /** Return an empty buffer to the pool, so that an idle connection holds none. */
  trim(): void {
    if (this.#filled > 0 || this.#buffer === EMPTY) return;
    giveBack(this.#buffer);
    this.#buffer = EMPTY;
  }

  nwrite0(): Uint8Array {
    if (this.error !== undefined || this.#inFlight >= this.#limit) return NOTHING;
    if (this.#buffer === EMPTY) this.#buffer = pool.pop() ?? new Uint8Array(BUFFER_SIZE);
    return this.#buffer.subarray(this.#filled);
  }

  nwrite(n: number): void {
    const room = this.#buffer.length - this.#filled;
    if (!Number.isInteger(n) || n < 0 || n > room) throw new RangeError(`nwrite(${n}): the space has ${room} bytes`);
    this.#filled += n;
    // An engine that wrote nothing must not leave an idle connection with a buffer.
    if (this.#filled === 0) this.trim();
  }

  write(from: Uint8Array): number {
    if (from.length === 0) return 0;
    const room = this.nwrite0();
    const n = Math.min(room.length, from.length);
    if (n === 0) return -1;
    room.set(from.subarray(0, n));
    this.nwrite(n);
    return n;
  }

  fail(error: Error): void {
    this.error ??= failureOf(error);
  }

  shutdownWrite(): void {
    // close_notify ends our data; the owner of the transport closes it.
  }

  read(): number {
    throw new TypeError('this BIO is for writing');
  }
  nread0(): Uint8Array {
    throw new TypeError('this BIO is for writing');
  }
  nread(): void {
    throw new TypeError('this BIO is for writing');
  }
}

/** Returns memory to its pool, unless its size differs or the transport has transferred it. */
function giveBack(memory: Uint8Array): void {
  if (memory.length === BUFFER_SIZE && pool.length < POOL_LIMIT) pool.push(memory);
  else if (memory.length === BLOCK_SIZE && blocks.length < BLOCKS_LIMIT) blocks.push(memory);
}
