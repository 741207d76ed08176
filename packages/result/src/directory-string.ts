/**
 * @module @ferrule/result/directory-string: text in X.501 names and its comparison (RFC 5280 section 7.1). All engines
 * share it: with different case folding they would exclude different names.
 */
import { latin1 } from './bytes.ts';

/**
 * A key by which texts compare equal, whatever their string types: {@link foldText} of {@link decodeText}. `undefined`
 * if the text cannot be compared.
 */
export function comparableText(tag: number, bytes: Uint8Array): string | undefined {
  const text = decodeText(tag, bytes);
  return text === undefined ? undefined : foldText(text);
}

/**
 * RFC 4518 sections 2.2 to 2.6.1. Case is folded letter by letter as in RFC 3454 table B.2: ß becomes ss, and sigma
 * folds the same in any position; the exception is the dotless i, which B.2 leaves unchanged. `undefined` for more
 * combining marks in a row than any language uses (Unicode annex 15 section 13): sorting them takes quadratic time.
 */
export function foldText(text: string): string | undefined {
  if (/^[ -~]*$/.test(text)) return text.toLowerCase().trim().replace(/ +/g, ' ');
  const mapped = text
    .replace(/[\t-\r\x85\p{Z}]+/gu, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Variation_Selector}\u1806\ufffc]|\u034f/gu, '');
  // The halfwidth voiced marks are letters that normalise to marks.
  if (/[\p{M}\uff9e\uff9f]{31}/u.test(mapped)) return undefined;
  return mapped
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\0-\x7f\u0131]/gu, (letter) => letter.toUpperCase().toLowerCase())
    .normalize('NFKC')
    .trim()
    .replace(/ +/g, ' ');
}

interface Utf8Decoder {
  decode(bytes: Uint8Array): string;
}
const { TextDecoder } = globalThis as unknown as {
  TextDecoder: new (label: string, options: { fatal: boolean; ignoreBOM: boolean }) => Utf8Decoder;
};
let utf8: Utf8Decoder | undefined;

/** The text of an ASN.1 string; `undefined` if the bytes are invalid for the type, or the type is not supported. */
export function decodeText(tag: number, bytes: Uint8Array): string | undefined {
  switch (tag) {
    case 0x0c: // UTF8String
      try {
        return (utf8 ??= new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })).decode(bytes);
      } catch {
        return undefined;
      }
    case 0x12: // NumericString
    case 0x13: // PrintableString
    case 0x16: // IA5String
    case 0x1a: // VisibleString
      return ascii(bytes);
    case 0x14: // TeletexString, read as Latin-1, as everyone does
      return latin1(bytes);
    case 0x1e: // BMPString
      return wide(bytes, 2);
    case 0x1c: // UniversalString
      return wide(bytes, 4);
    default:
      return undefined;
  }
}

/** `undefined` if a byte exceeds 127. */
export function ascii(bytes: Uint8Array): string | undefined {
  for (let i = 0; i < bytes.length; i++) if ((bytes[i] as number) > 127) return undefined;
  return latin1(bytes);
}

/** UCS-2 or UCS-4, big-endian. */
function wide(bytes: Uint8Array, size: 2 | 4): string | undefined {
  if (bytes.length % size) return undefined;
  let text = '';
  for (let i = 0; i < bytes.length; i += size) {
    let code = 0;
    for (let j = 0; j < size; j++) code = code * 256 + (bytes[i + j] as number);
    if (code > 0x10_ffff) return undefined;
    text += String.fromCodePoint(code);
  }
  return text;
}
