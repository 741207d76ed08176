/** @module One direction of a BIO: a linear buffer whose contents and free space are always contiguous. */

/** The view returned when there are no bytes: not EMPTY, since the caller may transfer it to another thread. */
export const NOTHING: Uint8Array = new Uint8Array(0);

/** Overwrites consumed views: not a TLS content type, an absurd DER length, not ASCII. */
const POISON = 0xdb;

/** Initial size of a growing channel, in bytes. */
const SMALLEST = 1024;

/**
 * At most `limit` bytes, stored at `[start, end)` of a buffer up to twice as long. When the requested space no longer
 * fits after the contents, more than half of the buffer has been read, so moving the contents to the front costs less
 * than what was read since the last move: amortised constant time per byte for any sizes of reads and writes.
 */
export class Channel {
  readonly limit: number;
  /** The writer has announced the end. */
  shut = false;
  error: Error | undefined;
  #memory: Uint8Array = NOTHING;
  #start = 0;
  #end = 0;
  readonly #poison: boolean;
  readonly #grows: boolean;

  /** `grows`: allocate as needed and offer what is allocated; otherwise allocate everything at the first write. */
  constructor(limit: number, poison: boolean, grows: boolean = false) {
    this.limit = limit;
    this.#poison = poison;
    this.#grows = grows;
  }

  get pending(): number {
    return this.#end - this.#start;
  }

  get eof(): boolean {
    return this.shut && this.#end === this.#start;
  }

  /** All pending bytes. */
  contents(): Uint8Array {
    return this.#end === this.#start ? NOTHING : view(this.#memory, this.#start, this.#end);
  }

  consume(n: number): void {
    if (!(Number.isInteger(n) && n >= 0 && n <= this.#end - this.#start)) {
      throw new RangeError(`nread: ${n} is not an integer from 0 to ${this.pending}, the bytes pending`);
    }
    if (this.#poison) this.#memory.fill(POISON, this.#start, this.#start + n);
    this.#start += n;
    if (this.#start === this.#end) this.#start = this.#end = 0;
  }

  /** The free space: all of it, or at least `atLeast` bytes if the buffer grows. */
  space(atLeast: number = 1): Uint8Array {
    this.#assertOpen();
    if (this.error !== undefined) return NOTHING;
    const free = this.limit - this.pending;
    if (free === 0) return NOTHING;
    const wanted = this.#grows ? Math.min(Math.max(atLeast, 1), free) : free;
    if (this.#memory.length - this.#end < wanted) this.#makeRoom(wanted);
    return view(this.#memory, this.#end, Math.min(this.#end + free, this.#memory.length));
  }

  publish(n: number): void {
    this.#assertOpen();
    const free = Math.min(this.limit - this.pending, this.#memory.length - this.#end);
    if (!(Number.isInteger(n) && n >= 0 && n <= free)) {
      throw new RangeError(`nwrite: ${n} is not an integer from 0 to ${free}, the bytes free`);
    }
    if (this.error === undefined) this.#end += n;
  }

  /** Returns the count, or -1. */
  put(from: Uint8Array): number {
    this.#assertOpen();
    if (this.error !== undefined) return -1;
    if (from.length === 0) return 0;
    const space = this.space(from.length);
    const n = Math.min(from.length, space.length);
    if (n === 0) return -1;
    space.set(n === from.length ? from : from.subarray(0, n));
    this.#end += n;
    return n;
  }

  /** Returns the count, 0 for EOF, or -1. */
  take(into: Uint8Array): number {
    if (into.length === 0) throw new TypeError('read: `into` is empty, and 0 would look like EOF');
    const n = Math.min(into.length, this.pending);
    if (n === 0) return this.shut ? 0 : -1;
    into.set(view(this.#memory, this.#start, this.#start + n));
    this.consume(n);
    return n;
  }

  shutdown(): void {
    if (this.error === undefined) this.shut = true;
  }

  /** Release the memory if it is empty. */
  trim(): void {
    if (this.pending === 0) this.#memory = NOTHING;
  }

  #makeRoom(wanted: number): void {
    const old = this.#memory;
    const pending = this.pending;
    const needed = 2 * (pending + wanted);
    if (old.length < Math.min(needed, 2 * this.limit)) {
      const length = this.#grows ? Math.max(needed, 2 * old.length, SMALLEST) : needed;
      this.#memory = new Uint8Array(Math.min(length, 2 * this.limit));
      this.#memory.set(view(old, this.#start, this.#end));
      if (this.#poison) old.fill(POISON);
    } else {
      old.copyWithin(0, this.#start, this.#end);
      if (this.#poison) old.fill(POISON, pending, this.#end);
    }
    this.#start = 0;
    this.#end = pending;
  }

  #assertOpen(): void {
    if (this.shut) throw new TypeError('write after shutdownWrite()');
  }
}

const view = (memory: Uint8Array, start: number, end: number): Uint8Array =>
  new Uint8Array(memory.buffer, start, end - start);
