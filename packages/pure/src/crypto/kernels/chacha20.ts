/**
 * @module The ChaCha20 stream (RFC 8439 section 2.4) over words in memory: its state in sixteen local variables, its
 * double round written out. Additions, rotations and exclusive ors alone, so no time depends on a secret. Little-endian
 * machines only.
 */

/** Words of a block, 64 bytes. */
export const BLOCK_WORDS = 16;

/**
 * Exclusive-ors the key stream of `blocks` blocks, from block number `counter` on, into the words at the beginning of
 * `words`.
 * @param key - eight words
 * @param nonce - three words
 */

export function xorKeyStream(
  key: Int32Array,
  counter: number,
  nonce: Int32Array,
  words: Int32Array,
  blocks: number,
): void {
  const k0 = key[0] as number,
    k1 = key[1] as number,
    k2 = key[2] as number,
    k3 = key[3] as number;
  const k4 = key[4] as number,
    k5 = key[5] as number,
    k6 = key[6] as number,
    k7 = key[7] as number;
  const n0 = nonce[0] as number,
    n1 = nonce[1] as number,
    n2 = nonce[2] as number;

  for (let block = 0, at = 0; block < blocks; block++, at += BLOCK_WORDS) {
    const count = (counter + block) | 0;
    // "expand 32-byte k"
    let x0 = 0x61707865,
      x1 = 0x3320646e,
      x2 = 0x79622d32,
      x3 = 0x6b206574;
    let x4 = k0,
      x5 = k1,
      x6 = k2,
      x7 = k3,
      x8 = k4,
      x9 = k5,
      x10 = k6,
      x11 = k7;
    let x12 = count,
      x13 = n0,
      x14 = n1,
      x15 = n2;
    for (let round = 0; round < 20; round += 2) {
      // The columns, then the diagonals: a quarter round is two lines.
      x0 = (x0 + x4) | 0;
      x12 ^= x0;
      x12 = (x12 << 16) | (x12 >>> 16);
      x8 = (x8 + x12) | 0;
      x4 ^= x8;
      x4 = (x4 << 12) | (x4 >>> 20);
      x0 = (x0 + x4) | 0;
      x12 ^= x0;
      x12 = (x12 << 8) | (x12 >>> 24);
      x8 = (x8 + x12) | 0;
      x4 ^= x8;
      x4 = (x4 << 7) | (x4 >>> 25);
      x1 = (x1 + x5) | 0;
      x13 ^= x1;
      x13 = (x13 << 16) | (x13 >>> 16);
      x9 = (x9 + x13) | 0;
      x5 ^= x9;
      x5 = (x5 << 12) | (x5 >>> 20);
      x1 = (x1 + x5) | 0;
      x13 ^= x1;
      x13 = (x13 << 8) | (x13 >>> 24);
      x9 = (x9 + x13) | 0;
      x5 ^= x9;
      x5 = (x5 << 7) | (x5 >>> 25);
      x2 = (x2 + x6) | 0;
      x14 ^= x2;
      x14 = (x14 << 16) | (x14 >>> 16);
      x10 = (x10 + x14) | 0;
      x6 ^= x10;
      x6 = (x6 << 12) | (x6 >>> 20);
      x2 = (x2 + x6) | 0;
      x14 ^= x2;
      x14 = (x14 << 8) | (x14 >>> 24);
      x10 = (x10 + x14) | 0;
      x6 ^= x10;
      x6 = (x6 << 7) | (x6 >>> 25);
      x3 = (x3 + x7) | 0;
      x15 ^= x3;
      x15 = (x15 << 16) | (x15 >>> 16);
      x11 = (x11 + x15) | 0;
      x7 ^= x11;
      x7 = (x7 << 12) | (x7 >>> 20);
      x3 = (x3 + x7) | 0;
      x15 ^= x3;
      x15 = (x15 << 8) | (x15 >>> 24);
      x11 = (x11 + x15) | 0;
      x7 ^= x11;
      x7 = (x7 << 7) | (x7 >>> 25);

      x0 = (x0 + x5) | 0;
      x15 ^= x0;
      x15 = (x15 << 16) | (x15 >>> 16);
      x10 = (x10 + x15) | 0;
      x5 ^= x10;
      x5 = (x5 << 12) | (x5 >>> 20);
      x0 = (x0 + x5) | 0;
      x15 ^= x0;
      x15 = (x15 << 8) | (x15 >>> 24);
      x10 = (x10 + x15) | 0;
      x5 ^= x10;
      x5 = (x5 << 7) | (x5 >>> 25);
      x1 = (x1 + x6) | 0;
      x12 ^= x1;
      x12 = (x12 << 16) | (x12 >>> 16);
      x11 = (x11 + x12) | 0;
      x6 ^= x11;
      x6 = (x6 << 12) | (x6 >>> 20);
      x1 = (x1 + x6) | 0;
      x12 ^= x1;
      x12 = (x12 << 8) | (x12 >>> 24);
      x11 = (x11 + x12) | 0;
      x6 ^= x11;
      x6 = (x6 << 7) | (x6 >>> 25);
      x2 = (x2 + x7) | 0;
      x13 ^= x2;
      x13 = (x13 << 16) | (x13 >>> 16);
      x8 = (x8 + x13) | 0;
      x7 ^= x8;
      x7 = (x7 << 12) | (x7 >>> 20);
      x2 = (x2 + x7) | 0;
      x13 ^= x2;
      x13 = (x13 << 8) | (x13 >>> 24);
      x8 = (x8 + x13) | 0;
      x7 ^= x8;
      x7 = (x7 << 7) | (x7 >>> 25);
      x3 = (x3 + x4) | 0;
      x14 ^= x3;
      x14 = (x14 << 16) | (x14 >>> 16);
      x9 = (x9 + x14) | 0;
      x4 ^= x9;
      x4 = (x4 << 12) | (x4 >>> 20);
      x3 = (x3 + x4) | 0;
      x14 ^= x3;
      x14 = (x14 << 8) | (x14 >>> 24);
      x9 = (x9 + x14) | 0;
      x4 ^= x9;
      x4 = (x4 << 7) | (x4 >>> 25);
    }
    words[at] = (words[at] as number) ^ ((x0 + 0x61707865) | 0);
    words[at + 1] = (words[at + 1] as number) ^ ((x1 + 0x3320646e) | 0);
    words[at + 2] = (words[at + 2] as number) ^ ((x2 + 0x79622d32) | 0);
    words[at + 3] = (words[at + 3] as number) ^ ((x3 + 0x6b206574) | 0);
    words[at + 4] = (words[at + 4] as number) ^ ((x4 + k0) | 0);
    words[at + 5] = (words[at + 5] as number) ^ ((x5 + k1) | 0);
    words[at + 6] = (words[at + 6] as number) ^ ((x6 + k2) | 0);
    words[at + 7] = (words[at + 7] as number) ^ ((x7 + k3) | 0);
    words[at + 8] = (words[at + 8] as number) ^ ((x8 + k4) | 0);
    words[at + 9] = (words[at + 9] as number) ^ ((x9 + k5) | 0);
    words[at + 10] = (words[at + 10] as number) ^ ((x10 + k6) | 0);
    words[at + 11] = (words[at + 11] as number) ^ ((x11 + k7) | 0);
    words[at + 12] = (words[at + 12] as number) ^ ((x12 + count) | 0);
    words[at + 13] = (words[at + 13] as number) ^ ((x13 + n0) | 0);
    words[at + 14] = (words[at + 14] as number) ^ ((x14 + n1) | 0);
    words[at + 15] = (words[at + 15] as number) ^ ((x15 + n2) | 0);
  }
}
