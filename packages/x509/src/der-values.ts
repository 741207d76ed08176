/** @module Less common DER values: the type ANY, and named bit lists. */
import { DerReader } from './der.ts';
import * as Tag from './tag.ts';

/**
 * A whole element of the type ANY: any tag number is allowed, and contents of universal types are checked, except
 * inside a SEQUENCE or SET. @throws DerError
 */
export function readAny(reader: DerReader): Uint8Array {
  const { bytes, position: start } = reader;
  const tag = reader.peek();
  if (tag < 0) reader.fail('DER: element expected');
  if ((tag & 0x1f) === 0x1f) passHighTag(reader);
  const at = reader.position;
  const stop = reader.header(reader.peek());
  if (tag < 0x40) checkUniversal(new DerReader(bytes, at, stop), tag);
  reader.position = stop;
  return bytes.subarray(start, stop);
}

/** Skips to the last octet of the identifier (X.690 section 8.1.2.4): the number is 31 or more, and 2^31-1 at most. */
function passHighTag(reader: DerReader): void {
  let number = 0;
  let octet: number;
  do {
    reader.position++;
    octet = reader.peek();
    if (octet < 0 || (number === 0 && octet === 0x80)) reader.fail('DER: bad tag number');
    number = number * 128 + (octet & 0x7f);
  } while (number <= 0x7fff_ffff && octet >= 0x80);
  if (number < 31 || number > 0x7fff_ffff) reader.fail('DER: bad tag number');
}

/** X.690 sections 8.2 to 8.23 and 10.2, as far as OpenSSL checks: not the characters of strings, nor times. */
function checkUniversal(reader: DerReader, tag: number): void {
  const [constructed, number] = [(tag & 0x20) !== 0, tag & 0x1f];
  if (tag === 0 || (number !== 0x1f && constructed !== CONSTRUCTED.includes(number)))
    reader.fail('DER: a type without its form');
  if (constructed && tag !== Tag.SEQUENCE && tag !== Tag.SET) {
    reader.open(reader.peek());
    while (reader.more) reader.skip();
  }
  switch (tag) {
    case Tag.BOOLEAN:
      return void reader.boolean();
    case Tag.INTEGER:
    case Tag.ENUMERATED:
      return void reader.integer(tag);
    case Tag.BIT_STRING:
      return void readNamedBits(reader);
    case Tag.NULL:
      if (reader.contents(tag).length > 0) reader.fail('DER: bad NULL');
      return;
    case Tag.OID:
      return void reader.skipOid();
    case Tag.BMP_STRING:
    case Tag.UNIVERSAL_STRING:
      if (reader.contents(tag).length % (tag === Tag.BMP_STRING ? 2 : 4) > 0) reader.fail('DER: half a character');
  }
}

/** EXTERNAL, EMBEDDED PDV, SEQUENCE, SET, unrestricted CHARACTER STRING. */
const CONSTRUCTED: readonly number[] = [8, 11, 16, 17, 29];

/** A named bit list (bit 0 is the first) as a number with bit n = 1 << n; only the first 24 bits. @throws DerError */
export function readNamedBits(reader: DerReader, tag: number = Tag.BIT_STRING): number {
  const view = reader.contents(tag);
  const unused = view[0] ?? 8;
  if (unused > 7) reader.fail('DER: bad BIT STRING');
  if (view.length > 1 ? ((view[view.length - 1] as number) & ((1 << unused) - 1)) !== 0 : unused > 0)
    reader.odd ??= 'a BIT STRING whose padding is not zero';
  let bits = 0;
  for (let i = 0; i < Math.min((view.length - 1) * 8 - unused, 24); i++)
    if ((view[1 + (i >> 3)] as number) & (0x80 >> (i & 7))) bits |= 1 << i;
  return bits;
}
