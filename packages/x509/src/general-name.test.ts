import { expect, it } from 'vitest';
import { DerError, DerReader } from './der.ts';
import { readGeneralNames } from './general-name.ts';
import { tlv } from '../test/make.ts';

const bytes = (...octets: readonly number[]): Uint8Array => Uint8Array.from(octets);
const party = (tag: number, value: Uint8Array): Uint8Array => tlv(tag, value);
const [UTF8, PRINTABLE] = [bytes(0x0c, 1, 0x78), bytes(0x13, 1, 0x78)];

it.each([
  ['registeredID', tlv(0x88, bytes(42, 3)), 8],
  ['ediPartyName', tlv(0xa5, party(0xa1, UTF8)), 5],
  ['ediPartyName with an assigner', tlv(0xa5, Uint8Array.of(...party(0xa0, PRINTABLE), ...party(0xa1, UTF8))), 5],
  ['otherName of any tag', tlv(0xa0, bytes(6, 1, 42, 0xa0, 3, 0x9f, 0x1f, 0)), 0],
  ['x400Address', tlv(0xa3, bytes(0x30, 0)), 3],
])('%s is read', (_, der, type) => {
  expect(readGeneralNames(new DerReader(der))).toMatchObject([{ type }]);
});

it.each([
  ['registeredID of nothing', tlv(0x88, bytes()), /OBJECT IDENTIFIER/],
  ['registeredID with an empty arc', tlv(0x88, bytes(0x80, 1)), /OBJECT IDENTIFIER/],
  ['ediPartyName of nothing', tlv(0xa5, bytes()), /tag 0xa1 expected/],
  ['ediPartyName of an assigner', tlv(0xa5, party(0xa0, UTF8)), /tag 0xa1 expected/],
  ['ediPartyName of an IA5String', tlv(0xa5, party(0xa1, bytes(0x16, 1, 0x78))), /a string of another type/],
  ['ediPartyName of half a character', tlv(0xa5, party(0xa1, bytes(0x1e, 1, 0x78))), /half a character/],
  ['otherName of nothing', tlv(0xa0, bytes(6, 1, 42, 0xa0, 0)), /element expected/],
  ['a ninth kind', tlv(0x89, bytes(1)), /unknown kind/],
])('%s is refused', (_, der, message) => {
  expect(() => readGeneralNames(new DerReader(der))).toThrow(DerError);
  expect(() => readGeneralNames(new DerReader(der))).toThrow(message);
});
