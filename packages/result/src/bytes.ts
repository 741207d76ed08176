/** @module @ferrule/result/bytes: what every package does with bytes. Nothing here keeps or changes its arguments. */

/** No bytes; shared, since nobody can write into it. */
export const EMPTY: Uint8Array = new Uint8Array(0);

/** Whether both hold the same bytes. Not in constant time: for what an attacker may know. */
export function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  const { length } = a;
  if (length !== b.length) return false;
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** As {@link bytesEqual}, in a time that depends on the lengths alone: for MACs, `verify_data` and secrets. */
export function secretsEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number);
  return difference === 0;
}

/** The parts one after the other, in memory of their own. */
export const concat = (parts: readonly Uint8Array[]): Uint8Array =>
  concatInto(new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0)), parts);

/** Fills `whole` with the parts from its beginning, and returns it. @throws RangeError when they are longer. */
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

/** The bytes of hexadecimal digits, two for each. For constants and text that was checked: it checks nothing. */
export const fromHex = (text: string): Uint8Array =>
  Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));

/** ASCII for people: other bytes as `\\x0a`, so that none moves the cursor of a terminal. */
export const printable = (bytes: Uint8Array): string =>
  latin1(bytes).replace(/[^ -~]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** Text for people: control and format characters as RFC 4514 section 2.4 writes them, the octets of UTF-8 in hexadecimals. */
export const withoutControls = (text: string): string =>
  text.replace(/\p{Cc}|\p{Cf}/gu, (c) => encodeURIComponent(c).replaceAll('%', '\\'));

/** A code point of a registry as it is written: `0x1301`. */
export const hex16 = (code: number): string => `0x${code.toString(16).padStart(4, '0')}`;

/** Each byte as the character of the same number, so that lengths agree; TextDecoder's `latin1` is windows-1252. */
export function latin1(bytes: Uint8Array): string {
  let text = '';
  // A call takes only so many arguments.
  for (let i = 0; i < bytes.length; i += 4096)
    text += String.fromCharCode.apply(null, bytes.subarray(i, i + 4096) as unknown as number[]);
  return text;
}
