/**
 * @module AES (FIPS 197) in counter mode without tables: 32 blocks at once, bit by bit.
 *
 * Word 8 p + k of the state holds bit k of byte p of all 32 blocks, one block in each bit of the word. So a
 * substitution is the S-box as a circuit of 113 gates (Boyar and Peralta, "A small depth-16 circuit for the AES S-box",
 * 2012), ShiftRows is a matter of where one reads, and no address and no branch depends on a secret.
 */

/** Blocks that are made at once. */
export const BATCH_BLOCKS = 32;
/** Words of them. */
export const BATCH_WORDS = 128;

// Working memory, wiped by wipeAes().
const state = new Int32Array(BATCH_WORDS);
const substituted = new Int32Array(BATCH_WORDS);

/** The key schedule of FIPS 197 section 5.2: 16 bytes for each AddRoundKey, for keys of 16 or 32 bytes. */
export function expandKey(key: Uint8Array): Uint8Array {
  const words = key.length / 4;
  const keys = new Uint8Array(16 * (words + 7));
  keys.set(key);
  let constant = 1;
  for (let at = key.length; at < keys.length; at += 4) {
    const word = at / 4;
    const temp = keys.slice(at - 4, at);
    if (word % words === 0) {
      temp.set([temp[1] as number, temp[2] as number, temp[3] as number, temp[0] as number]);
      substituteWord(temp);
      temp[0] = (temp[0] as number) ^ constant;
      constant = (constant << 1) ^ ((constant >> 7) * 0x11b);
    } else if (words > 6 && word % words === 4) substituteWord(temp);
    for (let i = 0; i < 4; i++) keys[at + i] = (keys[at + i - key.length] as number) ^ (temp[i] as number);
    temp.fill(0);
  }
  wipeAes();
  return keys;
}

/** Four bytes through the S-box, as four blocks of one byte. */
function substituteWord(bytes: Uint8Array): void {
  for (let k = 0; k < 8; k++) {
    state[k] = 0;
    for (let i = 0; i < 4; i++) state[k] = (state[k] as number) | ((((bytes[i] as number) >> k) & 1) << i);
  }
  substituteShifted(state, substituted, 1);
  bytes.fill(0);
  for (let k = 0; k < 8; k++)
    for (let i = 0; i < 4; i++) bytes[i] = (bytes[i] as number) | ((((substituted[k] as number) >> i) & 1) << k);
}

/**
 * The key stream of 32 counters, from 32 · `batch` on: 128 words, little-endian.
 * @param keys - of {@link expandKey}
 * @param nonce - the first 12 bytes of each counter block
 */
export function encryptCounters(keys: Uint8Array, nonce: Uint8Array, batch: number, out: Int32Array): void {
  for (let p = 0; p < 12; p++) spread(p, nonce[p] as number);
  // The counter is big-endian; its last five bits number the blocks of the batch.
  const count = batch * BATCH_BLOCKS;
  for (let p = 12; p < 16; p++) spread(p, count >>> (8 * (15 - p)));
  state[120] = 0xaaaaaaaa;
  state[121] = 0xcccccccc;
  state[122] = 0xf0f0f0f0;
  state[123] = 0xff00ff00;
  state[124] = 0xffff0000;

  const rounds = keys.length / 16 - 1;
  addRoundKey(keys, 0, state);
  for (let round = 1; round < rounds; round++) {
    substituteShifted(state, substituted, 16);
    mixColumns(keys, round, substituted, state);
  }
  substituteShifted(state, substituted, 16);
  addRoundKey(keys, rounds, substituted);
  for (let j = 0; j < 4; j++) transpose(substituted, 32 * j, out, j);
}

/** Overwrites what the last call left behind. */
export function wipeAes(): void {
  state.fill(0);
  substituted.fill(0);
}

/** The same byte for all blocks. */
function spread(p: number, byte: number): void {
  for (let k = 0; k < 8; k++) state[8 * p + k] = -((byte >> k) & 1);
}

function addRoundKey(keys: Uint8Array, round: number, words: Int32Array): void {
  for (let i = 0; i < BATCH_WORDS; i++)
    words[i] = (words[i] as number) ^ -(((keys[16 * round + (i >> 3)] as number) >> (i & 7)) & 1);
}

