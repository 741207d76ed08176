/**
 * @module Poly1305 (RFC 8439 section 2.5) on doubles: numbers modulo p = 2^130 - 5 in six limbs of 22 bits.
 *
 * Limbs of the accumulator are whole numbers of either sign, at most 2^21 in magnitude (limbs 1 and 4 a little more, by
 * the last carries). A block adds at most 2^22, r has unsigned limbs below 2^22, and 2^132 is 20 modulo p: the columns
 * stay below 6 · 20 · 2^22.6 · 2^22 < 2^52, so that doubles hold them exactly. No branch and no index depends on a
 * secret. Little-endian machines only.
 */

/** A one-time authenticator whose memory is used again for the next message. */
export class Poly1305 {
  readonly #h = new Float64Array(6);
  readonly #r = new Float64Array(6);
  readonly #pad = new Int32Array(4);
  // Of finish() alone.
  readonly #limbs = new Int32Array(6);
  readonly #words = new Int32Array(4);

  /** Begins a message: the one-time key is the first eight of `key`. */
  begin(key: Int32Array): void {
    this.#h.fill(0);
    // r is clamped (section 2.5).
    split(
      this.#r,
      (key[0] as number) & 0x0fffffff,
      (key[1] as number) & 0x0ffffffc,
      (key[2] as number) & 0x0ffffffc,
      (key[3] as number) & 0x0ffffffc,
    );
    for (let i = 0; i < 4; i++) this.#pad[i] = key[4 + i] as number;
  }

  /** Absorbs `blocks` whole blocks, four words each, from the beginning of `words`. */

  update(words: Int32Array, blocks: number): void {
    // x + ROUND - ROUND is x rounded to a multiple of 2^22. Not beside the class: bundlers turn constants of modules
    // into variables.
    const ROUND = 1.5 * 2 ** 74,
      DOWN = 2 ** -22,
      MASK = 0x3fffff;
    const h = this.#h,
      r = this.#r;
    let h0 = h[0] as number,
      h1 = h[1] as number,
      h2 = h[2] as number,
      h3 = h[3] as number,
      h4 = h[4] as number,
      h5 = h[5] as number;
    const r0 = r[0] as number,
      r1 = r[1] as number,
      r2 = r[2] as number,
      r3 = r[3] as number,
      r4 = r[4] as number,
      r5 = r[5] as number;
    const s1 = r1 * 20,
      s2 = r2 * 20,
      s3 = r3 * 20,
      s4 = r4 * 20,
      s5 = r5 * 20;

    for (let block = 0, at = 0; block < blocks; block++, at += 4) {
      const w0 = words[at] as number,
        w1 = words[at + 1] as number,
        w2 = words[at + 2] as number,
        w3 = words[at + 3] as number;
      const a0 = h0 + (w0 & MASK);
      const a1 = h1 + (((w0 >>> 22) | (w1 << 10)) & MASK);
      const a2 = h2 + (((w1 >>> 12) | (w2 << 20)) & MASK);
      const a3 = h3 + ((w2 >>> 2) & MASK);
      const a4 = h4 + (((w2 >>> 24) | (w3 << 8)) & MASK);
      const a5 = h5 + ((w3 >>> 14) | (1 << 18)); // The bit above the block, 2^128

      let t0 = a0 * r0 + a1 * s5 + a2 * s4 + a3 * s3 + a4 * s2 + a5 * s1;
      let t1 = a0 * r1 + a1 * r0 + a2 * s5 + a3 * s4 + a4 * s3 + a5 * s2;
      let t2 = a0 * r2 + a1 * r1 + a2 * r0 + a3 * s5 + a4 * s4 + a5 * s3;
      let t3 = a0 * r3 + a1 * r2 + a2 * r1 + a3 * r0 + a4 * s5 + a5 * s4;
      let t4 = a0 * r4 + a1 * r3 + a2 * r2 + a3 * r1 + a4 * r0 + a5 * s5;
      let t5 = a0 * r5 + a1 * r4 + a2 * r3 + a3 * r2 + a4 * r1 + a5 * r0;

      // Two chains of carries at once: from limb 0 and from limb 3, each through to where the other began, and one
      // further.
      let carry = t0 + ROUND - ROUND;
      t0 -= carry;
      t1 += carry * DOWN;
      let other = t3 + ROUND - ROUND;
      t3 -= other;
      t4 += other * DOWN;
      carry = t1 + ROUND - ROUND;
      t1 -= carry;
      t2 += carry * DOWN;
      other = t4 + ROUND - ROUND;
      t4 -= other;
      t5 += other * DOWN;
      carry = t2 + ROUND - ROUND;
      t2 -= carry;
      t3 += carry * DOWN;
      other = t5 + ROUND - ROUND;
      t5 -= other;
      t0 += other * (20 * DOWN);
      carry = t3 + ROUND - ROUND;
      t3 -= carry;
      t4 += carry * DOWN;
      other = t0 + ROUND - ROUND;
      t0 -= other;
      t1 += other * DOWN;
      h0 = t0;
      h1 = t1;
      h2 = t2;
      h3 = t3;
      h4 = t4;
      h5 = t5;
    }
    h[0] = h0;
    h[1] = h1;
    h[2] = h2;
    h[3] = h3;
    h[4] = h4;
    h[5] = h5;
  }

