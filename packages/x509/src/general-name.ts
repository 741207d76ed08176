/** @module GeneralName (RFC 5280 section 4.2.1.6) and the NameConstraints made of them (section 4.2.1.10). */
import { printable, toHex } from '@ferrule/result/bytes';
import { hostNameText } from '@ferrule/result/host';
import { DerReader, explicit } from './der.ts';
import { readAny } from './der-values.ts';
import { nameText, readName } from './name.ts';
import * as Tag from './tag.ts';
import * as NameType from './name-type.ts';

/** A constant of `NameType`. */
export type GeneralNameType = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

export interface GeneralName {
  readonly type: GeneralNameType;
  /** The contents: IA5 text, address bytes, for `directory` a whole DER `Name`, for the rest DER. */
  readonly value: Uint8Array;
}

/** The names up to the end of the current element. */
export function readGeneralNames(reader: DerReader): GeneralName[] {
  const names: GeneralName[] = [];
  while (reader.more) names.push(readGeneralName(reader));
  return names;
}

export function readGeneralName(reader: DerReader): GeneralName {
  const tag = reader.peek();
  const type = (tag & 0x1f) as GeneralNameType;
  if (type === NameType.directory) {
    const outer = reader.open(0xa4);
    const value = readName(reader);
    reader.close(outer);
    return { type, value };
  }
  const constructed = type === NameType.other || type === NameType.x400 || type === NameType.ediParty;
  if (type > 8 || (tag & 0xe0) !== (constructed ? 0xa0 : 0x80)) reader.fail('unknown kind of GeneralName');
  const start = reader.position;
  const value = reader.contents(tag);
  if (type === NameType.other) checkOtherName(value);
  else if (type === NameType.ediParty) checkEdiParty(value);
  else if (type === NameType.registeredId) new DerReader(reader.bytes, start, reader.position).skipOid(tag);
  else if (type === NameType.email || type === NameType.dns || type === NameType.uri) {
    for (let i = 0; i < value.length; i++)
      if ((value[i] as number) > 127) reader.odd ??= 'a GeneralName that is not ASCII';
  }
  return { type, value };
}

function checkOtherName(value: Uint8Array): void {
  const reader = new DerReader(value);
  reader.skipOid();
  explicit(reader, 0xa0, readAny);
  reader.finish();
}

/** Optional nameAssigner, and partyName: each a DirectoryString. */
function checkEdiParty(value: Uint8Array): void {
  const reader = new DerReader(value);
  const skip = (r: DerReader): void => skipString(r, DIRECTORY_STRINGS);
  if (reader.peek() === 0xa0) explicit(reader, 0xa0, skip);
  explicit(reader, 0xa1, skip);
  reader.finish();
}

/** Skips a string of one of these types. */
export function skipString(reader: DerReader, types: readonly number[]): void {
  if (!types.includes(reader.peek())) reader.fail('a string of another type');
  readAny(reader);
}
const DIRECTORY_STRINGS: readonly number[] = [
  Tag.UTF8_STRING,
  Tag.PRINTABLE_STRING,
  Tag.TELETEX_STRING,
  Tag.UNIVERSAL_STRING,
  Tag.BMP_STRING,
];

/** Text, as OpenSSL prints it: `DNS:example.com`, `IP Address:192.0.2.1`. */
export function generalNameText({ type, value }: GeneralName): string {
  switch (type) {
    case NameType.email:
      return `email:${printable(value)}`;
    case NameType.dns:
      return `DNS:${hostNameText(value, false)}`;
    case NameType.uri:
      return `URI:${printable(value)}`;
    case NameType.directory:
      return `DirName:${nameText(value)}`;
    case NameType.ip:
      return `IP Address:${hostNameText(value, true)}`;
    default:
      return `${type === NameType.other ? 'othername' : `name of kind ${type}`}:#${toHex(value)}`;
  }
}

/** One `GeneralSubtree`. */
export interface Subtree extends GeneralName {
  /** Has `minimum` or `maximum`, which RFC 5280 does not use. */
  readonly bounded: boolean;
}

export interface NameConstraints {
  readonly permitted: readonly Subtree[];
  readonly excluded: readonly Subtree[];
}

/** A DER `NameConstraints`, including its tag. */
export function readNameConstraints(reader: DerReader): NameConstraints {
  const outer = reader.open(Tag.SEQUENCE);
  if (!reader.more) reader.odd ??= 'name constraints that are empty';
  const permitted = readSubtrees(reader, 0xa0);
  const excluded = readSubtrees(reader, 0xa1);
  reader.close(outer);
  return { permitted, excluded };
}

function readSubtrees(reader: DerReader, tag: number): Subtree[] {
  const subtrees: Subtree[] = [];
  if (reader.peek() !== tag) return subtrees;
  const outer = reader.open(tag);
  if (!reader.more) reader.odd ??= 'a list of name constraints that is empty';
  while (reader.more) {
    const subtree = reader.open(Tag.SEQUENCE);
    const { type, value } = readGeneralName(reader);
    let bounded = false;
    // Even negative ones, which are invalid distances: OpenSSL accepts both
    if (reader.peek() === 0x80) bounded = reader.signedInteger(0x80) !== 0;
    if (reader.peek() === 0x81) bounded = reader.integer(0x81).length > 0;
    reader.close(subtree);
    subtrees.push({ type, value, bounded });
  }
  reader.close(outer);
  return subtrees;
}
