/** @module Where plaintext goes: into chunks for a stream's reader, or into one buffer of the caller's. */
import { bytesOf } from '@ferrule/result/arguments';
import { EMPTY } from '@ferrule/result/bytes';

/**
 * Plaintext is read into slabs of at most this size, as much as the transport receives at once. Each is new: its bytes
 * are the reader's. Many small ones cost more than few large ones.
 */
const SLAB_SIZE = 262_144;

/** Static buffer reading, as `net.connect({onread})`. */
export interface OnRead {
  /** A function is asked for each read. */
  readonly buffer: Uint8Array | (() => Uint8Array);
  /** False pauses, nothing else does. */
  callback(count: number, buffer: Uint8Array): unknown;
}

export interface Plaintext {
  /** The reader wants more. */
  wanted: boolean;
  /** The stream asks for more, which counts unless it was told to pause. */
  want(): void;
  /** pause(), true, and resume(). */
  hold(isHeld: boolean): void;
  /** @param there at most so many bytes can come at once. */
  space(there: number): Uint8Array;
  filled(n: number): void;
  drained(): void;
}

/**
 * What a listener throws is its own affair: an uncaught exception, as with node:tls, after which this connection and
 * others go on with not a byte lost.
 */
export function guarded<T>(call: () => T, otherwise: T): T {
  try {
    return call();
  } catch (error) {
    throwLater(error);
    return otherwise;
  }
}

/** An uncaught exception, when what is under way has returned. */
export function throwLater(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}

/**
 * The same memory as a Buffer, for bytes that are the reader's alone: `Buffer.from(bytes)` would put a small copy into
 * the pool that all small Buffers of a process share.
 */
export const asBuffer = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

/** Chunks, pushed to a Readable. */
export class Chunks implements Plaintext {
  wanted = false;
  readonly #push: (chunk: Uint8Array) => boolean;
  #slab: Uint8Array = EMPTY;
  #used = 0;

  constructor(push: (chunk: Uint8Array) => boolean) {
    this.#push = push;
  }

  want(): void {
    this.wanted = true;
  }

  hold(): void {
    // A Readable keeps what it does not give
  }

  space(there: number): Uint8Array {
    if (this.#slab.length === 0) {
      // Not more than what can be there: a small answer does not cost a whole slab. Nothing else is in its memory.
      this.#slab = Buffer.allocUnsafeSlow(Math.min(SLAB_SIZE, Math.max(1024, there)));
      this.#used = 0;
    }
    const slab = this.#slab;
    // Not subarray(), which for a Buffer is several functions of Node's
    return this.#used === 0
      ? slab
      : new Uint8Array(slab.buffer, slab.byteOffset + this.#used, slab.length - this.#used);
  }

  filled(n: number): void {
    this.#used += n;
    if (this.#used === this.#slab.length) this.drained();
  }

  drained(): void {
    if (this.#used === 0) return;
    const full = this.#slab.subarray(0, this.#used);
    this.#slab = EMPTY;
    this.#used = 0;
    try {
      if (!this.#push(full)) this.wanted = false;
    } catch (error) {
      throwLater(error);
    }
  }
}

/** One buffer of the caller's, used again and again. */
export class StaticBuffer implements Plaintext {
  wanted = false;
  readonly #onread: OnRead;
  /** The caller's, and the same as bytes. */
  #buffer: Uint8Array | undefined;
  #memory: Uint8Array | undefined;
  #isHeld = false;

  constructor(onread: OnRead) {
    this.#onread = onread;
  }

  /** Not isPaused(): a stream with a listener for `readable` is paused, too, and reads (node:net). */
  want(): void {
    this.wanted = !this.#isHeld;
  }

  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    if (isHeld) this.wanted = false;
  }

  space(): Uint8Array {
    if (this.#memory === undefined) {
      const { buffer } = this.#onread;
      this.#buffer = typeof buffer === 'function' ? buffer() : buffer;
      this.#memory = bytesOf(this.#buffer) ?? this.#buffer;
    }
    return this.#memory;
  }

  filled(n: number): void {
    try {
      // As node:net, where nothing but false pauses
      if (this.#onread.callback(n, this.#buffer ?? this.space()) === false) this.wanted = false;
    } catch (error) {
      throwLater(error);
    }
    if (typeof this.#onread.buffer === 'function') this.#memory = undefined;
  }

  drained(): void {
    // Each read was handed on
  }
}
