import { GHASH } from '@noble/ciphers/_polyval.js';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Ghash } from './ghash.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const words = (bytes: Uint8Array): Int32Array => new Int32Array(bytes.slice().buffer);
const bytesOf = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    fc.uint8Array({ minLength: length, maxLength: length }),
    fc.nat(255).map((value) => new Uint8Array(length).fill(value)),
  );

function ours(ghash: Ghash, blocks: Uint8Array): string {
  const out = new Int32Array(4);
  ghash.begin();
  ghash.update(words(blocks), blocks.length / 16);
  ghash.finish(out);
  return hex(new Uint8Array(out.buffer));
}

it('agrees with noble for any key and any blocks, all ones and all zeros among them', () => {
  fc.assert(
    fc.property(
      bytesOf(16),
      fc.integer({ min: 1, max: 12 }).chain((count) => bytesOf(16 * count)),
      (h, blocks) => {
        const ghash = new Ghash(words(h));
        expect(ours(ghash, blocks)).toBe(hex(new GHASH(h).update(blocks).digest()));
        // And once more under the same key
        expect(ours(ghash, blocks)).toBe(hex(new GHASH(h).update(blocks).digest()));
      },
    ),
    { numRuns: 1000 },
  );
});

it('multiplies any power of x with any other', () => {
  const power = (i: number): Uint8Array => {
    const bytes = new Uint8Array(16);
    bytes[i >> 3] = 0x80 >> (i & 7);
    return bytes;
  };
  for (let i = 0; i < 128; i++) {
    const ghash = new Ghash(words(power(i)));
    for (let j = 0; j < 128; j += 5)
      expect(ours(ghash, power(j)), `x^${i} x^${j}`).toBe(hex(new GHASH(power(i)).update(power(j)).digest()));
  }
});

it('is zero for ever under a key that was disposed of', () => {
  const ghash = new Ghash(new Int32Array(4).fill(-1));
  ghash.dispose();
  expect(ours(ghash, new Uint8Array(32).fill(7))).toBe('00'.repeat(16));
});
