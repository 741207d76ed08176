/**
 * @module Prime fields on doubles, for public data only.
 *
 * An element is the sum of limb[i] · 2^(24 i). Limbs are whole numbers of either sign, and every element here is
 * *reduced*: all limbs but the last are at most 2^23 + 8 in magnitude. Numbers are in Montgomery form: x is held as
 * some integer that is congruent to x · R. Several integers stand for one residue; how far from zero they may be is
 * stated in multiples of the prime, V.
 *
 * Why doubles: a product of two limbs has 46 bits and a bit, so that a column of sixteen is exact below 2^53, and the
 * floating-point units of every processor multiply and add twice in a cycle. BigInt allocates for each of its steps.
 */

/** The limbs of an element; eleven or sixteen. */
export type Limbs = Float64Array & Record<0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15, number>;

export interface Field {
  readonly prime: bigint;
  /** Limbs of an element. */
  readonly size: number;
  /** R is 2 to this power. */
  readonly montgomeryBits: number;
  /** `out` = a · b / R: reduced, V below 1 where V(a) · V(b) is at most 31. `out` may be one of its inputs. */
  readonly multiply: (out: Limbs, a: Limbs, b: Limbs) => void;
}

export const newElement = ({ size }: Field): Limbs => new Float64Array(size) as Limbs;

/** x in Montgomery form, V below 1; x from 0 to p - 1. */
export function encode(field: Field, x: bigint): Limbs {
  const element = newElement(field);
  let rest = (x << BigInt(field.montgomeryBits)) % field.prime;
  let carry = 0;
  for (let i = 0; i < field.size; i++) {
    const limb = Number(rest & 0xff_ffffn) + carry;
    rest >>= 24n;
    carry = limb >= 2 ** 23 && i < field.size - 1 ? 1 : 0;
    element[i] = limb - carry * 2 ** 24;
  }
  return element;
}

/**
 * `out` = a · m + b · n, for small m and n (|m| + |n| at most 16); V grows likewise. `out` may be one of its inputs.
 */
export function combine(out: Limbs, a: Limbs, m: number, b: Limbs, n: number): void {
  // x + ROUND - ROUND is x rounded to a multiple of 2^24, the unit of the last place there, for |x| below 2^75. A
  // constant of the function and not of the module: bundlers turn those into variables, which are slower.
  const ROUND = 1.5 * 2 ** 76;
  const last = out.length - 1;
  let carried = 0;
  for (let i = 0; i < last; i++) {
    const sum = (a[i] as number) * m + (b[i] as number) * n;
    const carry = sum + ROUND - ROUND;
    out[i] = sum - carry + carried;
    carried = carry * 2 ** -24;
  }
  out[last] = (a[last] as number) * m + (b[last] as number) * n + carried;
}

/** Whether `a` stands for zero; V(a) below 16. */
export function isZero({ prime }: Field, a: Limbs): boolean {
  // It would be k · p with |k| < 16, and both primes are -1 modulo 2^24: then the first limb, small as it is, must be
  // -k.
  if (Math.abs(a[0]) >= 16) return false;
  return integer(a) % prime === 0n;
}

/** The integer itself, any sign. */
export const integer = (a: Limbs): bigint => a.reduceRight<bigint>((sum, limb) => (sum << 24n) + BigInt(limb), 0n);
