/**
 * @module Multiplication modulo p = 2^384 - 2^128 - 2^96 + 2^32 - 1, the prime of P-384 (SP 800-186 section 3.2.1.4).
 *
 * As p256.ts does it: p is -1 modulo 2^32, so a column's own multiple makes it vanish, one column at a time. 2^32 is
 * 2^8 in limb 1, 2^96 limb 4, 2^128 is 2^8 in limb 5, 2^384 limb 16. p fills its sixteen limbs, so there are seventeen
 * steps of reduction, not sixteen: otherwise results would not become smaller than what went in.
 *
 * Bounds: the last limb is at most V · 2^24. Where V(a) V(b) is at most 31, the highest column, the product of both, is
 * below 2^52.97, and every other, of at most sixteen products, below 2^52.4; what carries and multiples add is below
 * 2^34. V of the result is at most 0.51, R being 2^24 p.
 */
import type { Field, Limbs } from './field.ts';

export const fieldP384: Field = Object.freeze({
  prime: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
  size: 16,
  montgomeryBits: 408,
  multiply,
});

function multiply(out: Limbs, a: Limbs, b: Limbs): void {
  // x + ROUND - ROUND is x rounded to a multiple of 2^24 (field.ts); what is carried counts that much less one limb
  // higher.
  const ROUND = 1.5 * 2 ** 76,
    DOWN = 2 ** -24;
  const a0 = a[0],
    a1 = a[1],
    a2 = a[2],
    a3 = a[3],
    a4 = a[4],
    a5 = a[5],
    a6 = a[6],
    a7 = a[7],
    a8 = a[8],
    a9 = a[9],
    a10 = a[10],
    a11 = a[11],
    a12 = a[12],
    a13 = a[13],
    a14 = a[14],
    a15 = a[15];
  const b0 = b[0],
    b1 = b[1],
    b2 = b[2],
    b3 = b[3],
    b4 = b[4],
    b5 = b[5],
    b6 = b[6],
    b7 = b[7],
    b8 = b[8],
    b9 = b[9],
    b10 = b[10],
    b11 = b[11],
    b12 = b[12],
    b13 = b[13],
    b14 = b[14],
    b15 = b[15];

  let t0 = a0 * b0;
  let t1 = a0 * b1 + a1 * b0;
  let t2 = a0 * b2 + a1 * b1 + a2 * b0;
  let t3 = a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0;
  let t4 = a0 * b4 + a1 * b3 + a2 * b2 + a3 * b1 + a4 * b0;
  let t5 = a0 * b5 + a1 * b4 + a2 * b3 + a3 * b2 + a4 * b1 + a5 * b0;
  let t6 = a0 * b6 + a1 * b5 + a2 * b4 + a3 * b3 + a4 * b2 + a5 * b1 + a6 * b0;
  let t7 = a0 * b7 + a1 * b6 + a2 * b5 + a3 * b4 + a4 * b3 + a5 * b2 + a6 * b1 + a7 * b0;
  let t8 = a0 * b8 + a1 * b7 + a2 * b6 + a3 * b5 + a4 * b4 + a5 * b3 + a6 * b2 + a7 * b1 + a8 * b0;
  let t9 = a0 * b9 + a1 * b8 + a2 * b7 + a3 * b6 + a4 * b5 + a5 * b4 + a6 * b3 + a7 * b2 + a8 * b1 + a9 * b0;
  let t10 =
    a0 * b10 + a1 * b9 + a2 * b8 + a3 * b7 + a4 * b6 + a5 * b5 + a6 * b4 + a7 * b3 + a8 * b2 + a9 * b1 + a10 * b0;
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
  let t12 =
    a0 * b12 +
    a1 * b11 +
    a2 * b10 +
    a3 * b9 +
    a4 * b8 +
    a5 * b7 +
    a6 * b6 +
    a7 * b5 +
    a8 * b4 +
    a9 * b3 +
    a10 * b2 +
    a11 * b1 +
    a12 * b0;
  let t13 =
    a0 * b13 +
    a1 * b12 +
    a2 * b11 +
    a3 * b10 +
    a4 * b9 +
    a5 * b8 +
    a6 * b7 +
    a7 * b6 +
    a8 * b5 +
    a9 * b4 +
    a10 * b3 +
    a11 * b2 +
    a12 * b1 +
    a13 * b0;
  let t14 =
    a0 * b14 +
    a1 * b13 +
    a2 * b12 +
    a3 * b11 +
    a4 * b10 +
    a5 * b9 +
    a6 * b8 +
    a7 * b7 +
    a8 * b6 +
    a9 * b5 +
    a10 * b4 +
    a11 * b3 +
    a12 * b2 +
    a13 * b1 +
    a14 * b0;
  let t15 =
    a0 * b15 +
    a1 * b14 +
    a2 * b13 +
    a3 * b12 +
    a4 * b11 +
    a5 * b10 +
    a6 * b9 +
    a7 * b8 +
    a8 * b7 +
    a9 * b6 +
    a10 * b5 +
    a11 * b4 +
    a12 * b3 +
    a13 * b2 +
    a14 * b1 +
    a15 * b0;
  let t16 =
    a1 * b15 +
    a2 * b14 +
    a3 * b13 +
    a4 * b12 +
    a5 * b11 +
    a6 * b10 +
    a7 * b9 +
    a8 * b8 +
    a9 * b7 +
    a10 * b6 +
    a11 * b5 +
    a12 * b4 +
    a13 * b3 +
    a14 * b2 +
    a15 * b1;
  let t17 =
    a2 * b15 +
    a3 * b14 +
    a4 * b13 +
    a5 * b12 +
    a6 * b11 +
    a7 * b10 +
    a8 * b9 +
    a9 * b8 +
    a10 * b7 +
    a11 * b6 +
    a12 * b5 +
    a13 * b4 +
    a14 * b3 +
    a15 * b2;
  let t18 =
    a3 * b15 +
    a4 * b14 +
    a5 * b13 +
    a6 * b12 +
    a7 * b11 +
    a8 * b10 +
    a9 * b9 +
    a10 * b8 +
    a11 * b7 +
    a12 * b6 +
    a13 * b5 +
    a14 * b4 +
    a15 * b3;
  let t19 =
    a4 * b15 +
    a5 * b14 +
    a6 * b13 +
    a7 * b12 +
    a8 * b11 +
    a9 * b10 +
    a10 * b9 +
    a11 * b8 +
    a12 * b7 +
    a13 * b6 +
    a14 * b5 +
    a15 * b4;
  let t20 =
    a5 * b15 +
    a6 * b14 +
    a7 * b13 +
    a8 * b12 +
    a9 * b11 +
    a10 * b10 +
    a11 * b9 +
    a12 * b8 +
    a13 * b7 +
    a14 * b6 +
    a15 * b5;
  let t21 =
    a6 * b15 + a7 * b14 + a8 * b13 + a9 * b12 + a10 * b11 + a11 * b10 + a12 * b9 + a13 * b8 + a14 * b7 + a15 * b6;
  let t22 = a7 * b15 + a8 * b14 + a9 * b13 + a10 * b12 + a11 * b11 + a12 * b10 + a13 * b9 + a14 * b8 + a15 * b7;
  let t23 = a8 * b15 + a9 * b14 + a10 * b13 + a11 * b12 + a12 * b11 + a13 * b10 + a14 * b9 + a15 * b8;
  let t24 = a9 * b15 + a10 * b14 + a11 * b13 + a12 * b12 + a13 * b11 + a14 * b10 + a15 * b9;
  let t25 = a10 * b15 + a11 * b14 + a12 * b13 + a13 * b12 + a14 * b11 + a15 * b10;
  let t26 = a11 * b15 + a12 * b14 + a13 * b13 + a14 * b12 + a15 * b11;
  let t27 = a12 * b15 + a13 * b14 + a14 * b13 + a15 * b12;
  let t28 = a13 * b15 + a14 * b14 + a15 * b13;
  let t29 = a14 * b15 + a15 * b14;
  let t30 = a15 * b15;
  let t31 = 0,
    t32 = 0;
  let carry;

  carry = t0 + ROUND - ROUND;
  t0 -= carry;
  t1 += carry * DOWN;
  t1 += t0 * 256;
  t4 -= t0;
  t5 -= t0 * 256;
  t16 += t0;
  carry = t1 + ROUND - ROUND;
  t1 -= carry;
  t2 += carry * DOWN;
  t2 += t1 * 256;
  t5 -= t1;
  t6 -= t1 * 256;
  t17 += t1;
  carry = t2 + ROUND - ROUND;
  t2 -= carry;
  t3 += carry * DOWN;
  t3 += t2 * 256;
  t6 -= t2;
  t7 -= t2 * 256;
  t18 += t2;
  carry = t3 + ROUND - ROUND;
  t3 -= carry;
  t4 += carry * DOWN;
  t4 += t3 * 256;
  t7 -= t3;
  t8 -= t3 * 256;
  t19 += t3;
  carry = t4 + ROUND - ROUND;
  t4 -= carry;
  t5 += carry * DOWN;
  t5 += t4 * 256;
  t8 -= t4;
  t9 -= t4 * 256;
  t20 += t4;
  carry = t5 + ROUND - ROUND;
  t5 -= carry;
  t6 += carry * DOWN;
  t6 += t5 * 256;
  t9 -= t5;
  t10 -= t5 * 256;
  t21 += t5;
  carry = t6 + ROUND - ROUND;
  t6 -= carry;
  t7 += carry * DOWN;
  t7 += t6 * 256;
  t10 -= t6;
  t11 -= t6 * 256;
  t22 += t6;
  carry = t7 + ROUND - ROUND;
  t7 -= carry;
  t8 += carry * DOWN;
  t8 += t7 * 256;
  t11 -= t7;
  t12 -= t7 * 256;
  t23 += t7;
  carry = t8 + ROUND - ROUND;
  t8 -= carry;
  t9 += carry * DOWN;
  t9 += t8 * 256;
  t12 -= t8;
  t13 -= t8 * 256;
  t24 += t8;
  carry = t9 + ROUND - ROUND;
  t9 -= carry;
  t10 += carry * DOWN;
  t10 += t9 * 256;
  t13 -= t9;
  t14 -= t9 * 256;
  t25 += t9;
  carry = t10 + ROUND - ROUND;
  t10 -= carry;
  t11 += carry * DOWN;
  t11 += t10 * 256;
  t14 -= t10;
  t15 -= t10 * 256;
  t26 += t10;
  carry = t11 + ROUND - ROUND;
  t11 -= carry;
  t12 += carry * DOWN;
  t12 += t11 * 256;
  t15 -= t11;
  t16 -= t11 * 256;
  t27 += t11;
  carry = t12 + ROUND - ROUND;
  t12 -= carry;
  t13 += carry * DOWN;
  t13 += t12 * 256;
  t16 -= t12;
  t17 -= t12 * 256;
  t28 += t12;
  carry = t13 + ROUND - ROUND;
  t13 -= carry;
  t14 += carry * DOWN;
  t14 += t13 * 256;
  t17 -= t13;
  t18 -= t13 * 256;
  t29 += t13;
  carry = t14 + ROUND - ROUND;
  t14 -= carry;
  t15 += carry * DOWN;
  t15 += t14 * 256;
  t18 -= t14;
  t19 -= t14 * 256;
  t30 += t14;
  carry = t15 + ROUND - ROUND;
  t15 -= carry;
  t16 += carry * DOWN;
  t16 += t15 * 256;
  t19 -= t15;
  t20 -= t15 * 256;
  t31 += t15;
  carry = t16 + ROUND - ROUND;
  t16 -= carry;
  t17 += carry * DOWN;
  t17 += t16 * 256;
  t20 -= t16;
  t21 -= t16 * 256;
  t32 += t16;

  carry = t17 + ROUND - ROUND;
  out[0] = t17 - carry;
  t18 += carry * DOWN;
  carry = t18 + ROUND - ROUND;
  out[1] = t18 - carry;
  t19 += carry * DOWN;
  carry = t19 + ROUND - ROUND;
  out[2] = t19 - carry;
  t20 += carry * DOWN;
  carry = t20 + ROUND - ROUND;
  out[3] = t20 - carry;
  t21 += carry * DOWN;
  carry = t21 + ROUND - ROUND;
  out[4] = t21 - carry;
  t22 += carry * DOWN;
  carry = t22 + ROUND - ROUND;
  out[5] = t22 - carry;
  t23 += carry * DOWN;
  carry = t23 + ROUND - ROUND;
  out[6] = t23 - carry;
  t24 += carry * DOWN;
  carry = t24 + ROUND - ROUND;
  out[7] = t24 - carry;
  t25 += carry * DOWN;
  carry = t25 + ROUND - ROUND;
  out[8] = t25 - carry;
  t26 += carry * DOWN;
  carry = t26 + ROUND - ROUND;
  out[9] = t26 - carry;
  t27 += carry * DOWN;
  carry = t27 + ROUND - ROUND;
  out[10] = t27 - carry;
  t28 += carry * DOWN;
  carry = t28 + ROUND - ROUND;
  out[11] = t28 - carry;
  t29 += carry * DOWN;
  carry = t29 + ROUND - ROUND;
  out[12] = t29 - carry;
  t30 += carry * DOWN;
  carry = t30 + ROUND - ROUND;
  out[13] = t30 - carry;
  t31 += carry * DOWN;
  carry = t31 + ROUND - ROUND;
  out[14] = t31 - carry;
  t32 += carry * DOWN;
  out[15] = t32;
}