/**
 * MixColumns and AddRoundKey: of the bytes of its column from its own row on, s0 to s3, a byte becomes 2 (s0 + s1) + s1
 * + s2 + s3. b is s1, d is s0 + s1, and twice d is all its bits one up; what leaves at the top comes back as x^4 + x^3
 * + x + 1.
 */

function mixColumns(keys: Uint8Array, round: number, s: Int32Array, out: Int32Array): void {
  for (let p = 0; p < 16; p++) {
    const column = p & 12;
    const at = 8 * p,
      at1 = 8 * (column | ((p + 1) & 3)),
      at2 = 8 * (column | ((p + 2) & 3)),
      at3 = 8 * (column | ((p + 3) & 3));
    const key = keys[16 * round + p] as number;
    const b0 = s[at1] as number,
      b1 = s[at1 + 1] as number,
      b2 = s[at1 + 2] as number,
      b3 = s[at1 + 3] as number;
    const b4 = s[at1 + 4] as number,
      b5 = s[at1 + 5] as number,
      b6 = s[at1 + 6] as number,
      b7 = s[at1 + 7] as number;
    const d0 = (s[at] as number) ^ b0,
      d1 = (s[at + 1] as number) ^ b1,
      d2 = (s[at + 2] as number) ^ b2,
      d3 = (s[at + 3] as number) ^ b3;
    const d4 = (s[at + 4] as number) ^ b4,
      d5 = (s[at + 5] as number) ^ b5,
      d6 = (s[at + 6] as number) ^ b6,
      d7 = (s[at + 7] as number) ^ b7;
    out[at] = d7 ^ b0 ^ (s[at2] as number) ^ (s[at3] as number) ^ -(key & 1);
    out[at + 1] = d0 ^ d7 ^ b1 ^ (s[at2 + 1] as number) ^ (s[at3 + 1] as number) ^ -((key >> 1) & 1);
    out[at + 2] = d1 ^ b2 ^ (s[at2 + 2] as number) ^ (s[at3 + 2] as number) ^ -((key >> 2) & 1);
    out[at + 3] = d2 ^ d7 ^ b3 ^ (s[at2 + 3] as number) ^ (s[at3 + 3] as number) ^ -((key >> 3) & 1);
    out[at + 4] = d3 ^ d7 ^ b4 ^ (s[at2 + 4] as number) ^ (s[at3 + 4] as number) ^ -((key >> 4) & 1);
    out[at + 5] = d4 ^ b5 ^ (s[at2 + 5] as number) ^ (s[at3 + 5] as number) ^ -((key >> 5) & 1);
    out[at + 6] = d5 ^ b6 ^ (s[at2 + 6] as number) ^ (s[at3 + 6] as number) ^ -((key >> 6) & 1);
    out[at + 7] = d6 ^ b7 ^ (s[at2 + 7] as number) ^ (s[at3 + 7] as number) ^ -((key >> 7) & 1);
  }
}

/** The 32 words from `at` on, a bit of 32 blocks in each, become word j of each block. */
function transpose(words: Int32Array, at: number, out: Int32Array, j: number): void {
  for (let step = 16, mask = 0xffff; step > 0; step >>= 1, mask ^= mask << step) {
    for (let i = at; i < at + 32; i = (i + step + 1) & ~step) {
      const swapped = (((words[i] as number) >>> step) ^ (words[i + step] as number)) & mask;
      words[i + step] = (words[i + step] as number) ^ swapped;
      words[i] = (words[i] as number) ^ (swapped << step);
    }
  }
  for (let block = 0; block < 32; block++) out[4 * block + j] = words[at + block] as number;
}

/**
 * ShiftRows, row r of a column being read r columns on, and the S-box; names of the paper, whose bit 0 is the highest.
 */

