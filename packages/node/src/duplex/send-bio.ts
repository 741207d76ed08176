/** @module The write BIO of a Duplex: pooled buffers that go to the transport as they are. */
import type { Bio } from '@ferrule/bio';

/** Four full TLS 1.3 records with their headers and tags: what 64 KiB of plaintext become. */
const BUFFER_SIZE = 4 * (5 + 16_384 + 1 + 16) + 1024;
/** Buffers kept for the next connection that has something to say. */
const POOL_LIMIT = 16;
const EMPTY = new Uint8Array(0);

const pool: Uint8Array[] = [];

/** Ciphertext that is ready to be sent, and the duty to say when it has been. */
export interface Outgoing {
  readonly bytes: Uint8Array;
  /** Call once, when the transport no longer needs `bytes`. */
  release(): void;
}

/** An engine writes into one pooled buffer after another; {@link take} hands them on. Full at `limit` unsent bytes. */
export class SendBio implements Bio {
  readonly blocking = false;
  readonly eof = false;
  error: Error | undefined;
  #buffer: Uint8Array = EMPTY;
  #filled = 0;
  /** Bytes handed on and not yet released. */
  #inFlight = 0;
  readonly #limit: number;

  /** @param limit bytes that may wait for the transport before a write is answered with "retry". */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes that wait to be taken. */
  get pending(): number {
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
    this.#buffer = EMPTY;
    this.#filled = 0;
    this.#inFlight += length;
    return {
      bytes: buffer.subarray(0, length),
      release: (): void => {
        this.#inFlight -= length;
        giveBack(buffer);
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
    if (this.error !== undefined || this.#inFlight >= this.#limit) return EMPTY;
    // Slow: a slice of the shared slab would not be ours to keep.
    if (this.#buffer === EMPTY) this.#buffer = pool.pop() ?? Buffer.allocUnsafeSlow(BUFFER_SIZE);
    return this.#buffer.subarray(this.#filled);
  }

  nwrite(n: number): void {
    const room = this.#buffer.length - this.#filled;
    if (!Number.isInteger(n) || n < 0 || n > room) throw new RangeError(`nwrite(${n}): the space has ${room} bytes`);
    this.#filled += n;
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
    this.error ??= error;
  }

  shutdownWrite(): void {
    // The Duplex ends its transport itself, after the last byte.
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

function giveBack(buffer: Uint8Array): void {
  if (pool.length < POOL_LIMIT) pool.push(buffer);
}
