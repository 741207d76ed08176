/**
 * @module GHASH (NIST SP 800-38D section 6.4) without tables that are looked up: multiplication in GF(2)[x] by integers
 * with holes.
 *
 * Every fourth bit of a word alone, so that carries of an integer product stay in the three bits between and are masked
 * away: at most eight ones meet in a place, and 15 would fit. Sixteen such products give the low half of a product of
 * two words; the high half is the low half of the words reversed (T. Pornin, "BearSSL: constant-time crypto", on
 * GHASH). Nine word products make one of four words, by Karatsuba twice. No address and no branch depends on a secret.
 *
 * Bits: a block is read as a big-endian integer, in which the coefficient of x^0 is the highest bit, as the standard
 * has it.
 */

/** Operands of Karatsuba's products: for nine low halves, and reversed for nine high ones. */
const OPERANDS = 18;

/** GHASH under one key; its state begins at zero with {@link Ghash.begin}. */
export class Ghash {
  /** Each operand of the key as four words, of every fourth bit. */
  readonly #key = new Int32Array(4 * OPERANDS);
  readonly #y = new Int32Array(4);

  /** @param h - the block cipher's image of zero: four words, little-endian in memory. */
  constructor(h: Int32Array) {
    operands(swap(h[3] as number), swap(h[2] as number), swap(h[1] as number), swap(h[0] as number));
    for (let i = 0; i < OPERANDS; i++)
      for (let j = 0; j < 4; j++) this.#key[4 * i + j] = (factors[i] as number) & (0x11111111 << j);
    wipe();
  }

  begin(): void {
    this.#y.fill(0);
  }