  /** Ends the message: 16 bytes of tag. Everything of the one-time key is wiped. */
  finish(tag: Uint8Array): void {
    const limbs = this.#limbs;
    for (let i = 0; i < 6; i++) limbs[i] = this.#h[i] as number;
    // Within 2^132 of zero: what is above 2^130 counts five times. That may lead a little beyond 2^130 or below zero
    // once more.
    normalise(limbs, 5 * normalise(limbs, 5 * normalise(limbs, 0)));
    // At least p: then 5 more is at least 2^130, and that bit is dropped.
    let carry = 5;
    for (let i = 0; i < 6; i++) carry = ((limbs[i] as number) + carry) >> (i < 5 ? 22 : 20);
    normalise(limbs, 5 * carry);

    const l0 = limbs[0] as number,
      l1 = limbs[1] as number,
      l2 = limbs[2] as number;
    const l3 = limbs[3] as number,
      l4 = limbs[4] as number,
      l5 = limbs[5] as number;
    const words = this.#words;
    words[0] = l0 | (l1 << 22);
    words[1] = (l1 >>> 10) | (l2 << 12);
    words[2] = (l2 >>> 20) | (l3 << 2) | (l4 << 24);
    words[3] = (l4 >>> 8) | (l5 << 14);
    // Plus the second half of the key, modulo 2^128.
    let sum = 0;
    for (let i = 0; i < 4; i++) {
      sum = ((words[i] as number) >>> 0) + ((this.#pad[i] as number) >>> 0) + Math.floor(sum / 2 ** 32);
      for (let j = 0; j < 4; j++) tag[4 * i + j] = sum >>> (8 * j);
    }
    for (const memory of [this.#h, this.#r, this.#pad, limbs, words]) memory.fill(0);
  }
}

/** Sixteen bytes as limbs. */
function split(limbs: Float64Array, w0: number, w1: number, w2: number, w3: number): void {
  const MASK = 0x3fffff;
  limbs[0] = w0 & MASK;
  limbs[1] = ((w0 >>> 22) | (w1 << 10)) & MASK;
  limbs[2] = ((w1 >>> 12) | (w2 << 20)) & MASK;
  limbs[3] = (w2 >>> 2) & MASK;
  limbs[4] = ((w2 >>> 24) | (w3 << 8)) & MASK;
  limbs[5] = w3 >>> 14;
}

/** Adds a small number, makes each limb unsigned and as wide as it should be; returns what is left above 2^130. */
function normalise(limbs: Int32Array, addend: number): number {
  let carry = addend;
  for (let i = 0; i < 6; i++) {
    const width = i < 5 ? 22 : 20;
    const limb = (limbs[i] as number) + carry;
    carry = limb >> width;
    limbs[i] = limb & ((1 << width) - 1);
  }
  return carry;
}
