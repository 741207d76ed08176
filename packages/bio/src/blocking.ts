/** @module Blocking BIOs: one thread blocks in Atomics.wait, another serves the transport without blocking. */
import { knownOptions, refuseOption } from '@ferrule/result/arguments';
import type { Bio } from './bio.ts';
import { Channel } from './channel.ts';
import { development } from './development.ts';
import { BioError, failureOf } from './error.ts';
import { SharedSide } from './shared-memory.ts';

declare const setTimeout: (callback: () => void, milliseconds: number) => unknown;
/** In ES2024's library. */
declare const Atomics: typeof globalThis.Atomics & {
  readonly waitAsync?: (
    words: Int32Array,
    index: number,
    value: number,
  ) => { readonly async: boolean; readonly value: PromiseLike<string> | string };
};

/** Polling interval where Atomics.waitAsync does not exist, in milliseconds. */
const POLL = 4;

export interface BlockingBioOptions {
  /**
   * The longest that one call waits without progress, in milliseconds, as SO_RCVTIMEO and SO_SNDTIMEO of socket(7).
   * After that the BIO fails permanently with the code TIMEOUT. Default: no limit.
   */
  readonly timeout?: number;
}

export interface BlockingBio extends Bio {
  readonly blocking: true;
  /** See {@link BlockingBioOptions.timeout}; may be changed between calls. */
  timeout: number;
}

/** The end that serves the transport. */
export interface SharedBio extends Bio {
  readonly blocking: false;
  /**
   * Settles when the other side has written, read, ended or failed since the last call. Check everything each time: one
   * promise may cover many changes. For one caller at a time. It also settles once this end has failed.
   */
  changed(): Promise<void>;
}

/**
 * The end that blocks. `connect()`, `read()` and `write()` of an engine over it return only when done.
 * @throws BioError `BLOCKING_FORBIDDEN` if this thread must not block (the main thread of a browser).
 * @throws TypeError for foreign memory, an unknown option, or a timeout that is not positive.
 */
export function blockingBio(memory: SharedArrayBuffer, options: BlockingBioOptions = {}): BlockingBio {
  const { timeout = Number.POSITIVE_INFINITY } = knownOptions(options, ['timeout']);
  const bio = new BlockingEnd(new SharedSide(memory, 0));
  bio.timeout = timeout;
  return bio;
}

/** The non-blocking end, for the thread that serves the transport. @throws TypeError for foreign memory. */
export const sharedBio = (memory: SharedArrayBuffer): SharedBio => new ServingEnd(new SharedSide(memory, 1));

/**
 * Either end: reads and writes each go through a private linear buffer, so that views are contiguous and in unshared
 * memory, which every consumer accepts.
 */
abstract class SharedEnd implements Bio {
  abstract readonly blocking: boolean;
  protected readonly side: SharedSide;
  readonly #in: Channel;
  #space: Uint8Array = new Uint8Array(0);
  #offered = 0;
  #shut = false;
  #error: Error | undefined;

  constructor(side: SharedSide) {
    this.side = side;
    this.#in = new Channel(side.size, development);
  }

  get pending(): number {
    return this.#in.pending + this.side.input.used;
  }

  get eof(): boolean {
    return this.side.input.shut && this.pending === 0;
  }

