/**
 * @module X25519 (RFC 7748 section 5) on doubles: the Montgomery ladder, in the same steps whatever the secret.
 *
 * The field is that of D. J. Bernstein, "Curve25519: new Diffie-Hellman speed records" (2006), section 4: an integer
 * modulo p = 2^255 - 19 is the sum of twelve doubles, of which number i is a multiple of 2^ceil(21.25 i). The exponents
 * of floating point keep the places, so that products need no shifting, and a carry is an addition and a subtraction of
 * a constant.
 *
 * Bounds: "reduced" means that limb i is at most half of what limb i + 1 counts in (limb 1 a 200th more, by the last
 * carry). A column of products of reduced limbs is then below 2^49 times its own unit, by the sum over all twelve;
 * doubles are exact up to 2^53. So factors may be sums or differences of two reduced numbers, which makes it 2^51.
 * `bytes` that are read give unsigned limbs, twice as large, and are used as a factor beside a reduced number only, or
 * in such a sum.
 *
 * No branch and no index depends on the secret, and no double is ever subnormal, infinite or not a number. What a
 * JavaScript engine makes of that, before and after it compiles, nobody promises.
 */

import { ownMemory } from '../../keys/secret.ts';

/** The unit of limb i is 2^PLACE[i]; the last entry is where it wraps around. */
const PLACE = [0, 22, 43, 64, 85, 107, 128, 149, 170, 192, 213, 234, 255] as const;
const WIDTH: readonly number[] = PLACE.slice(1).map((place, i) => place - (PLACE[i] as number));
const LIMBS = 12;

/** A limb that is carried up is worth this in limb 0: 2^255 is 19. */
const WRAP = 19 * 2 ** -255;

// x + ROUND[i] - ROUND[i] is x rounded to a multiple of the unit of limb i + 1.
const ROUND = Float64Array.from(PLACE.slice(1), (place) => 1.5 * 2 ** (52 + place));

type Limbs = Float64Array & Record<0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11, number>;

const newElement = (): Limbs => new Float64Array(LIMBS) as Limbs;

/** The u coordinate 9. */
export const BASE_POINT: Uint8Array = Uint8Array.of(9, ...new Uint8Array(31));

// Working memory of one multiplication, wiped behind it: there is never a second at the same time.
const bits = new Uint8Array(32);
const [x1, x2, z2, x3, z3, a, b, c, d, e] = Array.from({ length: 10 }, newElement) as [
  Limbs,
  Limbs,
  Limbs,
  Limbs,
  Limbs,
  Limbs,
  Limbs,
  Limbs,
  Limbs,
  Limbs,
];
const whole = new Int32Array(LIMBS);

/**
 * The u coordinate of `scalar` times the point whose u coordinate is `u`, 32 bytes each; the scalar is clamped here.
 * All zero for a point of low order: the caller must look (RFC 7748 section 6.1).
 */
export function x25519(scalar: Uint8Array, u: Uint8Array): Uint8Array {
  bits.set(scalar);
  bits[0] = (bits[0] as number) & 248;
  bits[31] = ((bits[31] as number) & 127) | 64;

  read(x1, u);
  x2.fill(0);
  x2[0] = 1;
  z2.fill(0);
  x3.set(x1);
  z3.set(x2);
  let swapped = 0;
  for (let t = 254; t >= 0; t--) {
    const bit = ((bits[t >> 3] as number) >> (t & 7)) & 1;
    exchange(swapped ^ bit, x2, x3);
    exchange(swapped ^ bit, z2, z3);
    swapped = bit;
    step();
  }
  exchange(swapped, x2, x3);
  exchange(swapped, z2, z3);
  invert(z2, z2);
  multiply(x2, x2, z2);
  const result = write(x2);

  bits.fill(0);
  for (const element of [x1, x2, z2, x3, z3, a, b, c, d, e]) element.fill(0);
  whole.fill(0);
  return result;
}

