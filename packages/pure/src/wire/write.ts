/**
 * @module A growing writer of the presentation language (RFC 9846 section 3), with length prefixes filled in
 * afterwards.
 */
import { fail } from '../reason.ts';

export class Writer {
  #bytes: Uint8Array;
  #length = 0;

  /** @param room bytes to begin with; it doubles as needed. */
  constructor(room = 256) {
    this.#bytes = new Uint8Array(room);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    const at = this.#grow(1);
    this.#bytes[at] = value;
    return this;
  }

  u16(value: number): this {
    return this.u8(value >>> 8).u8(value);
  }

  u24(value: number): this {
    return this.u8(value >>> 16).u16(value);
  }

  u32(value: number): this {
    return this.u16(value >>> 16).u16(value);
  }

  bytes(value: Uint8Array): this {
    const at = this.#grow(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  /** `opaque value<..2^8-1>` */
  vector8(value: Uint8Array | ((writer: this) => void)): this {
    return this.#vector(1, value);
  }

  /** `opaque value<..2^16-1>`, or whatever `value` writes, behind its length. */
  vector16(value: Uint8Array | ((writer: this) => void)): this {
    return this.#vector(2, value);
  }

  /** `opaque value<..2^24-1>` */
  vector24(value: Uint8Array | ((writer: this) => void)): this {
    return this.#vector(3, value);
  }

  /** `uint16 values<..2^16-1>` */
  u16List(values: readonly number[]): this {
    return this.vector16(() => values.forEach((value) => this.u16(value)));
  }

  /** `uint8 values<..2^8-1>` */
  u8List(values: readonly number[]): this {
    return this.vector8(() => values.forEach((value) => this.u8(value)));
  }

  /** What was written, in memory of its own. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** Overwrites what was written here, for contents that are secret; {@link finish} gives its own copy. */
  wipe(): void {
    this.#bytes.fill(0);
  }

  /**
   * @throws TlsError INTERNAL_ERROR when the content is longer than its prefix can say: our own inputs are too large.
   */
  #vector(width: 1 | 2 | 3, value: Uint8Array | ((writer: this) => void)): this {
    const at = this.#grow(width);
    if (typeof value === 'function') value(this);
    else this.bytes(value);
    let length = this.#length - at - width;
    if (length >= 2 ** (8 * width))
      throw fail('INTERNAL_ERROR', `a vector of ${length} bytes does not fit its length prefix`);
    for (let i = at + width - 1; i >= at; i--, length >>>= 8) this.#bytes[i] = length;
    return this;
  }

  #grow(by: number): number {
    const at = this.#length;
    const needed = at + by;
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes.fill(0);
      this.#bytes = larger;
    }
    this.#length = needed;
    return at;
  }
}
