/**
 * @module @ferrule/result/pem: PEM (RFC 7468). Strict about base64 and boundaries, lenient about text between blocks.
 */
import { bytesOf, refuseOption } from './arguments.ts';
import { latin1 } from './bytes.ts';

export interface PemBlock {
  /** `CERTIFICATE`, `X509 CRL`, `PKCS7`, … */
  readonly label: string;
  readonly der: Uint8Array;
}

/** PEM text, which may be given as bytes. @throws TypeError that begins with the option's name */
export function pemText(source: string | Uint8Array, option: string): string {
  if (typeof source === 'string') return source;
  const bytes = bytesOf(source) ?? refuseOption(source, option, 'PEM, as text or bytes');
  return latin1(bytes);
}

/**
 * The blocks of a PEM text in order; text outside blocks is ignored.
 * @param malformed - makes the error that is thrown for an unfinished block or bad base64
 * @param wanted - the labels to read; other blocks are not parsed, such as encrypted keys in OpenSSL's legacy format
 */
export function readPem(
  text: string,
  malformed: (message: string) => Error,
  wanted: (label: string) => boolean = () => true,
): PemBlock[] {
  const blocks: PemBlock[] = [];
  let open: { readonly label: string; readonly bodyAt: number } | undefined;
  for (const { 0: line, 1: edge, 2: label = '', index } of text.matchAll(BOUNDARY)) {
    if (edge === 'BEGIN' && open === undefined) open = { label, bodyAt: index + line.length };
    else if (edge === 'END' && open?.label === label) {
      const { bodyAt } = open;
      open = undefined;
      if (!wanted(label)) continue;
      const der = decodeBase64(text.slice(bodyAt, index).replace(/[ \t\r\n]+/g, ''));
      if (der === undefined) throw malformed('PEM: bad base64');
      blocks.push({ label, der });
    } else throw malformed(`PEM: unexpected ${line}`);
  }
  if (open !== undefined) throw malformed(`PEM: the ${open.label} block has no end`);
  return blocks;
}

/** Whether OpenSSL accepts a block with this label as a certificate. */
export const isCertificateLabel = (label: string): boolean => /^(X509 |TRUSTED )?CERTIFICATE$/.test(label);

/** One block, in lines of 64 characters, with a final newline. */
export const encodePem = (label: string, der: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${encodeBase64(der).replace(/.{64}(?=.)/g, '$&\n')}\n-----END ${label}-----\n`;

const BOUNDARY = /^-----(BEGIN|END) ([!-,.-~]+(?:[ -][!-,.-~]+)*)-----[ \t]*$/gm;

/** RFC 4648 section 4: padded, with no bits after the last byte. `undefined` for anything else. */
export function decodeBase64(text: string): Uint8Array | undefined {
  // Node's decoder is the fastest where available, but skips characters that are not base64.
  const { Buffer } = globalThis as { readonly Buffer?: BufferOfNode };
  const bytes = Buffer?.from(text, 'base64');
  if (bytes !== undefined) return bytes.toString('base64') === text ? new Uint8Array(bytes) : undefined;
  return decode(text);
}

interface BufferOfNode {
  readonly from: (text: string, encoding: 'base64') => Uint8Array & { toString(encoding: 'base64'): string };
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
let values: Uint8Array | undefined;

/** By character code; 255 if not a digit. Built on first use, so that importing the package has no side effects. */
function digitValues(): Uint8Array {
  if (!values) {
    values = new Uint8Array(128).fill(255);
    for (let i = 0; i < 64; i++) values[ALPHABET.charCodeAt(i)] = i;
  }
  return values;
}

function decode(text: string): Uint8Array | undefined {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const digits = text.length - padding;
  if (text.length % 4) return undefined;
  const bytes = new Uint8Array((digits * 3) >> 2);
  const table = digitValues();
  let bits = 0;
  let size = 0;
  let at = 0;
  for (let i = 0; i < digits; i++) {
    const value = table[text.charCodeAt(i)] ?? 255;
    if (value === 255) return undefined;
    bits = (bits << 6) | value;
    size += 6;
    if (size >= 8) {
      size -= 8;
      bytes[at++] = bits >> size;
      bits &= (1 << size) - 1;
    }
  }
  return bits === 0 ? bytes : undefined;
}

function encodeBase64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const [a, b = 0, c = 0] = bytes.subarray(i, i + 3) as unknown as [number, number?, number?];
    const word = (a << 16) | (b << 8) | c;
    for (let shift = 18; shift >= 0; shift -= 6) text += ALPHABET[(word >> shift) & 63] as string;
  }
  const extra = bytes.length % 3;
  return extra === 0 ? text : text.slice(0, extra - 3) + '='.repeat(3 - extra);
}
