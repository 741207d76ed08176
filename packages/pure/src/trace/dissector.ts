/**
 * @module The presentation language (RFC 9846 section 3) read for people: each read leaves a field with its name and
 * its place.
 */
import type { CommonCode } from '@ferrule/result';
import { EMPTY, toHex } from '@ferrule/result/bytes';
import { Reader } from '../wire/read.ts';

/** A named part of a message. The leaves of a message's fields cover each of its bytes once, in order. */
export interface Field {
  /** As the RFC writes it: `legacy_session_id`. */
  readonly name: string;
  /** From the first byte of the message. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
  /** For people; absent where the fields inside say it all. */
  readonly value?: string;
  /** The length prefix of what contains it. */
  readonly prefix?: true;
  readonly fields?: readonly Field[];
}

/** A number for people. */
export type Describe = (value: number) => string;

/** A {@link Reader} that remembers. */
export class Dissector {
  readonly fields: Field[] = [];
  readonly #bytes: Uint8Array;
  readonly #reader: Reader;
  readonly #base: number;

  /** @param base where `bytes` begin in the message. */
  constructor(bytes: Uint8Array, what: string, base = 0, code: CommonCode = 'DECODE_ERROR') {
    this.#bytes = bytes;
    this.#reader = new Reader(bytes, what, code);
    this.#base = base;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#reader.remaining;
  }

  get #at(): number {
    return this.#base + this.#bytes.length - this.#reader.remaining;
  }

  number(name: string, width: 1 | 2 | 3 | 4, describe: Describe = String): number {
    const offset = this.#at;
    const value = this.#reader[NUMBERS[width]]();
    this.fields.push({ name, offset, length: width, value: describe(value) });
    return value;
  }

  opaque(name: string, length: number, describe: (bytes: Uint8Array) => string = hexText): Uint8Array {
    const offset = this.#at;
    const bytes = this.#reader.bytes(length);
    if (length > 0) this.fields.push({ name, offset, length, value: describe(bytes) });
    return bytes;
  }

  rest(name: string, describe?: (bytes: Uint8Array) => string): Uint8Array {
    return this.opaque(name, this.remaining, describe);
  }

  /** `name<..2^(8·width)-1>`. What `inside` returns becomes the value of the whole. */
  vector(name: string, width: 1 | 2 | 3, inside: (dissector: Dissector) => string | undefined): void {
    const offset = this.#at;
    const length = this.#reader[NUMBERS[width]]();
    const prefix: Field = { name: `length of ${name}`, offset, length: width, value: String(length), prefix: true };
    if (length > this.remaining) this.fields.push(prefix);
    this.#part(name, offset, length, [prefix], inside);
  }

  /** `opaque name<..>` as one value. */
  opaqueVector(name: string, width: 1 | 2 | 3, describe: (bytes: Uint8Array) => string = hexText): Uint8Array {
    let bytes: Uint8Array = EMPTY;
    this.vector(name, width, (inside) => {
      let value: string | undefined;
      bytes = inside.rest(name, (content) => (value = describe(content)));
      return value ?? describe(bytes);
    });
    return bytes;
  }

  /** A vector of numbers; returns them in one line. */
  numbers(name: string, prefix: 1 | 2, width: 1 | 2, describe: Describe): string {
    const values: string[] = [];
    this.vector(name, prefix, (inside) => {
      while (inside.remaining > 0)
        inside.number(singular(name), width, (value) => (values[values.length] = describe(value)));
      return values.join(', ');
    });
    return values.join(', ');
  }

  /** A structure of so many bytes without a prefix of its own. */
  struct(name: string, length: number, inside: (dissector: Dissector) => string | undefined): void {
    this.#part(name, this.#at, length, [], inside);
  }

  /** The same, its fields among those of this one. */
  inline(length: number, inside: (dissector: Dissector) => void): void {
    const at = this.#at;
    const part = new Dissector(this.#reader.bytes(length), 'message', at);
    try {
      inside(part);
    } finally {
      part.leftover();
      for (const field of part.fields) this.fields.push(field);
    }
  }

  /** The number of two bytes that stands so many bytes ahead, 0 where there is none. */
  peek(ahead: number): number {
    const at = this.#bytes.length - this.remaining + ahead;
    return ((this.#bytes[at] ?? 0) << 8) | (this.#bytes[at + 1] ?? 0);
  }

  /** What was not read, as it is; the last thing to call. */
  leftover(): void {
    // A number that ends too early was read in part
    const last = this.fields.at(-1);
    const offset = last === undefined ? this.#base : last.offset + last.length;
    const bytes = this.#bytes.subarray(offset - this.#base);
    if (bytes.length > 0)
      this.fields.push({ name: 'not decoded', offset, length: bytes.length, value: hexText(bytes) });
  }

  #part(
    name: string,
    offset: number,
    length: number,
    before: readonly Field[],
    inside: (dissector: Dissector) => string | undefined,
  ): void {
    const at = this.#at;
    const part = new Dissector(this.#reader.bytes(length), name, at);
    let value: string | undefined;
    try {
      value = inside(part);
    } finally {
      part.leftover();
      this.fields.push({
        name,
        offset,
        length: at + length - offset,
        ...(value !== undefined && { value }),
        fields: [...before, ...part.fields],
      });
    }
  }
}

const NUMBERS = { 1: 'u8', 2: 'u16', 3: 'u24', 4: 'u32' } as const;

/** `cipher_suites` and `named_group_list` hold a `cipher_suite` and a `named_group` each. */
const singular = (name: string): string => name.replace(/_list$|s$/, '');

/** All of it up to 32 bytes; of more the beginning, and how many there are. */
export function hexText(bytes: Uint8Array): string {
  if (bytes.length === 0) return '(empty)';
  const shown = toHex(bytes.subarray(0, 32));
  return bytes.length > 32 ? `${shown}… (${bytes.length} bytes)` : shown;
}

/** ASCII that is safe to print, else hexadecimal. */
export const asciiText = (bytes: Uint8Array): string =>
  bytes.length > 0 && bytes.length <= 255 && bytes.every((byte) => byte >= 0x20 && byte < 0x7f)
    ? String.fromCharCode(...bytes)
    : hexText(bytes);