  get error(): Error | undefined {
    return (this.#error ??= this.side.failure());
  }

  read(into: Uint8Array): number {
    this.#receive(1);
    const n = this.#in.take(into);
    return n === -1 && this.eof ? 0 : n;
  }

  nread0(atLeast: number = 1): Uint8Array {
    this.#receive(Math.min(atLeast, this.side.size));
    return this.#in.contents();
  }

  nread(n: number): void {
    this.#in.consume(n);
  }

  write(from: Uint8Array): number {
    this.#assertOpen();
    let done = 0;
    while (done < from.length) {
      if (!this.#room(1)) break;
      done += this.side.output.push(done === 0 ? from : from.subarray(done));
      this.side.notify();
      if (!this.blocking) break;
    }
    return done === 0 && from.length > 0 ? -1 : done;
  }

  nwrite0(atLeast: number = 1): Uint8Array {
    this.#assertOpen();
    this.#offered = this.#room(Math.min(atLeast, this.side.size)) ? this.side.output.free : 0;
    if (this.#space.length < this.#offered) this.#space = new Uint8Array(this.side.size);
    return this.#space.subarray(0, this.#offered);
  }

  nwrite(n: number): void {
    this.#assertOpen();
    if (!(Number.isInteger(n) && n >= 0 && n <= this.#offered))
      throw new RangeError(`nwrite: ${n} is not an integer from 0 to ${this.#offered}, the bytes offered`);
    this.#offered = 0;
    if (n === 0 || this.error !== undefined) return;
    this.side.output.push(this.#space.subarray(0, n));
    this.side.notify();
  }

  shutdownWrite(): void {
    if (this.#shut || this.error !== undefined) return;
    this.#shut = true;
    this.side.output.shutdown();
    this.side.notify();
  }

  fail(given: Error): void {
    if (this.error !== undefined) return;
    const error = failureOf(given);
    // While the other side is still writing its own error, use ours
    this.#error = this.side.fail(error) ? error : (this.side.failure() ?? error);
    // Release changed(), which waits for the other side and would keep the memory alive
    this.side.wake();
  }

  /** Wait until our bell changes from `seen`. Returns false if there is no point in checking again. */
  protected abstract sleep(seen: number): boolean;

  /** Fill the linear buffer to `atLeast` bytes if possible. */
  #receive(atLeast: number): void {
    const { input, words, bell } = this.side;
    for (;;) {
      const seen = Atomics.load(words, bell);
      // Order matters: check for the end and failure first, so that bytes published before them are still pulled
      const over = input.shut || this.error !== undefined;
      this.#pull();
      if (this.#in.pending >= atLeast || over || !this.sleep(seen)) return;
    }
  }

  #pull(): void {
    const used = this.side.input.used;
    if (used === 0 || this.#in.pending === this.#in.limit) return;
    const n = this.side.input.pull(this.#in.space());
    this.#in.publish(n);
    this.side.notify();
  }

  /** Wait for `atLeast` bytes of space; false if there are none. */
  #room(atLeast: number): boolean {
    const { output, words, bell } = this.side;
    for (;;) {
      const seen = Atomics.load(words, bell);
      if (this.error !== undefined) return false;
      if (output.free >= atLeast) return true;
      if (!this.sleep(seen)) return output.free > 0 && this.error === undefined;
    }
  }

  #assertOpen(): void {
    if (this.#shut) throw new TypeError('write after shutdownWrite()');
  }
}

class BlockingEnd extends SharedEnd implements BlockingBio {
  readonly blocking = true;
  #timeout = Number.POSITIVE_INFINITY;

  constructor(side: SharedSide) {
    super(side);
    try {
      // Never waits, since the expected value differs
      Atomics.wait(side.words, side.bell, Atomics.load(side.words, side.bell) + 1, 0);
    } catch (error) {
      throw new BioError(
        'BLOCKING_FORBIDDEN',
        'this thread may not wait: run the blocking connection in a worker',
        error,
      );
    }
  }

  get timeout(): number {
    return this.#timeout;
  }

  set timeout(milliseconds: number) {
    if (!(typeof milliseconds === 'number' && milliseconds > 0))
      refuseOption(milliseconds, 'timeout', 'a positive number of milliseconds');
    this.#timeout = milliseconds;
  }

  protected sleep(seen: number): boolean {
    if (Atomics.wait(this.side.words, this.side.bell, seen, this.#timeout) !== 'timed-out') return true;
    this.fail(new BioError('TIMEOUT', `nothing moved for ${this.#timeout} ms`));
    return false;
  }
}

class ServingEnd extends SharedEnd implements SharedBio {
  readonly blocking = false;
  #seen = 0;

  async changed(): Promise<void> {
    const { words, bell } = this.side;
    while (Atomics.load(words, bell) === this.#seen) {
      // Stop polling after a failure
      if (this.error !== undefined) return;
      if (Atomics.waitAsync !== undefined) await Atomics.waitAsync(words, bell, this.#seen).value;
      else await new Promise<void>((resolve) => setTimeout(resolve, POLL));
    }
    this.#seen = Atomics.load(words, bell);
  }

  protected sleep(): boolean {
    return false;
  }
}
