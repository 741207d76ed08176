import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BATCH_WORDS, encryptCounters, expandKey } from './aes.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytesOf = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    fc.uint8Array({ minLength: length, maxLength: length }),
    fc.nat(255).map((value) => new Uint8Array(length).fill(value)),
  );

it('expands the keys of FIPS 197 appendix A', () => {
  const of = (key: string): string => hex(expandKey(new Uint8Array(Buffer.from(key, 'hex'))));
  expect(of('2b7e151628aed2a6abf7158809cf4f3c').slice(-32)).toBe('d014f9a8c9ee2589e13f0cc8b6630ca6');
  expect(of('603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4').slice(-32)).toBe(
    'fe4890d1e6188d0b046df344706c631e',
  );
});

it('makes the key stream that OpenSSL makes, for any key, nonce and batch, where the counter carries into each of its bytes', () => {
  const batch = fc.oneof(
    fc.constantFrom(0, 1, 7, 8, 9, 2047, 2048, 524_287, 524_288, 2 ** 27 - 1),
    fc.nat(2 ** 27 - 1),
  );
  fc.assert(
    fc.property(fc.constantFrom(16, 32).chain(bytesOf), bytesOf(12), batch, (key, nonce, number) => {
      const counter = Buffer.alloc(4);
      counter.writeUInt32BE(32 * number);
      const out = new Int32Array(BATCH_WORDS);
      encryptCounters(expandKey(key), nonce, number, out);
      const wanted = createCipheriv(`aes-${8 * key.length}-ctr`, key, Buffer.concat([nonce, counter])).update(
        new Uint8Array(4 * BATCH_WORDS),
      );
      expect(hex(new Uint8Array(out.buffer))).toBe(hex(wanted));
    }),
    { numRuns: 500 },
  );
});
