/**
 * @module Multiplication modulo p = 2^256 - 2^224 + 2^192 + 2^96 - 1, the prime of P-256 (SP 800-186 section 3.2.1.3).
 *
 * Columns of the product first, then Montgomery's reduction from below: since p is -1 modulo 2^96, the multiple of p
 * that makes a column vanish is the column itself, and what it adds higher up are shifts: 2^96 is limb 4, 2^192 limb 8,
 * 2^224 is 2^8 in limb 9, 2^256 is 2^16 in limb 10. Each column is first rounded to 24 bits and the rest carried, so
 * the multiples stay small.
 *
 * Bounds: eleven products of two reduced limbs are below 2^49.6, and what is added to a column by carries and multiples
 * is below 2^41. The multiple of p is at most R (1/2 + 2^-23), hence V of the result at most 0.51 + V(a) V(b) / 2^8, R
 * being 2^8 p.
 */
import type { Field, Limbs } from './field.ts';

export const fieldP256: Field = Object.freeze({
  prime: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
  size: 11,
  montgomeryBits: 264,
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
    a10 = a[10];
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
    b10 = b[10];

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
  let t11 = a1 * b10 + a2 * b9 + a3 * b8 + a4 * b7 + a5 * b6 + a6 * b5 + a7 * b4 + a8 * b3 + a9 * b2 + a10 * b1;
  let t12 = a2 * b10 + a3 * b9 + a4 * b8 + a5 * b7 + a6 * b6 + a7 * b5 + a8 * b4 + a9 * b3 + a10 * b2;
  let t13 = a3 * b10 + a4 * b9 + a5 * b8 + a6 * b7 + a7 * b6 + a8 * b5 + a9 * b4 + a10 * b3;
  let t14 = a4 * b10 + a5 * b9 + a6 * b8 + a7 * b7 + a8 * b6 + a9 * b5 + a10 * b4;
  let t15 = a5 * b10 + a6 * b9 + a7 * b8 + a8 * b7 + a9 * b6 + a10 * b5;
  let t16 = a6 * b10 + a7 * b9 + a8 * b8 + a9 * b7 + a10 * b6;
  let t17 = a7 * b10 + a8 * b9 + a9 * b8 + a10 * b7;
  let t18 = a8 * b10 + a9 * b9 + a10 * b8;
  let t19 = a9 * b10 + a10 * b9;
  let t20 = a10 * b10;
  let t21 = 0;
  let carry;

  carry = t0 + ROUND - ROUND;
  t0 -= carry;
  t1 += carry * DOWN;
  t4 += t0;
  t8 += t0;
  t9 -= t0 * 256;
  t10 += t0 * 65536;
  carry = t1 + ROUND - ROUND;
  t1 -= carry;
  t2 += carry * DOWN;
  t5 += t1;
  t9 += t1;
  t10 -= t1 * 256;
  t11 += t1 * 65536;
  carry = t2 + ROUND - ROUND;
  t2 -= carry;
  t3 += carry * DOWN;
  t6 += t2;
  t10 += t2;
  t11 -= t2 * 256;
  t12 += t2 * 65536;
  carry = t3 + ROUND - ROUND;
  t3 -= carry;
  t4 += carry * DOWN;
  t7 += t3;
  t11 += t3;
  t12 -= t3 * 256;
  t13 += t3 * 65536;
  carry = t4 + ROUND - ROUND;
  t4 -= carry;
  t5 += carry * DOWN;
  t8 += t4;
  t12 += t4;
  t13 -= t4 * 256;
  t14 += t4 * 65536;
  carry = t5 + ROUND - ROUND;
  t5 -= carry;
  t6 += carry * DOWN;
  t9 += t5;
  t13 += t5;
  t14 -= t5 * 256;
  t15 += t5 * 65536;
  carry = t6 + ROUND - ROUND;
  t6 -= carry;
  t7 += carry * DOWN;
  t10 += t6;
  t14 += t6;
  t15 -= t6 * 256;
  t16 += t6 * 65536;
  carry = t7 + ROUND - ROUND;
  t7 -= carry;
  t8 += carry * DOWN;
  t11 += t7;
  t15 += t7;
  t16 -= t7 * 256;
  t17 += t7 * 65536;
  carry = t8 + ROUND - ROUND;
  t8 -= carry;
  t9 += carry * DOWN;
  t12 += t8;
  t16 += t8;
  t17 -= t8 * 256;
  t18 += t8 * 65536;
  carry = t9 + ROUND - ROUND;
  t9 -= carry;
  t10 += carry * DOWN;
  t13 += t9;
  t17 += t9;
  t18 -= t9 * 256;
  t19 += t9 * 65536;
  carry = t10 + ROUND - ROUND;
  t10 -= carry;
  t11 += carry * DOWN;
  t14 += t10;
  t18 += t10;
  t19 -= t10 * 256;
  t20 += t10 * 65536;

  carry = t11 + ROUND - ROUND;
  out[0] = t11 - carry;
  t12 += carry * DOWN;
  carry = t12 + ROUND - ROUND;
  out[1] = t12 - carry;
  t13 += carry * DOWN;
  carry = t13 + ROUND - ROUND;
  out[2] = t13 - carry;
  t14 += carry * DOWN;
  carry = t14 + ROUND - ROUND;
  out[3] = t14 - carry;
  t15 += carry * DOWN;
  carry = t15 + ROUND - ROUND;
  out[4] = t15 - carry;
  t16 += carry * DOWN;
  carry = t16 + ROUND - ROUND;
  out[5] = t16 - carry;
  t17 += carry * DOWN;
  carry = t17 + ROUND - ROUND;
  out[6] = t17 - carry;
  t18 += carry * DOWN;
  carry = t18 + ROUND - ROUND;
  out[7] = t18 - carry;
  t19 += carry * DOWN;
  carry = t19 + ROUND - ROUND;
  out[8] = t19 - carry;
  t20 += carry * DOWN;
  carry = t20 + ROUND - ROUND;
  out[9] = t20 - carry;
  t21 += carry * DOWN;
  out[10] = t21;
}
