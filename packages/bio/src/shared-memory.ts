/** @module The shared memory of a blocking BIO: two ring buffers, two bells and the text of a failure. */
import { BioError, type BioErrorCode } from './error.ts';
import { checkSize } from './options.ts';

/**
 * Words of the header. A bell is a counter that the other side increments, then notifies, on every change that concerns
 * us.
 */
const Word = { magic: 0, size: 1, bell: [2, 3], failure: 4, rings: [5, 8] } as const;
const MAGIC = 0x0b10_0001;
const HEADER_BYTES = 64;
/** UTF-16 code units of the failure's JSON. */
const FAILURE_UNITS = 992;
const DATA_OFFSET = HEADER_BYTES + 2 * FAILURE_UNITS;

/** States of the failure word. */
const Failure = { none: 0, beingWritten: 1, written: 2 } as const;

/** Which side of the memory: 0 blocks, 1 does not. */
export type Side = 0 | 1;

/**
 * Shared memory for one blocking BIO: create it, post it to the thread that serves the transport, and open it here with
 * `blockingBio()` and there with `sharedBio()`. Each direction holds `size` bytes (1 to 2^30).
 * @throws BioError `BLOCKING_FORBIDDEN` without SharedArrayBuffer; TypeError for a `size` out of range.
 */
export function sharedBioMemory(size: number = 64 * 1024): SharedArrayBuffer {
  checkSize('size', size);
  if (typeof SharedArrayBuffer !== 'function') {
    throw new BioError(
      'BLOCKING_FORBIDDEN',
      'there is no SharedArrayBuffer here: a web page must be cross-origin isolated (COOP and COEP headers)',
    );
  }
  const memory = new SharedArrayBuffer(DATA_OFFSET + 2 * size);
  const words = new Int32Array(memory, 0, HEADER_BYTES / 4);
  words[Word.size] = size;
  words[Word.magic] = MAGIC;
  return memory;
}

/** One side's view of the memory. */
export class SharedSide {
  readonly size: number;
  readonly input: ByteRing;
  readonly output: ByteRing;
  readonly words: Int32Array;
  /** The word on which this side waits. */
  readonly bell: number;
  readonly #theirBell: number;
  readonly #failure: Uint16Array;

  constructor(memory: SharedArrayBuffer, side: Side) {
    if (!(memory instanceof SharedArrayBuffer) || memory.byteLength <= DATA_OFFSET)
      throw new TypeError('not the memory of sharedBioMemory()');
    const words = new Int32Array(memory, 0, HEADER_BYTES / 4);
    const size = words[Word.size] ?? 0;
    if (words[Word.magic] !== MAGIC || memory.byteLength !== DATA_OFFSET + 2 * size)
      throw new TypeError('not the memory of sharedBioMemory()');
    this.size = size;
    this.words = words;
    this.bell = Word.bell[side];
    this.#theirBell = Word.bell[side === 0 ? 1 : 0];
    this.#failure = new Uint16Array(memory, HEADER_BYTES, FAILURE_UNITS);
    const rings = Word.rings.map(
      (word, i) => new ByteRing(words, word, new Uint8Array(memory, DATA_OFFSET + i * size, size)),
    ) as [ByteRing, ByteRing];
    this.output = rings[side];
    this.input = rings[side === 0 ? 1 : 0];
  }

  /** Ring the other side's bell. */
  notify(): void {
    Atomics.add(this.words, this.#theirBell, 1);
    Atomics.notify(this.words, this.#theirBell);
  }

  /** Ring our own bell, so that a waiter on this side checks again. */
  wake(): void {
    Atomics.add(this.words, this.bell, 1);
    Atomics.notify(this.words, this.bell);
  }

  /** The failure, recreated from its text. */
  failure(): Error | undefined {
    if (Atomics.load(this.words, Word.failure) !== Failure.written) return undefined;
    const length = this.#failure[0] ?? 0;
    const { name, code, message } = JSON.parse(
      String.fromCharCode(...this.#failure.subarray(1, 1 + length)),
    ) as FailureText;
    return name === 'BioError'
      ? new BioError(code as BioErrorCode, message)
      : Object.assign(new Error(message), code === undefined ? {} : { code });
  }

  /** Returns false if the other side has already failed. */
  fail(error: Error): boolean {
    // Read before claiming the word: getters of the caller's error may throw
    const code = textOf(error, 'code', 40);
    const text: FailureText = {
      name: textOf(error, 'name', 40) ?? 'Error',
      message: textOf(error, 'message', 300) ?? FAILED,
      ...(code !== undefined && { code }),
    };
    // Only control characters, six units each when escaped, can still make it too long
    let json = JSON.stringify(text);
    if (json.length > FAILURE_UNITS - 1) json = JSON.stringify({ ...text, name: 'Error', message: FAILED });
    if (Atomics.compareExchange(this.words, Word.failure, Failure.none, Failure.beingWritten) !== Failure.none)
      return false;
    this.#failure[0] = json.length;
    for (let i = 0; i < json.length; i++) this.#failure[1 + i] = json.charCodeAt(i);
    Atomics.store(this.words, Word.failure, Failure.written);
    this.notify();
    return true;
  }
}

const FAILED = 'the transport failed';

/** A property of an error, truncated; `undefined` if it is not a string or cannot be read. */
function textOf(error: Error, name: keyof FailureText, most: number): string | undefined {
  try {
    const value = (error as { readonly [Name in keyof FailureText]?: unknown })[name];
    return typeof value === 'string' ? value.slice(0, most) : undefined;
  } catch {
    return undefined;
  }
}

interface FailureText {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
}

/**
 * A ring buffer with one writer and one reader. Counters run modulo twice the size, so that full and empty differ;
 * bytes are written before the counter is stored and read after it is loaded, and Atomics preserve that order.
 */
class ByteRing {
  readonly #words: Int32Array;
  readonly #head: number;
  readonly #tail: number;
  readonly #shut: number;
  readonly #data: Uint8Array;

  constructor(words: Int32Array, word: number, data: Uint8Array) {
    this.#words = words;
    this.#head = word;
    this.#tail = word + 1;
    this.#shut = word + 2;
    this.#data = data;
  }

  get used(): number {
    const used = Atomics.load(this.#words, this.#tail) - Atomics.load(this.#words, this.#head);
    return used >= 0 ? used : used + 2 * this.#data.length;
  }

  get free(): number {
    return this.#data.length - this.used;
  }

  get shut(): boolean {
    return Atomics.load(this.#words, this.#shut) !== 0;
  }

  shutdown(): void {
    Atomics.store(this.#words, this.#shut, 1);
  }

  /** Copy in as much as fits; returns the count. */
  push(from: Uint8Array): number {
    const data = this.#data;
    const n = Math.min(from.length, this.free);
    const tail = Atomics.load(this.#words, this.#tail);
    const at = tail % data.length;
    const first = Math.min(n, data.length - at);
    data.set(from.subarray(0, first), at);
    if (first < n) data.set(from.subarray(first, n));
    Atomics.store(this.#words, this.#tail, (tail + n) % (2 * data.length));
    return n;
  }

  /** Copy out as much as fits; returns the count. */
  pull(into: Uint8Array): number {
    const data = this.#data;
    const n = Math.min(into.length, this.used);
    const head = Atomics.load(this.#words, this.#head);
    const at = head % data.length;
    const first = Math.min(n, data.length - at);
    into.set(data.subarray(at, at + first));
    if (first < n) into.set(data.subarray(0, n - first), first);
    Atomics.store(this.#words, this.#head, (head + n) % (2 * data.length));
    return n;
  }
}
