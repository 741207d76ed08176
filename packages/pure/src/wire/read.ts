/** @module A bounds-checked reader of the presentation language (RFC 9846 section 3). */
import type { CommonCode } from '@ferrule/result';
import { fail } from '../reason.ts';

/**
 * Reads one structure from front to back. What it returns are views of the bytes it was given, never copies. Whatever
 * does not fit throws one TlsError of the code it was made with, and nothing else.
 */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #code: CommonCode;
  readonly #what: string;
  #at = 0;

  /** @param what names the structure in the error message: `ServerHello`, `key_share`. */
  constructor(bytes: Uint8Array, what: string, code: CommonCode = 'DECODE_ERROR') {
    this.#bytes = bytes;
    this.#what = what;
    this.#code = code;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#bytes[this.#take(1)] ?? 0;
  }

  u16(): number {
    return (this.u8() << 8) | this.u8();
  }

  u24(): number {
    return (this.u16() << 8) | this.u8();
  }

  u32(): number {
    return this.u16() * 0x10000 + this.u16();
  }

  /** A view of the next `length` bytes. */
  bytes(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** Everything that is left. */
  rest(): Uint8Array {
    return this.bytes(this.remaining);
  }

  /** `opaque value<minimum..2^8-1>` */
  vector8(minimum = 0): Uint8Array {
    return this.#vector(this.u8(), minimum);
  }

  /** `opaque value<minimum..2^16-1>` */
  vector16(minimum = 0): Uint8Array {
    return this.#vector(this.u16(), minimum);
  }

  /** `opaque value<minimum..2^24-1>` */
  vector24(minimum = 0): Uint8Array {
    return this.#vector(this.u24(), minimum);
  }

  /** A reader of the same error code over a part of this structure. */
  inner(bytes: Uint8Array): Reader {
    return new Reader(bytes, this.#what, this.#code);
  }

  /** `uint8 values<minimum..>`, given as the bytes of the vector. */
  u8List(vector: Uint8Array): number[] {
    return Array.from(vector);
  }

  /** `uint16 values<2..>`, given as the bytes of the vector: an odd length is refused. */
  u16List(vector: Uint8Array): number[] {
    const list: number[] = [];
    for (const reader = this.inner(vector); reader.remaining > 0;) list.push(reader.u16());
    return list;
  }

  /** `T values<..>`, given as the bytes of the vector; `read` must consume at least one byte each time. */
  list<T>(vector: Uint8Array, read: (reader: Reader) => T): T[] {
    const list: T[] = [];
    for (const reader = this.inner(vector); reader.remaining > 0;) list.push(read(reader));
    return list;
  }

  /** Nothing may follow. */
  end(): void {
    if (this.remaining > 0) this.refuse(`${this.remaining} bytes follow its end`);
  }

  /** Refuse what was read, with the code of this reader. */
  refuse(why: string): never {
    throw fail(this.#code, `${this.#what}: ${why}`);
  }

  #vector(length: number, minimum: number): Uint8Array {
    if (length < minimum) this.refuse(`a vector of ${length} bytes where at least ${minimum} are needed`);
    return this.bytes(length);
  }

  #take(length: number): number {
    const at = this.#at;
    if (length > this.#bytes.length - at) this.refuse('it ends too early');
    this.#at = at + length;
    return at;
  }
}
