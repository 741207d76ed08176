/** @module A BIO that is only written: pooled buffers that go to the transport as they are. */
import { EMPTY } from '@ferrule/result/bytes';
import { NOTHING } from './channel.ts';
import type { Bio } from './bio.ts';
import { failureOf } from './error.ts';

/** Four full records of TLS 1.3 or 1.2 (5 + 16384 + at most 256 bytes each, RFC 9846 section 5.2). */
const BUFFER_SIZE = 4 * (5 + 16_384 + 256);
/** What is no longer than this is sent from a copy: many connections that say little take one buffer. */
const SMALL = 4096;
/** A copy that fits is in one of these, used again: memory for each message is the garbage collector's dearest kind. */
const BLOCK_SIZE = 512;
/** Buffers kept for whoever has something to send next, all connections together. */
const POOL_LIMIT = 16;
const pool: Uint8Array[] = [];
/** Blocks kept for small messages, all connections together. */
const BLOCKS_LIMIT = 64;
const blocks: Uint8Array[] = [];

/** Ciphertext that is ready to be sent, and the duty to say when it has been. */
export interface Outgoing {
  readonly bytes: Uint8Array;
  /** Call once, when the transport no longer needs `bytes`. */
  release(): void;
}

/**
 * An engine writes into one pooled buffer after another, and {@link take} hands them on to be sent. Idle, it holds
 * none.
 */
export class OutboundBio implements Bio {
  readonly blocking: false = false;
  readonly pending: number = 0;
  readonly eof: boolean = false;
  error: Error | undefined;
  #buffer: Uint8Array = EMPTY;
  #filled = 0;
  /** Bytes handed on and not yet released. */
  #inFlight = 0;
  readonly #limit: number;

  /** @param limit bytes in flight at which a write is answered with "retry"; default: never. */
  constructor(limit: number = Number.POSITIVE_INFINITY) {
    this.#limit = limit;
  }

  /** Bytes that wait to be taken. */
  get queued(): number {
    return this.#filled;
  }

  /** Bytes that were taken and that the transport has not sent yet. */
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

  /** Give back a buffer in which nothing was written, so that an idle connection holds none. */
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
    // An engine that only looked must not cost an idle connection a buffer.
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
    // close_notify ends what we send; the transport is ended by whoever owns it.
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

/** Keeps it for whoever comes next; not what is of another size, nor what the transport has transferred. */
function giveBack(memory: Uint8Array): void {
  if (memory.length === BUFFER_SIZE && pool.length < POOL_LIMIT) pool.push(memory);
  else if (memory.length === BLOCK_SIZE && blocks.length < BLOCKS_LIMIT) blocks.push(memory);
}
