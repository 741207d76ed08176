/**
 * @module The two one-way BIOs of a connection. A BIO pair copies each byte once more than is needed: here the engine
 * reads straight from the transport's buffer and writes straight into the one that the transport will send.
 */
import type { Bio } from '@ferrule/bio';

/** Bytes from the transport, lent for a while or kept. */
export class Inbound implements Bio {
  readonly blocking: false = false;
  error: Error | undefined;
  /** Grows with every byte that comes or goes. */
  moved = 0;
  #view: Uint8Array = NOTHING;
  #lent = false;
  #ended = false;

  get pending(): number {
    return this.#view.length;
  }

  get eof(): boolean {
    return this.#ended && this.#view.length === 0;
  }

  /** `bytes` belong to the caller, until {@link keep} at the latest. */
  lend(bytes: Uint8Array): void {
    this.moved += bytes.length;
    if (this.#view.length > 0) {
      // a transport that goes on though it was told to stop
      const joined = new Uint8Array(this.#view.length + bytes.length);
      joined.set(this.#view);
      joined.set(bytes, this.#view.length);
      this.#view = joined;
      this.#lent = false;
      return;
    }
    this.#view = bytes;
    this.#lent = true;
  }

  /** Copies what has not been consumed, so that the lender may have its buffer back. */
  keep(): void {
    if (this.#lent && this.#view.length > 0) this.#view = this.#view.slice();
    this.#lent = false;
  }

  end(): void {
    this.#ended = true;
  }

  /** Drops what is there. */
  clear(): void {
    this.#view = NOTHING;
  }

  read(into: Uint8Array): number {
    if (into.length === 0) throw new TypeError('read: `into` is empty, and 0 would look like EOF');
    const n = Math.min(into.length, this.#view.length);
    if (n === 0) return this.#ended ? 0 : -1;
    into.set(this.#view.subarray(0, n));
    this.moved += n;
    this.#view = this.#view.subarray(n);
    return n;
  }

  nread0(): Uint8Array {
    return this.#view;
  }

  nread(n: number): void {
    if (!(Number.isInteger(n) && n >= 0 && n <= this.#view.length))
      throw new RangeError(`nread: ${n} is not an integer from 0 to ${this.#view.length}`);
    this.moved += n;
    this.#view = this.#view.subarray(n);
  }

  write(): number {
    throw new TypeError('this BIO is for reading');
  }

  nwrite0(): Uint8Array {
    throw new TypeError('this BIO is for reading');
  }

  nwrite(): void {
    throw new TypeError('this BIO is for reading');
  }

  shutdownWrite(): void {
    throw new TypeError('this BIO is for reading');
  }

  fail(error: Error): void {
    this.error ??= error;
  }
}

/** Four full records of TLS 1.3 or 1.2 (5 + 16384 + at most 256 bytes each, RFC 9846 section 5.2). */
const BLOCK = 4 * (5 + 16_384 + 256);
/** Blocks that are kept for the next writer, all connections together. */
const POOLED = 16;
const pool: Uint8Array[] = [];

/** Bytes for the transport, in blocks that are used again. */
export class Outbound implements Bio {
  readonly blocking: false = false;
  readonly pending: number = 0;
  readonly eof: boolean = false;
  error: Error | undefined;
  #block: Uint8Array = NOTHING;
  #used = 0;

  /** Bytes that wait to be sent. */
  get queued(): number {
    return this.#used;
  }

  /** What waits to be sent; call `release` when it has been. */
  take(): { readonly bytes: Uint8Array; readonly release: () => void } {
    const block = this.#block;
    const bytes = block.subarray(0, this.#used);
    this.#block = NOTHING;
    this.#used = 0;
    let released = false;
    return {
      bytes,
      release: () => {
        if (!released && pool.length < POOLED) pool.push(block);
        released = true;
      },
    };
  }

  write(from: Uint8Array): number {
    if (from.length === 0) return 0;
    const space = this.nwrite0();
    const n = Math.min(space.length, from.length);
    if (n === 0) return -1;
    space.set(n === from.length ? from : from.subarray(0, n));
    this.#used += n;
    return n;
  }

  nwrite0(): Uint8Array {
    if (this.error !== undefined) return NOTHING;
    if (this.#block.length === 0) this.#block = pool.pop() ?? new Uint8Array(BLOCK);
    return this.#block.subarray(this.#used);
  }

  nwrite(n: number): void {
    if (!(Number.isInteger(n) && n >= 0 && n <= this.#block.length - this.#used))
      throw new RangeError(`nwrite: ${n} is not an integer from 0 to ${this.#block.length - this.#used}`);
    this.#used += n;
    // an engine that only looked must not cost an idle connection a block
    if (this.#used === 0 && this.#block.length > 0) this.trim();
  }

  /** Gives an unused block back. */
  trim(): void {
    if (this.#used > 0 || this.#block.length === 0) return;
    if (pool.length < POOLED) pool.push(this.#block);
    this.#block = NOTHING;
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

  /** close_notify ends what we send; the transport is ended by whoever owns it. */
  shutdownWrite(): void {}

  fail(error: Error): void {
    this.error ??= error;
  }
}

const NOTHING: Uint8Array = new Uint8Array(0);