/** One rung: (x2, z2) doubled, (x3, z3) the sum of both, with names as in RFC 7748. */
function step(): void {
  add(a, x2, z2); // A
  subtract(b, x2, z2); // B
  add(c, x3, z3); // C
  subtract(d, x3, z3); // D
  multiply(d, d, a); // DA
  multiply(c, c, b); // CB
  add(x3, d, c);
  multiply(x3, x3, x3);
  subtract(z3, d, c);
  multiply(z3, z3, z3);
  multiply(z3, z3, x1);
  multiply(a, a, a); // AA
  multiply(b, b, b); // BB
  multiply(x2, a, b);
  subtract(e, a, b); // E
  times121665(c, e);
  add(c, c, a);
  multiply(z2, e, c);
}

/** Exchanges the two if `bit` is 1; the same work if it is 0. */
function exchange(bit: number, p: Limbs, q: Limbs): void {
  for (let i = 0; i < p.length; i++) {
    const difference = ((p[i] as number) - (q[i] as number)) * bit;
    p[i] = (p[i] as number) - difference;
    q[i] = (q[i] as number) + difference;
  }
}

function add(out: Limbs, p: Limbs, q: Limbs): void {
  for (let i = 0; i < out.length; i++) out[i] = (p[i] as number) + (q[i] as number);
}

function subtract(out: Limbs, p: Limbs, q: Limbs): void {
  for (let i = 0; i < out.length; i++) out[i] = (p[i] as number) - (q[i] as number);
}

/** (486662 - 2) / 4 times `p`, reduced. */
function times121665(out: Limbs, p: Limbs): void {
  const round = ROUND;
  let carry = 0;
  for (let i = 0; i < out.length; i++) {
    const limb = (p[i] as number) * 121665 + carry;
    carry = limb + (round[i] as number) - (round[i] as number);
    out[i] = limb - carry;
  }
  const first = out[0] + carry * WRAP;
  carry = first + (round[0] as number) - (round[0] as number);
  out[0] = first - carry;
  out[1] += carry;
}

/** p^(2^255 - 21), the inverse by Fermat; zero for zero. */
function invert(out: Limbs, p: Limbs): void {
  square(a, p, 1); // p^2
  square(b, a, 2); // p^8
  multiply(b, b, p); // p^9
  multiply(a, a, b); // p^11, kept in a to the end
  square(c, a, 1);
  multiply(b, b, c); // p^(2^5 - 1)
  square(c, b, 5);
  multiply(b, c, b); // p^(2^10 - 1)
  square(c, b, 10);
  multiply(c, c, b); // p^(2^20 - 1)
  square(d, c, 20);
  multiply(c, d, c); // p^(2^40 - 1)
  square(c, c, 10);
  multiply(b, c, b); // p^(2^50 - 1)
  square(c, b, 50);
  multiply(c, c, b); // p^(2^100 - 1)
  square(d, c, 100);
  multiply(c, d, c); // p^(2^200 - 1)
  square(c, c, 50);
  multiply(b, c, b); // p^(2^250 - 1)
  square(b, b, 5);
  multiply(out, b, a);
}

/** p^(2^times). */
function square(out: Limbs, p: Limbs, times: number): void {
  multiply(out, p, p);
  for (let i = 1; i < times; i++) multiply(out, out, out);
}

/** `out` = p q, reduced; it may be one of the factors. */

