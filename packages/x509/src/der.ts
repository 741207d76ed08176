/**
 * @module Strict DER (ITU-T X.690) over a view, without copies.
 *
 * Definite, minimal lengths; tag numbers below 31 where the tag is known; minimal integers; nothing after an element. A
 * few encodings that BER allows, and OpenSSL accepts, are accepted and noted ({@link DerReader.odd}). The grammars read
 * with this cursor do not recurse, so depth is bounded by the code; size is bounded by {@link MAX_CERTIFICATE_SIZE} and
 * its like.
 */
import { isBytes } from '@ferrule/result/arguments';
import { concat, toHex } from '@ferrule/result/bytes';
import * as Tag from './tag.ts';

/** Size limit of a certificate, bytes. */
export const MAX_CERTIFICATE_SIZE = 0x10_0000;

/** The only error of this package's parsers: malformed input. */
export class DerError extends Error {
  override readonly name: 'DerError' = 'DerError';
  /** The corresponding `CommonCode`. */
  readonly code: 'CERT_INVALID' = 'CERT_INVALID';
  /** Byte offset in the input; -1 if there is no single position. */
  readonly offset: number;

  constructor(message: string, offset = -1) {
    super(offset < 0 ? message : `${message} at byte ${offset}`);
    this.offset = offset;
  }
}

export interface DerElement {
  readonly tag: number;
  readonly contents: Uint8Array;
}

/** The consecutive elements in these bytes, as views. @throws DerError */
export function derElements(bytes: Uint8Array): DerElement[] {
  const reader = new DerReader(bytes);
  const found: DerElement[] = [];
  while (reader.more) {
    const tag = reader.peek();
    const end = reader.header(tag);
    found.push({ tag, contents: bytes.subarray(reader.position, end) });
    reader.position = end;
  }
  return found;
}

/** One element, in its own memory. */
export function derElement(tag: number, contents: Uint8Array): Uint8Array {
  const { length } = contents;
  const header =
    length < 0x80
      ? [length]
      : length < 0x100
        ? [0x81, length]
        : length < 0x1_0000
          ? [0x82, length >> 8, length & 255]
          : [0x83, length >> 16, (length >> 8) & 255, length & 255];
  return concat([Uint8Array.of(tag, ...header), contents]);
}

/** A cursor. `open` and `close` bracket a constructed element; `close` rejects unread bytes. */
/** `-----BEGIN `: PEM passed as DER. */
const DASH = 0x2d;
const IS_PEM = 'PEM, where DER is expected (decodePem() reads it),';

export class DerReader {
  readonly bytes: Uint8Array;
  position: number;
  end: number;
  /** The first encoding read that DER, or the grammar, does not allow, but BER readers accept. */
  odd: string | undefined = undefined;

  constructor(bytes: Uint8Array, position = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.position = position;
    this.end = end;
  }

  fail(what: string): never {
    throw new DerError(what, this.position);
  }

  get more(): boolean {
    return this.position < this.end;
  }

  /** Rejects unread bytes. */
  finish(): void {
    if (this.more) this.fail('DER: trailing bytes');
  }

  /** The tag of the next element, -1 at the end. */
  peek(): number {
    return this.position < this.end ? (this.bytes[this.position] as number) : -1;
  }

  /** Reads a header: moves to the first byte of the contents, and returns the position after them. */
  header(tag: number): number {
    const { bytes, position, end } = this;
    if (position + 2 > end || bytes[position] !== tag)
      this.fail(position === 0 && bytes[0] === DASH ? IS_PEM : `DER: tag 0x${tag.toString(16)} expected`);
    let length = bytes[position + 1] as number;
    let start = position + 2;
    if (length >= 0x80) {
      const count = length & 0x7f;
      if (count === 0 || count > 4 || start + count > end) this.fail('DER: bad length');
      length = 0;
      for (let i = 0; i < count; i++) length = length * 256 + (bytes[start + i] as number);
      if (length < 0x80 || length < 2 ** (8 * (count - 1))) this.fail('DER: length is not minimal');
      start += count;
    }
    if (length > end - start) this.fail('DER: element is longer than what holds it');
    this.position = start;
    return start + length;
  }

  /** Enters a constructed element; returns the argument for {@link close}. */
  open(tag: number): number {
    const outer = this.end;
    this.end = this.header(tag);
    return outer;
  }

  close(outer: number): void {
    this.finish();
    this.end = outer;
  }

  /** Skips one element with the tag, or any. */
  skip(tag: number = this.lowTag()): void {
    this.position = this.header(tag);
  }

  /** The contents of a primitive element. */
  contents(tag: number): Uint8Array {
    const stop = this.header(tag);
    const view = this.bytes.subarray(this.position, stop);
    this.position = stop;
    return view;
  }

