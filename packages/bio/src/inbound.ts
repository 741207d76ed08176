/** @module A read-only BIO over the transport's own buffers, without copying. */
import { EMPTY } from '@ferrule/result/bytes';
import type { Bio } from './bio.ts';
import { failureOf } from './error.ts';

/**
 * For drivers that would otherwise copy every byte through a BIO pair: exposes to the engine the chunk that the
 * transport has just filled. Only what the engine leaves (a partial record) is copied and carried over, and joined with
 * as much of the next chunk as the engine requests. It holds no memory when idle.
 */
export class InboundBio implements Bio {
  readonly blocking: false = false;
  error: Error | undefined;
  /** Counts every byte lent or consumed. */
  moved = 0;
  #chunk: Uint8Array = EMPTY;
  #carry: Uint8Array = EMPTY;
  /** The carried bytes are `#carry[#start, #end)`. */
  #start = 0;
  #end = 0;
  #ended = false;

  /** The next bytes. They must not change until the engine has consumed them or {@link keep} has been called. */
  lend(bytes: Uint8Array): void {
    this.moved += bytes.length;
    // The transport continues despite being paused.
    if (this.#chunk.length > 0) this.keep();
    this.#chunk = bytes;
  }

  /** Copy the rest of the chunk, since its memory is about to be reused. */
  keep(): void {
    this.#append(this.#chunk);
    this.#chunk = EMPTY;
  }

  /** No more bytes will arrive. */
  end(): void {
    this.#ended = true;
  }

  /** Discards pending bytes. */
  clear(): void {
    this.#chunk = this.#carry = EMPTY;
    this.#start = this.#end = 0;
  }

  get pending(): number {
    return this.#end - this.#start + this.#chunk.length;
  }

  get eof(): boolean {
    return this.#ended && this.pending === 0;
  }

  fail(error: Error): void {
    this.error ??= failureOf(error);
  }

  nread0(atLeast?: number): Uint8Array {
    const carried = this.#end - this.#start;
    if (carried === 0) return this.#chunk;
    const wanted = atLeast === undefined ? this.#chunk.length : Math.min(atLeast - carried, this.#chunk.length);
    if (wanted > 0) {
      this.#append(this.#chunk.subarray(0, wanted));
      this.#chunk = this.#chunk.subarray(wanted);
    }
    return this.#carry.subarray(this.#start, this.#end);
  }

  nread(n: number): void {
    const carried = this.#end - this.#start;
    const view = carried > 0 ? carried : this.#chunk.length;
    if (!Number.isInteger(n) || n < 0 || n > view) throw new RangeError(`nread(${n}): the view has ${view} bytes`);
    this.moved += n;
    if (carried === 0) this.#chunk = n === this.#chunk.length ? EMPTY : this.#chunk.subarray(n);
    else if (n === carried) this.#start = this.#end = 0;
    else this.#start += n;
    // An idle connection holds no buffer.
    if (this.#end === 0 && this.#chunk.length === 0) this.#carry = EMPTY;
  }

  read(into: Uint8Array): number {
    if (into.length === 0) throw new TypeError('read: `into` is empty, and 0 would look like EOF');
    const view = this.nread0(1);
    if (view.length === 0) return this.eof ? 0 : -1;
    const n = Math.min(view.length, into.length);
    into.set(view.subarray(0, n));
    this.nread(n);
    return n;
  }

  #append(bytes: Uint8Array): void {
    const carried = this.#end - this.#start;
    if (this.#end + bytes.length > this.#carry.length) {
      const room =
        carried + bytes.length > this.#carry.length
          ? new Uint8Array(Math.max(2 * carried, carried + bytes.length, 17 * 1024))
          : this.#carry;
      room.set(this.#carry.subarray(this.#start, this.#end));
      this.#carry = room;
      this.#start = 0;
      this.#end = carried;
    }
    this.#carry.set(bytes, this.#end);
    this.#end += bytes.length;
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
}