function multiply(out: Limbs, p: Limbs, q: Limbs): void {
  // Here, and not beside the function, since bundlers turn constants of modules into variables, which are slower.
  const wrap = 19 * 2 ** -255;
  const round1 = 1.5 * 2 ** 74,
    round2 = 1.5 * 2 ** 95,
    round3 = 1.5 * 2 ** 116,
    round4 = 1.5 * 2 ** 137;
  const round5 = 1.5 * 2 ** 159,
    round6 = 1.5 * 2 ** 180,
    round7 = 1.5 * 2 ** 201,
    round8 = 1.5 * 2 ** 222;
  const round9 = 1.5 * 2 ** 244,
    round10 = 1.5 * 2 ** 265,
    round11 = 1.5 * 2 ** 286,
    round12 = 1.5 * 2 ** 307;
  const a0 = p[0],
    a1 = p[1],
    a2 = p[2],
    a3 = p[3],
    a4 = p[4],
    a5 = p[5],
    a6 = p[6],
    a7 = p[7],
    a8 = p[8],
    a9 = p[9],
    a10 = p[10],
    a11 = p[11];
  const b0 = q[0],
    b1 = q[1],
    b2 = q[2],
    b3 = q[3],
    b4 = q[4],
    b5 = q[5],
    b6 = q[6],
    b7 = q[7],
    b8 = q[8],
    b9 = q[9],
    b10 = q[10],
    b11 = q[11];
  const w1 = b1 * wrap,
    w2 = b2 * wrap,
    w3 = b3 * wrap,
    w4 = b4 * wrap,
    w5 = b5 * wrap,
    w6 = b6 * wrap,
    w7 = b7 * wrap,
    w8 = b8 * wrap,
    w9 = b9 * wrap,
    w10 = b10 * wrap,
    w11 = b11 * wrap;

  let t0 =
    a0 * b0 +
    a1 * w11 +
    a2 * w10 +
    a3 * w9 +
    a4 * w8 +
    a5 * w7 +
    a6 * w6 +
    a7 * w5 +
    a8 * w4 +
    a9 * w3 +
    a10 * w2 +
    a11 * w1;
  let t1 =
    a0 * b1 +
    a1 * b0 +
    a2 * w11 +
    a3 * w10 +
    a4 * w9 +
    a5 * w8 +
    a6 * w7 +
    a7 * w6 +
    a8 * w5 +
    a9 * w4 +
    a10 * w3 +
    a11 * w2;
  let t2 =
    a0 * b2 +
    a1 * b1 +
    a2 * b0 +
    a3 * w11 +
    a4 * w10 +
    a5 * w9 +
    a6 * w8 +
    a7 * w7 +
    a8 * w6 +
    a9 * w5 +
    a10 * w4 +
    a11 * w3;
  let t3 =
    a0 * b3 +
    a1 * b2 +
    a2 * b1 +
    a3 * b0 +
    a4 * w11 +
    a5 * w10 +
    a6 * w9 +
    a7 * w8 +
    a8 * w7 +
    a9 * w6 +
    a10 * w5 +
    a11 * w4;
  let t4 =
    a0 * b4 +
    a1 * b3 +
    a2 * b2 +
    a3 * b1 +
    a4 * b0 +
    a5 * w11 +
    a6 * w10 +
    a7 * w9 +
    a8 * w8 +
    a9 * w7 +
    a10 * w6 +
    a11 * w5;
  let t5 =
    a0 * b5 +
    a1 * b4 +
    a2 * b3 +
    a3 * b2 +
    a4 * b1 +
    a5 * b0 +
    a6 * w11 +
    a7 * w10 +
    a8 * w9 +
    a9 * w8 +
    a10 * w7 +
    a11 * w6;
  let t6 =
    a0 * b6 +
    a1 * b5 +
    a2 * b4 +
    a3 * b3 +
    a4 * b2 +
    a5 * b1 +
    a6 * b0 +
    a7 * w11 +
    a8 * w10 +
    a9 * w9 +
    a10 * w8 +
    a11 * w7;
  let t7 =
    a0 * b7 +
    a1 * b6 +
    a2 * b5 +
    a3 * b4 +
    a4 * b3 +
    a5 * b2 +
    a6 * b1 +
    a7 * b0 +
    a8 * w11 +
    a9 * w10 +
    a10 * w9 +
    a11 * w8;
  let t8 =
    a0 * b8 +
    a1 * b7 +
    a2 * b6 +
    a3 * b5 +
    a4 * b4 +
    a5 * b3 +
    a6 * b2 +
    a7 * b1 +
    a8 * b0 +
    a9 * w11 +
    a10 * w10 +
    a11 * w9;
  let t9 =
    a0 * b9 +
    a1 * b8 +
    a2 * b7 +
    a3 * b6 +
    a4 * b5 +
    a5 * b4 +
    a6 * b3 +
    a7 * b2 +
    a8 * b1 +
    a9 * b0 +
    a10 * w11 +
    a11 * w10;
  let t10 =
    a0 * b10 +
    a1 * b9 +
    a2 * b8 +
    a3 * b7 +
    a4 * b6 +
    a5 * b5 +
    a6 * b4 +
    a7 * b3 +
    a8 * b2 +
    a9 * b1 +
    a10 * b0 +
    a11 * w11;
  let t11 =
    a0 * b11 +
    a1 * b10 +
    a2 * b9 +
    a3 * b8 +
    a4 * b7 +
    a5 * b6 +
    a6 * b5 +
    a7 * b4 +
    a8 * b3 +
    a9 * b2 +
    a10 * b1 +
    a11 * b0;
  let carry;

  carry = t0 + round1 - round1;
  t0 -= carry;
  t1 += carry;
  carry = t1 + round2 - round2;
  t1 -= carry;
  t2 += carry;
  carry = t2 + round3 - round3;
  t2 -= carry;
  t3 += carry;
  carry = t3 + round4 - round4;
  t3 -= carry;
  t4 += carry;
  carry = t4 + round5 - round5;
  t4 -= carry;
  t5 += carry;
  carry = t5 + round6 - round6;
  t5 -= carry;
  t6 += carry;
  carry = t6 + round7 - round7;
  t6 -= carry;
  t7 += carry;
  carry = t7 + round8 - round8;
  t7 -= carry;
  t8 += carry;
  carry = t8 + round9 - round9;
  t8 -= carry;
  t9 += carry;
  carry = t9 + round10 - round10;
  t9 -= carry;
  t10 += carry;
  carry = t10 + round11 - round11;
  t10 -= carry;
  t11 += carry;
  carry = t11 + round12 - round12;
  t11 -= carry;
  t0 += carry * wrap;
  carry = t0 + round1 - round1;
  t0 -= carry;
  t1 += carry;

  out[0] = t0;
  out[1] = t1;
  out[2] = t2;
  out[3] = t3;
  out[4] = t4;
  out[5] = t5;
  out[6] = t6;
  out[7] = t7;
  out[8] = t8;
  out[9] = t9;
  out[10] = t10;
  out[11] = t11;
}