  /** A whole element, header included. */
  element(tag: number = this.lowTag()): Uint8Array {
    const start = this.position;
    this.position = this.header(tag);
    return this.bytes.subarray(start, this.position);
  }

  boolean(): boolean {
    const stop = this.header(Tag.BOOLEAN);
    const value = this.bytes[this.position];
    if (stop !== this.position + 1) this.fail('DER: bad BOOLEAN');
    if (value !== 0 && value !== 255) this.odd ??= 'a BOOLEAN that is neither 0 nor 255';
    this.position = stop;
    return value !== 0;
  }

  /** The two's complement bytes of an INTEGER, at least one, minimal. */
  integer(tag: number = Tag.INTEGER): Uint8Array {
    const view = this.contents(tag);
    // Indexed, not destructured: an iterator would cost more than the rest
    const first = view[0];
    const second = view[1];
    if (first === undefined) this.fail('DER: empty INTEGER');
    if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80)))
      this.fail('DER: INTEGER is not minimal');
    return view;
  }

  /** An INTEGER; exact up to 2^53. */
  signedInteger(tag: number = Tag.INTEGER): number {
    const view = this.integer(tag);
    let value = (view[0] as number) >= 0x80 ? -1 : 0;
    for (let i = 0; i < view.length; i++) value = value * 256 + (view[i] as number);
    return value;
  }

  /** A non-negative INTEGER; values above 2^31-1 are clamped to that. */
  smallInteger(tag?: number): number {
    const value = this.signedInteger(tag);
    if (value < 0) this.fail('DER: INTEGER is out of range');
    return Math.min(value, 0x7fff_ffff);
  }

  /** The contents of a BIT STRING of whole bytes. */
  octetsOfBitString(): Uint8Array {
    const stop = this.header(Tag.BIT_STRING);
    if (this.bytes[this.position] !== 0 || this.position === stop) this.fail('DER: BIT STRING of whole bytes expected');
    const view = this.bytes.subarray(this.position + 1, stop);
    this.position = stop;
    return view;
  }

  /** An OBJECT IDENTIFIER in dotted decimals. */
  oid(): string {
    const start = this.skipOid();
    return dotted(this.bytes, start, this.position);
  }

  /** Skips a well-formed OBJECT IDENTIFIER; returns where its contents began. */
  skipOid(tag: number = Tag.OID): number {
    const stop = this.header(tag);
    const start = this.position;
    let ended = true;
    for (let i = start; i < stop; i++) {
      const byte = this.bytes[i] as number;
      if (ended && byte === 0x80) this.fail('DER: bad OBJECT IDENTIFIER');
      ended = byte < 0x80;
    }
    if (start === stop || !ended) this.fail('DER: bad OBJECT IDENTIFIER');
    this.position = stop;
    return start;
  }

  private lowTag(): number {
    const tag = this.peek();
    if (tag < 0) this.fail('DER: element expected');
    if ((tag & 0x1f) === 0x1f) this.fail('DER: a tag number below 31 expected');
    return tag;
  }
}

/** Reads the content of an explicit tag. */
export function explicit<T>(reader: DerReader, tag: number, read: (reader: DerReader) => T): T {
  const outer = reader.open(tag);
  const value = read(reader);
  reader.close(outer);
  return value;
}

/** Enters one element that is the whole input. */
export function readWhole(
  bytes: Uint8Array,
  tag: number = Tag.SEQUENCE,
  limit: number = MAX_CERTIFICATE_SIZE,
): DerReader {
  if (!isBytes(bytes)) throw new TypeError('DER: not a Uint8Array');
  if (bytes.length > limit) throw new DerError(`input of ${bytes.length} bytes is over the limit of ${limit}`);
  const reader = new DerReader(bytes);
  const end = reader.header(tag);
  if (end !== bytes.length) throw new DerError('DER: trailing bytes', end);
  return reader;
}

function dotted(bytes: Uint8Array, start: number, stop: number): string {
  let text = '';
  let arc = 0;
  let from = start;
  for (let i = start; i < stop; i++) {
    const byte = bytes[i] as number;
    arc = arc * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    const long = i - from > 6;
    if (text === '') {
      const root = Math.min(2, Math.floor(arc / 40));
      text = `${root}.${long ? longArc(bytes.subarray(from, i + 1), 80n) : arc - root * 40}`;
    } else text += `.${long ? longArc(bytes.subarray(from, i + 1)) : arc}`;
    arc = 0;
    from = i + 1;
  }
  return text;
}

/**
 * An arc of more than 49 bits, less `offset`. UUIDs have 128 (ITU-T X.667); longer ones are written as octets, since
 * conversion to decimal is quadratic.
 */
const longArc = (octets: Uint8Array, offset = 0n): string =>
  octets.length > 64
    ? `#${toHex(octets)}`
    : String(octets.reduce((arc, octet) => arc * 128n + BigInt(octet & 0x7f), 0n) - offset);
