/** @module X.501 names: structure, comparison (RFC 5280 section 7.1), RFC 4514 text. */
import { bytesEqual, toHex } from '@ferrule/result/bytes';
import { decodeText, foldText } from '@ferrule/result/directory-string';
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
        const folded = text === undefined ? undefined : foldText(text)?.replace(/[\\+=#]/g, '\\$&');
        return `${type}=${folded ?? `#${tag}:${toHex(raw)}`}`;
      })
      .sort()
      .join('+'),
  );

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
