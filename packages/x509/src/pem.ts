/** @module PEM (RFC 7468): strict about base64 and boundaries, lax about what stands between blocks. */
import { DerError } from './der.ts';

export interface PemBlock {
  /** `CERTIFICATE`, `X509 CRL`, `PKCS7`, … */
  readonly label: string;
  readonly der: Uint8Array;
}

const BOUNDARY = /^-----(BEGIN|END) ([!-,.-~]+(?:[ -][!-,.-~]+)*)-----[ \t]*$/;

/**
 * Every block of a PEM text in its order, or those with the label only; text outside of blocks is a comment.
 * @throws DerError for an unfinished block or bad base64.
 */
export function decodePem(text: string, label?: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let open: string | undefined;
  let body = '';
  for (const line of text.split(/\r\n|\n|\r/)) {
    const [, edge, name] = BOUNDARY.exec(line) ?? [];
    if (edge === 'BEGIN' && open === undefined) {
      open = name;
      body = '';
    } else if (edge === 'END' && open !== undefined && open === name) {
      if (label === undefined || label === name) blocks.push({ label: name, der: decodeBase64(body) });
      open = undefined;
    } else if (edge !== undefined) throw new DerError(`PEM: unexpected ${line}`);
    else if (open !== undefined) body += line.replace(/[ \t]/g, '');
  }
  if (open !== undefined) throw new DerError(`PEM: no END ${open}`);
  return blocks;
}

/** One block, lines of 64 characters, a newline at the end. */
export const encodePem = (label: string, der: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${encodeBase64(der).replace(/.{64}(?=.)/g, '$&\n')}\n-----END ${label}-----\n`;

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
let values: Uint8Array | undefined;

/** By character code; 255 for what is no digit. Made on first use, so that importing the package does nothing. */
function digitValues(): Uint8Array {
  if (!values) {
    values = new Uint8Array(128).fill(255);
    for (let i = 0; i < 64; i++) values[ALPHABET.charCodeAt(i)] = i;
  }
  return values;
}

/** RFC 4648 section 4, padded. @throws DerError */
function decodeBase64(text: string): Uint8Array {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const digits = text.length - padding;
  if (text.length % 4) throw new DerError('PEM: base64 has a bad length');
  const bytes = new Uint8Array((digits * 3) >> 2);
  const table = digitValues();
  let bits = 0;
  let size = 0;
  let at = 0;
  for (let i = 0; i < digits; i++) {
    const value = table[text.charCodeAt(i)] ?? 255;
    if (value === 255) throw new DerError('PEM: bad base64');
    bits = (bits << 6) | value;
    size += 6;
    if (size >= 8) {
      size -= 8;
      bytes[at++] = bits >> size;
      bits &= (1 << size) - 1;
    }
  }
  if (bits !== 0) throw new DerError('PEM: bad base64');
  return bytes;
}

export function encodeBase64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const [a, b = 0, c = 0] = bytes.subarray(i, i + 3) as unknown as [number, number?, number?];
    const word = (a << 16) | (b << 8) | c;
    for (let shift = 18; shift >= 0; shift -= 6) text += ALPHABET[(word >> shift) & 63] as string;
  }
  const extra = bytes.length % 3;
  return extra === 0 ? text : text.slice(0, extra - 3) + '='.repeat(3 - extra);
}
