/** @module X.501 names: structure, comparison (RFC 5280 section 7.1), RFC 4514 text. */
import { bytesEqual, latin1, toHex } from '@ferrule/result/bytes';
import { type DerReader, readWhole } from './der.ts';
import * as Tag from './tag.ts';

/** One `AttributeTypeAndValue`. */
export interface NameAttribute {
  /** Dotted OID. */
  readonly type: string;
  /** The string type's tag. */
  readonly tag: number;
  /** Undecoded contents. */
  readonly raw: Uint8Array;
  /** `undefined` for what is no string, or not one of its type. */
  readonly text: string | undefined;
}

/** Checks the structure of the `Name` at the cursor and gives the whole element. */
export function readName(reader: DerReader): Uint8Array {
  const start = reader.position;
  const outer = reader.open(Tag.SEQUENCE);
  while (reader.more) {
    const rdn = reader.open(Tag.SET);
    if (!reader.more) reader.odd ??= 'a RelativeDistinguishedName that is empty';
    while (reader.more) {
      const pair = reader.open(Tag.SEQUENCE);
      reader.skipOid();
      reader.skip();
      reader.close(pair);
    }
    reader.close(rdn);
  }
  reader.close(outer);
  return reader.bytes.subarray(start, reader.position);
}

/** The RDNs of a DER `Name`, in its order, those that are empty left out, as OpenSSL does. @throws DerError */
export function nameAttributes(name: Uint8Array): NameAttribute[][] {
  const reader = readWhole(name);
  const rdns: NameAttribute[][] = [];
  while (reader.more) {
    const rdn: NameAttribute[] = [];
    const set = reader.open(Tag.SET);
    while (reader.more) {
      const pair = reader.open(Tag.SEQUENCE);
      const type = reader.oid();
      const tag = reader.peek();
      const raw = reader.contents(tag);
      rdn.push({ type, tag, raw, text: decodeText(tag, raw) });
      reader.close(pair);
    }
    reader.close(set);
    if (rdn.length > 0) rdns.push(rdn);
  }
  return rdns;
}

/** Nothing but RDNs that are empty, if any: SETs of length 0. */
export function isEmptyName(name: Uint8Array): boolean {
  for (let i = 3; i < name.length; i += 2) if (name[i] !== 0) return false;
  return true;
}

/**
 * RFC 5280 section 7.1: equal as strings whatever their type and case, prepared as RFC 4518 has it, the members of a
 * multi-valued RDN in any order. One text per RDN; equal names have equal texts.
 */
export const canonicalRdns = (name: Uint8Array): string[] =>
  nameAttributes(name).map((rdn) =>
    rdn
      .map(({ type, tag, raw, text }) => {
        const folded = text === undefined ? undefined : fold(text);
        return `${type}=${folded ?? `#${tag}:${toHex(raw)}`}`;
      })
      .sort()
      .join('+'),
  );

/**
 * RFC 4518 sections 2.2 to 2.6.1. Case is folded letter by letter as RFC 3454 table B.2 does: ß is ss, and a sigma the
 * same wherever it stands; but for the dotless i, to which B.2 does nothing. `undefined` for more marks in a row than
 * any language has (Unicode annex 15 section 13): putting them in order would take the square of their number.
 */
function fold(text: string): string | undefined {
  const mapped = text
    .replace(/[\t-\r\x85\p{Z}]+/gu, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Variation_Selector}\u1806\ufffc]|\u034f/gu, '');
  // The halfwidth voiced marks are letters that become marks.
  if (/[\p{M}\uff9e\uff9f]{31}/u.test(mapped)) return undefined;
  return mapped
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\0-\x7f\u0131]/gu, (letter) => letter.toUpperCase().toLowerCase())
    .normalize('NFKC')
    .trim()
    .replace(/ +/g, ' ')
    .replace(/[\\+=#]/g, '\\$&');
}

const canonical = new WeakMap<Uint8Array, string>();

/** {@link canonicalRdns} in one text, kept for as long as the view lives. */
export function canonicalName(name: Uint8Array): string {
  let text = canonical.get(name);
  if (text === undefined) canonical.set(name, (text = canonicalRdns(name).join('\0')));
  return text;
}

export const sameName = (a: Uint8Array, b: Uint8Array): boolean =>
  bytesEqual(a, b) || canonicalName(a) === canonicalName(b);

const SHORT: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'street',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'emailAddress',
};

export const attributeName = (type: string): string => SHORT[type] ?? type;

/** RFC 4514: most specific RDN first, e.g. `CN=R11,O=Let's Encrypt,C=US`. Control characters are escaped. */
export function nameText(name: Uint8Array): string {
  try {
    return nameAttributes(name)
      .reverse()
      .map((rdn) =>
        rdn
          .map(
            ({ type, raw, text }) => `${attributeName(type)}=${text === undefined ? `#${toHex(raw)}` : escape(text)}`,
          )
          .join('+'),
      )
      .join(',');
  } catch {
    return `#${toHex(name)}`;
  }
}

const escape = (text: string): string =>
  text
    .replace(/^[ #]|[",+;<=>\\]| $/g, '\\$&')
    // Control characters must not reach a terminal
    .replace(/\p{Cc}|\p{Cf}/gu, (c) => `\\u{${(c.codePointAt(0) as number).toString(16)}}`);

interface Utf8Decoder {
  decode(bytes: Uint8Array): string;
}
const { TextDecoder } = globalThis as unknown as {
  TextDecoder: new (label: string, options: { fatal: boolean; ignoreBOM: boolean }) => Utf8Decoder;
};
let utf8: Utf8Decoder | undefined;

/** The text of an ASN.1 string; `undefined` when the bytes are not of the type, or the type is one that nobody uses. */
export function decodeText(tag: number, bytes: Uint8Array): string | undefined {
  switch (tag) {
    case Tag.UTF8_STRING:
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

/** `undefined` when a byte is over 127. */
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
