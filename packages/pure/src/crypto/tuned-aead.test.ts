import { gcm } from '@noble/ciphers/aes.js';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SyncAead } from './provider.ts';
import { tunedChaCha20Poly1305 } from './tuned-chacha.ts';
import { tunedAes128Gcm, tunedAes256Gcm } from './tuned-gcm.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytesOf = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    fc.uint8Array({ minLength: length, maxLength: length }),
    fc.nat(255).map((value) => new Uint8Array(length).fill(value)),
  );
// AES: the first batch of key stream serves 480 bytes, each further one 512. ChaCha20: blocks of 64.
const EDGES = [
  0, 1, 3, 4, 15, 16, 17, 63, 64, 65, 127, 128, 479, 480, 481, 496, 991, 992, 993, 1504, 16_384, 16_385, 16_640, 20_000,
];
const text = fc.oneof(fc.constantFrom(...EDGES), fc.nat(1200)).chain(bytesOf);
/** Off a word boundary. */
const unaligned = (length: number): Uint8Array => new Uint8Array(length + 3).subarray(3);

describe.each([
  { algorithm: tunedAes128Gcm, oracle: gcm },
  { algorithm: tunedAes256Gcm, oracle: gcm },
  { algorithm: tunedChaCha20Poly1305, oracle: chacha20poly1305 },
])('$algorithm.name', ({ algorithm, oracle }) => {
  const keyed = (key: Uint8Array): SyncAead => algorithm.key(key) as SyncAead;

  it('seals as noble does and opens it again, whatever the lengths, off word boundaries', () => {
    fc.assert(
      fc.property(
        bytesOf(algorithm.keyLength),
        bytesOf(12),
        fc.nat(40).chain(bytesOf),
        text,
        (key, nonce, aad, plain) => {
          const aead = keyed(key);
          const sealed = aead.seal(nonce, aad, plain, unaligned(plain.length + 16));
          expect(hex(sealed)).toBe(hex(oracle(key, nonce, aad).encrypt(plain)));
          const opened = aead.open(nonce, aad, sealed, unaligned(plain.length));
          expect(opened && hex(opened)).toBe(hex(plain));
        },
      ),
      { numRuns: 300 },
    );
  }, 60_000);

  it('opens in place', () => {
    const aead = keyed(new Uint8Array(algorithm.keyLength).fill(3));
    const [nonce, aad, plain] = [new Uint8Array(12), new Uint8Array(5), new Uint8Array(1000).fill(9)];
    const memory = new Uint8Array(1016);
    memory.set(plain);
    aead.seal(nonce, aad, memory.subarray(0, 1000), memory);
    expect(hex(aead.open(nonce, aad, memory, memory) as Uint8Array)).toBe(hex(plain));
  });

  it('opens nothing of which a bit was changed, cut off or added, and writes none of it', () => {
    fc.assert(
      fc.property(bytesOf(algorithm.keyLength), text, fc.nat(), fc.nat(7), (key, plain, at, bit) => {
        const aead = keyed(key);
        const [nonce, aad] = [new Uint8Array(12).fill(1), Uint8Array.of(23, 3, 3, 0, 9)];
        const sealed = aead.seal(nonce, aad, plain, new Uint8Array(plain.length + 16)).slice();
        const out = new Uint8Array(plain.length + 1).fill(0xaa);
        const bad = sealed.slice();
        bad[at % bad.length] = (bad[at % bad.length] as number) ^ (1 << bit);
        expect(aead.open(nonce, aad, bad, out)).toBeNull();
        expect(aead.open(nonce, aad, sealed.subarray(0, sealed.length - 1), out)).toBeNull();
        expect(aead.open(nonce, aad, Uint8Array.of(...sealed, 0), out)).toBeNull();
        expect(aead.open(nonce, aad.subarray(1), sealed, out)).toBeNull();
        expect(aead.open(new Uint8Array(12), aad, sealed, out)).toBeNull();
        expect(aead.open(nonce, aad, sealed.subarray(0, 15), out)).toBeNull();
        expect(out.every((byte) => byte === 0xaa)).toBe(true);
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  it('two keys in turns do not disturb each other, and a key that was disposed of is gone', () => {
    const [one, two] = [
      keyed(new Uint8Array(algorithm.keyLength).fill(1)),
      keyed(new Uint8Array(algorithm.keyLength).fill(2)),
    ];
    const [nonce, aad, plain] = [new Uint8Array(12), new Uint8Array(5), new Uint8Array(100)];
    const first = one.seal(nonce, aad, plain, new Uint8Array(116)).slice();
    two.seal(nonce, aad, plain, new Uint8Array(116));
    expect(one.open(nonce, aad, first, new Uint8Array(100))).not.toBeNull();
    one.dispose();
    expect(() => one.open(nonce, aad, first, new Uint8Array(100))).toThrow(
      expect.objectContaining({ code: 'DISPOSED' }) as Error,
    );
  });
});
