import { Poly1305 as NoblePoly1305 } from '@noble/ciphers/_poly1305.js';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Poly1305 } from './poly1305.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const words = (bytes: Uint8Array): Int32Array => new Int32Array(bytes.slice().buffer);

function ours(mac: Poly1305, key: Uint8Array, blocks: Uint8Array): string {
  const tag = new Uint8Array(16);
  mac.begin(words(key));
  mac.update(words(blocks), blocks.length / 16);
  mac.finish(tag);
  return hex(tag);
}
const nobles = (key: Uint8Array, blocks: Uint8Array): string => hex(new NoblePoly1305(key).update(blocks).digest());

const mac = new Poly1305();
const byte = fc.oneof(fc.constantFrom(0, 0xff, 0xfb, 0x80, 1), fc.nat(255));
const bytesOf = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    fc.array(byte, { minLength: length, maxLength: length }).map((all) => Uint8Array.from(all)),
    fc.nat(255).map((value) => new Uint8Array(length).fill(value)),
  );

it('agrees with noble on any key and any number of blocks, the largest and smallest among them', () => {
  fc.assert(
    fc.property(
      bytesOf(32),
      fc.nat(20).chain((blocks) => bytesOf(16 * blocks)),
      (key, blocks) => ours(mac, key, blocks) === nobles(key, blocks),
    ),
    { numRuns: 3000 },
  );
}, 60_000);

it('is right where the sum is at, just below or just above the prime', () => {
  // r = 1 makes the accumulator the sum of the blocks: blocks of 2^128 + x.
  const key = Uint8Array.of(1, ...new Uint8Array(31));
  for (const last of [0xfa, 0xfb, 0xfc, 0xff]) {
    for (const count of [1, 2, 3, 4, 5, 8]) {
      const blocks = new Uint8Array(16 * count).fill(0xff);
      blocks[0] = last;
      expect(ours(mac, key, blocks), `${last} ${count}`).toBe(nobles(key, blocks));
      blocks.fill(0, 16);
      expect(ours(mac, key, blocks), `${last} ${count}, then zeros`).toBe(nobles(key, blocks));
    }
  }
});

it('stays right over thousands of blocks that are all ones, with the largest r', () => {
  const key = new Uint8Array(32).fill(0xff);
  const blocks = new Uint8Array(16 * 4096).fill(0xff);
  expect(ours(mac, key, blocks)).toBe(nobles(key, blocks));
});

it('adds the pad modulo 2^128', () => {
  const key = new Uint8Array(32).fill(0xff, 16);
  const blocks = Uint8Array.of(1, ...new Uint8Array(15));
  expect(ours(mac, key, blocks)).toBe('ff'.repeat(16));
  key[0] = 1;
  expect(ours(mac, key, blocks)).toBe(nobles(key, blocks));
});