function substituteShifted(input: Int32Array, output: Int32Array, bytes: number): void {
  for (let p = 0; p < bytes; p++) {
    const from = 8 * ((p + 4 * (p & 3)) & 15),
      to = 8 * p;
    const x0 = input[from + 7] as number,
      x1 = input[from + 6] as number,
      x2 = input[from + 5] as number,
      x3 = input[from + 4] as number;
    const x4 = input[from + 3] as number,
      x5 = input[from + 2] as number,
      x6 = input[from + 1] as number,
      x7 = input[from] as number;

    // Linear, on the way in.
    const y14 = x3 ^ x5,
      y13 = x0 ^ x6,
      y9 = x0 ^ x3,
      y8 = x0 ^ x5,
      t0 = x1 ^ x2,
      y1 = t0 ^ x7,
      y4 = y1 ^ x3,
      y12 = y13 ^ y14;
    const y2 = y1 ^ x0,
      y5 = y1 ^ x6,
      y3 = y5 ^ y8,
      t1 = x4 ^ y12,
      y15 = t1 ^ x5,
      y20 = t1 ^ x1,
      y6 = y15 ^ x7,
      y10 = y15 ^ t0;
    const y11 = y20 ^ y9,
      y7 = x7 ^ y11,
      y17 = y10 ^ y11,
      y19 = y10 ^ y8,
      y16 = t0 ^ y11,
      y21 = y13 ^ y16,
      y18 = x0 ^ y16;

    // The inversion in GF(2^8).
    const t2 = y12 & y15,
      t3 = y3 & y6,
      t4 = t3 ^ t2,
      t5 = y4 & x7,
      t6 = t5 ^ t2,
      t7 = y13 & y16,
      t8 = y5 & y1,
      t9 = t8 ^ t7;
    const t10 = y2 & y7,
      t11 = t10 ^ t7,
      t12 = y9 & y11,
      t13 = y14 & y17,
      t14 = t13 ^ t12,
      t15 = y8 & y10,
      t16 = t15 ^ t12;
    const t17 = t4 ^ t14,
      t18 = t6 ^ t16,
      t19 = t9 ^ t14,
      t20 = t11 ^ t16,
      t21 = t17 ^ y20,
      t22 = t18 ^ y19,
      t23 = t19 ^ y21,
      t24 = t20 ^ y18;
    const t25 = t21 ^ t22,
      t26 = t21 & t23,
      t27 = t24 ^ t26,
      t28 = t25 & t27,
      t29 = t28 ^ t22,
      t30 = t23 ^ t24,
      t31 = t22 ^ t26;
    const t32 = t31 & t30,
      t33 = t32 ^ t24,
      t34 = t23 ^ t33,
      t35 = t27 ^ t33,
      t36 = t24 & t35,
      t37 = t36 ^ t34,
      t38 = t27 ^ t36;
    const t39 = t29 & t38,
      t40 = t25 ^ t39,
      t41 = t40 ^ t37,
      t42 = t29 ^ t33,
      t43 = t29 ^ t40,
      t44 = t33 ^ t37,
      t45 = t42 ^ t41;
    const z0 = t44 & y15,
      z1 = t37 & y6,
      z2 = t33 & x7,
      z3 = t43 & y16,
      z4 = t40 & y1,
      z5 = t29 & y7,
      z6 = t42 & y11,
      z7 = t45 & y17,
      z8 = t41 & y10;
    const z9 = t44 & y12,
      z10 = t37 & y3,
      z11 = t33 & y4,
      z12 = t43 & y13,
      z13 = t40 & y5,
      z14 = t29 & y2,
      z15 = t42 & y9,
      z16 = t45 & y14,
      z17 = t41 & y8;

    // Linear, on the way out.
    const t46 = z15 ^ z16,
      t47 = z10 ^ z11,
      t48 = z5 ^ z13,
      t49 = z9 ^ z10,
      t50 = z2 ^ z12,
      t51 = z2 ^ z5,
      t52 = z7 ^ z8,
      t53 = z0 ^ z3;
    const t54 = z6 ^ z7,
      t55 = z16 ^ z17,
      t56 = z12 ^ t48,
      t57 = t50 ^ t53,
      t58 = z4 ^ t46,
      t59 = z3 ^ t54,
      t60 = t46 ^ t57,
      t61 = z14 ^ t57;
    const t62 = t52 ^ t58,
      t63 = t49 ^ t58,
      t64 = z4 ^ t59,
      t65 = t61 ^ t62,
      t66 = z1 ^ t63,
      t67 = t64 ^ t65,
      s3 = t53 ^ t66;
    output[to + 7] = t59 ^ t63;
    output[to + 6] = t64 ^ ~s3;
    output[to + 5] = t55 ^ ~t67;
    output[to + 4] = s3;
    output[to + 3] = t51 ^ t66;
    output[to + 2] = t47 ^ t65;
    output[to + 1] = t56 ^ ~t62;
    output[to] = t48 ^ ~t60;
  }
}
