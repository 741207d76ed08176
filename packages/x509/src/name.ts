/** @module X.501 names: structure, comparison (RFC 5280 section 7.1), RFC 4514 text. */
import { bytesEqual, latin1, toHex, withoutControls } from '@ferrule/result/bytes';
import { decodeText, foldText } from '@ferrule/result/directory-string';
import { derElement, type DerReader, readWhole } from './der.ts';
import * as Tag from './tag.ts';

/** One `AttributeTypeAndValue`. */
export interface NameAttribute {
  /** Dotted OID. */
  readonly type: string;
  /** The string type's tag. */
  readonly tag: number;
  /** Undecoded contents. */
  readonly raw: Uint8Array;
  /** `undefined` if it is not a string, or invalid for its type. */
  readonly text: string | undefined;
}

/** Checks the structure of the `Name` at the cursor and returns the whole element. */
export function readName(reader: DerReader): Uint8Array {
  const start = reader.position;
  const outer = reader.open(Tag.SEQUENCE);
  while (reader.more) readRdn(reader, Tag.SET);
  reader.close(outer);
  return reader.bytes.subarray(start, reader.position);
}

/** Checks the structure of a RelativeDistinguishedName. */
export function readRdn(reader: DerReader, tag: number): void {
  const rdn = reader.open(tag);
  if (!reader.more) reader.odd ??= 'a RelativeDistinguishedName that is empty';
  while (reader.more) {
    const pair = reader.open(Tag.SEQUENCE);
    reader.skipOid();
    reader.skip();
    reader.close(pair);
  }
  reader.close(rdn);
}

/** The RDNs of a DER `Name`, in order, without empty ones, as in OpenSSL. @throws DerError */
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

/** Whether all RDNs, if any, are empty: SETs of length 0. */
export function isEmptyName(name: Uint8Array): boolean {
  for (let i = 3; i < name.length; i += 2) if (name[i] !== 0) return false;
  return true;
}

/**
 * RFC 5280 section 7.1: equal as strings regardless of type and case, prepared by RFC 4518, with the members of a
 * multi-valued RDN in any order. One text per RDN; equal names have equal texts.
 */
export const canonicalRdns = (
  name: Uint8Array,
  textOf = ({ text }: NameAttribute): string | undefined => text,
): string[] =>
  nameAttributes(name).map((rdn) =>
    rdn
      .map((attribute) => {
        const { type, tag, raw } = attribute;
        const text = textOf(attribute);
        const folded = text === undefined ? undefined : foldText(text)?.replace(/[\\+=#]/g, '\\$&');
        return `${type}=${folded ?? `#${tag}:${toHex(raw)}`}`;
      })
      .sort()
      .join('+'),
  );

/**
 * CAs write Latin-1 where ASCII belongs, and OpenSSL accepts that, so such names compare as Latin-1; under constraints
 * such text is unreadable.
 */
const textOrLatin1 = ({ tag, raw, text }: NameAttribute): string | undefined =>
  text ?? (ASCII_STRINGS.includes(tag) ? latin1(raw) : undefined);
const ASCII_STRINGS: readonly number[] = [Tag.PRINTABLE_STRING, Tag.IA5_STRING, Tag.VISIBLE_STRING];

const canonical = new WeakMap<Uint8Array, string>();

/** {@link canonicalRdns} as one text, of {@link textOrLatin1}, cached for the lifetime of the view. */
export function canonicalName(name: Uint8Array): string {
  let text = canonical.get(name);
  if (text === undefined) canonical.set(name, (text = canonicalRdns(name, textOrLatin1).join('\0')));
  return text;
}

export const sameName = (a: Uint8Array, b: Uint8Array): boolean =>
  bytesEqual(a, b) || canonicalName(a) === canonicalName(b);

/** OpenSSL's short names. */
const SHORT: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.4': 'SN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'street',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.12': 'title',
  '2.5.4.13': 'description',
  '2.5.4.15': 'businessCategory',
  '2.5.4.17': 'postalCode',
  '2.5.4.41': 'name',
  '2.5.4.42': 'GN',
  '2.5.4.43': 'initials',
  '2.5.4.44': 'generationQualifier',
  '2.5.4.46': 'dnQualifier',
  '2.5.4.65': 'pseudonym',
  '2.5.4.97': 'organizationIdentifier',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'emailAddress',
  '1.3.6.1.4.1.311.60.2.1.1': 'jurisdictionL',
  '1.3.6.1.4.1.311.60.2.1.2': 'jurisdictionST',
  '1.3.6.1.4.1.311.60.2.1.3': 'jurisdictionC',
};

export const attributeName = (type: string): string => SHORT[type] ?? type;

/**
 * RFC 4514, as X509_NAME_print_ex(3) writes it with XN_FLAG_RFC2253 and without ASN1_STRFLGS_ESC_MSB: most specific RDN
 * first, e.g. `CN=R11,O=Let's Encrypt,C=US`. Control characters are escaped.
 */
export function nameText(name: Uint8Array): string {
  try {
    return nameAttributes(name)
      .reverse()
      .map((rdn) => rdn.reverse().map(attributeText).join('+'))
      .join(',');
  } catch {
    return `#${toHex(name)}`;
  }
}

/** RFC 4514 section 2.4: DER in hexadecimal if the type has no short name, or the value is not text. */
function attributeText({ type, tag, raw, text }: NameAttribute): string {
  const name = SHORT[type];
  return name === undefined || text === undefined
    ? `${name ?? type}=#${toHex(derElement(tag, raw)).toUpperCase()}`
    : `${name}=${escape(text)}`;
}

/** Control characters must not reach a terminal. */
const escape = (text: string): string => withoutControls(text.replace(/^[ #]|[",+;<>\\]| $/g, '\\$&'));
