/** @module Destinations of plaintext: chunks for a stream's reader, or one buffer of the caller. */
import { bytesOf } from '@ferrule/result/arguments';
import { EMPTY } from '@ferrule/result/bytes';

/**
 * Maximum size of the slabs plaintext is read into, as much as the transport receives at once. Each is newly allocated
 * and owned by the reader. Many small ones cost more than few large ones.
 */
const SLAB_SIZE = 262_144;

/** Static buffer reading, as `net.connect({onread})`. */
export interface OnRead {
  /** A function is called for each read. */
  readonly buffer: Uint8Array | (() => Uint8Array);
  /** Only false pauses. */
  callback(count: number, buffer: Uint8Array): unknown;
}

export interface Plaintext {
  /** The reader wants more. */
  wanted: boolean;
  /** The stream wants more; ignored while paused. */
  want(): void;
  /** True on pause(), false on resume(). */
  hold(isHeld: boolean): void;
  /** @param there the most bytes that can arrive at once. */
  space(there: number): Uint8Array;
  filled(n: number): void;
  drained(): void;
}

/**
 * Turns a listener's exception into an uncaught one, as in node:tls; this connection and others continue without losing
 * a byte.
 */
export function guarded<T>(call: () => T, otherwise: T): T {
  try {
    return call();
  } catch (error) {
    throwLater(error);
    return otherwise;
  }
}

/** Throws an uncaught exception once the current call has returned. */
export function throwLater(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}

/**
 * The same memory as a Buffer, for bytes that only the reader may see: `Buffer.from(bytes)` would put a small copy into
 * the process-wide Buffer pool.
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
    // A Readable buffers by itself
  }

  space(there: number): Uint8Array {
    if (this.#slab.length === 0) {
      // No larger than needed: a small response does not cost a whole slab. Never pooled memory.
      this.#slab = Buffer.allocUnsafeSlow(Math.min(SLAB_SIZE, Math.max(1024, there)));
      this.#used = 0;
    }
    const slab = this.#slab;
    // Not subarray(), which is slow for a Buffer
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

/** One reused buffer of the caller. */
export class StaticBuffer implements Plaintext {
  wanted = false;
  readonly #onread: OnRead;
  /** The caller's buffer, also as bytes. */
  #buffer: Uint8Array | undefined;
  #memory: Uint8Array | undefined;
  #isHeld = false;

  constructor(onread: OnRead) {
    this.#onread = onread;
  }

  /** Not isPaused(): a stream with a `readable` listener is paused too, and still reads (node:net). */
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
      // As in node:net, only false pauses
      if (this.#onread.callback(n, this.#buffer ?? this.space()) === false) this.wanted = false;
    } catch (error) {
      throwLater(error);
    }
    if (typeof this.#onread.buffer === 'function') this.#memory = undefined;
  }

  drained(): void {
    // Each read was delivered already
  }
}