  /** Absorbs `blocks` whole blocks, four words each, little-endian in memory, from the beginning of `words`. */
  update(words: Int32Array, blocks: number): void {
    const y = this.#y;
    for (let block = 0, at = 0; block < blocks; block++, at += 4) {
      // y[0] is the lowest word of the integer, the last of the block.
      y[0] = (y[0] as number) ^ swap(words[at + 3] as number);
      y[1] = (y[1] as number) ^ swap(words[at + 2] as number);
      y[2] = (y[2] as number) ^ swap(words[at + 1] as number);
      y[3] = (y[3] as number) ^ swap(words[at] as number);
      multiply(y, this.#key);
    }
  }

  /** The hash, four words little-endian in memory. */
  finish(out: Int32Array): void {
    for (let i = 0; i < 4; i++) out[i] = swap(this.#y[3 - i] as number);
    this.#y.fill(0);
    wipe();
  }

  dispose(): void {
    this.#key.fill(0);
    this.#y.fill(0);
  }
}

// Working memory of one multiplication, overwritten by each.
const factors = new Int32Array(OPERANDS);
const products = new Int32Array(OPERANDS);

function wipe(): void {
  factors.fill(0);
  products.fill(0);
}

/** The nine operands of two levels of Karatsuba, and the same of the words reversed. */
function operands(w0: number, w1: number, w2: number, w3: number): void {
  const x = factors;
  for (let i = 0; i < x.length; i += 9) {
    x[i] = w0;
    x[i + 1] = w1;
    x[i + 2] = w0 ^ w1;
    x[i + 3] = w2;
    x[i + 4] = w3;
    x[i + 5] = w2 ^ w3;
    x[i + 6] = w0 ^ w2;
    x[i + 7] = w1 ^ w3;
    x[i + 8] = w0 ^ w1 ^ w2 ^ w3;
    w0 = reverse(w0);
    w1 = reverse(w1);
    w2 = reverse(w2);
    w3 = reverse(w3);
  }
}

/** y = y · h modulo x^128 + x^7 + x^2 + x + 1. */

function multiply(y: Int32Array, key: Int32Array): void {
  // Bundlers turn constants of modules into variables, which are slower.
  const x = factors,
    p = products;
  operands(y[0] as number, y[1] as number, y[2] as number, y[3] as number);
  for (let i = 0, at = 0; i < x.length; i++, at += 4) {
    const word = x[i] as number;
    const x0 = word & 0x11111111,
      x1 = word & 0x22222222,
      x2 = word & 0x44444444,
      x3 = word & 0x88888888;
    const h0 = key[at] as number,
      h1 = key[at + 1] as number,
      h2 = key[at + 2] as number,
      h3 = key[at + 3] as number;
    const z0 = Math.imul(x0, h0) ^ Math.imul(x1, h3) ^ Math.imul(x2, h2) ^ Math.imul(x3, h1);
    const z1 = Math.imul(x0, h1) ^ Math.imul(x1, h0) ^ Math.imul(x2, h3) ^ Math.imul(x3, h2);
    const z2 = Math.imul(x0, h2) ^ Math.imul(x1, h1) ^ Math.imul(x2, h0) ^ Math.imul(x3, h3);
    const z3 = Math.imul(x0, h3) ^ Math.imul(x1, h2) ^ Math.imul(x2, h1) ^ Math.imul(x3, h0);
    p[i] = (z0 & 0x11111111) | (z1 & 0x22222222) | (z2 & 0x44444444) | (z3 & 0x88888888);
  }
  // A product of 63 bits: its low word, and the reversed product's low word back in order, which ends one bit higher.
  for (let i = 9; i < x.length; i++) p[i] = reverse(p[i] as number) >>> 1;
  const l0 = p[0] as number,
    l1 = p[1] as number,
    l2 = p[2] as number,
    l3 = p[3] as number,
    l4 = p[4] as number;
  const l5 = p[5] as number,
    l6 = p[6] as number,
    l7 = p[7] as number,
    l8 = p[8] as number;
  const h0 = p[9] as number,
    h1 = p[10] as number,
    h2 = p[11] as number,
    h3 = p[12] as number,
    h4 = p[13] as number;
  const h5 = p[14] as number,
    h6 = p[15] as number,
    h7 = p[16] as number,
    h8 = p[17] as number;

  // Three products of two words each: low halves, high halves, and their sums.
  const a0 = l0,
    a1 = h0 ^ l0 ^ l1 ^ l2,
    a2 = l1 ^ h0 ^ h1 ^ h2,
    a3 = h1;
  const b0 = l3,
    b1 = h3 ^ l3 ^ l4 ^ l5,
    b2 = l4 ^ h3 ^ h4 ^ h5,
    b3 = h4;
  const c0 = l6,
    c1 = h6 ^ l6 ^ l7 ^ l8,
    c2 = l7 ^ h6 ^ h7 ^ h8,
    c3 = h7;
  const z0 = a0,
    z1 = a1,
    z2 = a2 ^ c0 ^ a0 ^ b0,
    z3 = a3 ^ c1 ^ a1 ^ b1,
    z4 = b0 ^ c2 ^ a2 ^ b2,
    z5 = b1 ^ c3 ^ a3 ^ b3,
    z6 = b2,
    z7 = b3;

  // Of 255 bits, the highest being x^0: one place up makes it 256.
  const d0 = z0 << 1,
    d1 = (z1 << 1) | (z0 >>> 31),
    d2 = (z2 << 1) | (z1 >>> 31),
    d3 = (z3 << 1) | (z2 >>> 31);
  const d4 = (z4 << 1) | (z3 >>> 31),
    d5 = (z5 << 1) | (z4 >>> 31),
    d6 = (z6 << 1) | (z5 >>> 31),
    d7 = (z7 << 1) | (z6 >>> 31);
  // The low half is x^128 and above: x^128 is x^7 + x^2 + x + 1, and x is a place down. From the highest power on.
  const e3 = d3 ^ (d0 << 31) ^ (d0 << 30) ^ (d0 << 25);
  const e4 = d4 ^ d0 ^ (d0 >>> 1) ^ (d0 >>> 2) ^ (d0 >>> 7) ^ (d1 << 31) ^ (d1 << 30) ^ (d1 << 25);
  const e5 = d5 ^ d1 ^ (d1 >>> 1) ^ (d1 >>> 2) ^ (d1 >>> 7) ^ (d2 << 31) ^ (d2 << 30) ^ (d2 << 25);
  const e6 = d6 ^ d2 ^ (d2 >>> 1) ^ (d2 >>> 2) ^ (d2 >>> 7) ^ (e3 << 31) ^ (e3 << 30) ^ (e3 << 25);
  y[0] = e4;
  y[1] = e5;
  y[2] = e6;
  y[3] = d7 ^ e3 ^ (e3 >>> 1) ^ (e3 >>> 2) ^ (e3 >>> 7);
}

/** The bits of a word in reverse order. */
function reverse(w: number): number {
  w = ((w >>> 1) & 0x55555555) | ((w & 0x55555555) << 1);
  w = ((w >>> 2) & 0x33333333) | ((w & 0x33333333) << 2);
  w = ((w >>> 4) & 0x0f0f0f0f) | ((w & 0x0f0f0f0f) << 4);
  return swap(w);
}

/** The bytes of a word in reverse order. */
const swap = (w: number): number => (w << 24) | ((w & 0xff00) << 8) | ((w >>> 8) & 0xff00) | (w >>> 24);