/**
 * 255 bits, little-endian; the last is ignored, and what is not below p counts as what it is modulo p (RFC 7748 section
 * 5).
 */
function read(out: Limbs, bytes: Uint8Array): void {
  for (let i = 0; i < LIMBS; i++) {
    const place = PLACE[i] as number;
    const from = place >> 3;
    let word = 0;
    for (let j = 3; j >= 0; j--) word = (word << 8) | (bytes[from + j] ?? 0);
    out[i] = ((word >>> (place & 7)) & ((1 << (WIDTH[i] as number)) - 1)) * 2 ** place;
  }
}

/** The one of its representatives that is from 0 to p - 1, 32 bytes. */
function write(p: Limbs): Uint8Array {
  for (let i = 0; i < LIMBS; i++) whole[i] = (p[i] as number) * 2 ** -(PLACE[i] as number);
  // Reduced, the number is within 2^254 of zero and a bit more: one wrap makes it positive, the second pass its limbs.
  normalise(19 * normalise(0));
  // At least p: then 19 more is at least 2^255, and that bit is dropped.
  let carry = 19;
  for (let i = 0; i < LIMBS; i++) carry = ((whole[i] as number) + carry) >> (WIDTH[i] as number);
  normalise(19 * carry);

  const bytes = ownMemory(32);
  let [word, filled, at] = [0, 0, 0];
  for (let i = 0; i < LIMBS; i++) {
    word |= (whole[i] as number) << filled;
    for (filled += WIDTH[i] as number; filled >= 8; filled -= 8) {
      bytes[at++] = word;
      word >>>= 8;
    }
  }
  bytes[at] = word;
  return bytes;
}

/**
 * Adds a small number, makes each limb of `whole` unsigned and as wide as it should be; returns what is left above, for
 * 2^255.
 */
function normalise(addend: number): number {
  let carry = addend;
  for (let i = 0; i < LIMBS; i++) {
    const limb = (whole[i] as number) + carry;
    carry = limb >> (WIDTH[i] as number);
    whole[i] = limb & ((1 << (WIDTH[i] as number)) - 1);
  }
  return carry;
}
