/**
 * @module @ferrule/result/bytes: byte operations shared by all packages. Nothing here retains or modifies its
 * arguments.
 */

/** No bytes; shared, since it cannot be written to. */
export const EMPTY: Uint8Array = new Uint8Array(0);

/** Whether both hold the same bytes. Not constant-time: only for public data. */
export function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  const { length } = a;
  if (length !== b.length) return false;
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** As {@link bytesEqual}, but in time that depends only on the lengths: for MACs, `verify_data` and secrets. */
export function secretsEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number);
  return difference === 0;
}

/** The parts concatenated, in new memory. */
export const concat = (parts: readonly Uint8Array[]): Uint8Array =>
  concatInto(new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0)), parts);

/** Copies the parts to the beginning of `whole`, and returns it. @throws RangeError if they do not fit. */
export function concatInto(whole: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Lower-case hexadecimal digits, two for each byte, with `separator` between the bytes. */
export function toHex(bytes: Uint8Array, separator: string = ''): string {
  let text = '';
  for (const byte of bytes) text += (text && separator) + (byte < 16 ? '0' : '') + byte.toString(16);
  return text;
}

/** The bytes of hexadecimal digits, two for each. For constants and validated text: it checks nothing. */
export const fromHex = (text: string): Uint8Array =>
  Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));

/** ASCII for display: other bytes as `\\x0a`, so that none controls a terminal. */
export const printable = (bytes: Uint8Array): string =>
  latin1(bytes).replace(/[^ -~]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** Text for display: control and format characters as in RFC 4514 section 2.4, their UTF-8 octets in hexadecimal. */
export const withoutControls = (text: string): string =>
  text.replace(/\p{Cc}|\p{Cf}/gu, (c) => encodeURIComponent(c).replaceAll('%', '\\'));

/** A code point as registries write it: `0x1301`. */
export const hex16 = (code: number): string => `0x${code.toString(16).padStart(4, '0')}`;

/** Each byte as the character of the same code, so that lengths agree; TextDecoder's `latin1` is windows-1252. */
export function latin1(bytes: Uint8Array): string {
  let text = '';
  // The number of arguments of a call is limited.
  for (let i = 0; i < bytes.length; i += 4096)
    text += String.fromCharCode.apply(null, bytes.subarray(i, i + 4096) as unknown as number[]);
  return text;
}
