/**
 * @module ECDSA verification (FIPS 186-5 section 6.4.2) on a curve y^2 = x^3 - 3x + b of prime order: P-256 and P-384.
 *
 * noble reads the signature and the key and refuses what is none: DER, ranges, coordinates, the curve's equation. It
 * also computes modulo the order. What is done here is the long part, u1 · G + u2 · Q, on doubles: both scalars in
 * signed windows over one run of doublings. Its time depends on the signature, the message and the public key, all of
 * which are public. Nothing here is fit for a secret.
 */
import type { p256 } from '@noble/curves/nist.js';
import { combine, encode, isZero, newElement, type Field, type Limbs } from './field.ts';

type Curve = typeof p256;

/**
 * A check of signatures on `curve`, whose field `field` is.
 * @returns a function of the public key (SEC 1, compressed or not), the DER of the signature and the hash of the
 * message; it throws, as noble does, for a key or signature that cannot be read.
 */
export function ecdsaVerifier(
  field: Field,
  curve: Curve,
): (publicKey: Uint8Array, signature: Uint8Array, hash: Uint8Array) => boolean {
  const { Point, Signature } = curve;
  const { Fn, Fp } = Point;
  const sum = doubleScalar(field, curve);

  return (publicKey, signature, hash) => {
    const { r, s } = Signature.fromBytes(signature, 'der');
    const key = Point.fromBytes(publicKey);
    if (key.is0()) return false;
    // The leftmost bits of the hash, as many as the order has (step 2).
    const e = hash.subarray(0, Fn.BYTES).reduce((number, byte) => (number << 8n) + BigInt(byte), 0n);
    const inverse = Fn.inv(s);
    const point = sum(Fn.create(e * inverse), Fn.create(r * inverse), key.toAffine());
    if (point === null) return false;
    // Is x = X / Z^2 congruent to r modulo the order? It is r or r + n, compared without an inversion.
    const zz = newElement(field);
    const wanted = newElement(field);
    field.multiply(zz, point.z, point.z);
    for (let candidate = r; candidate < Fp.ORDER; candidate += Fn.ORDER) {
      field.multiply(wanted, encode(field, candidate), zz);
      combine(wanted, wanted, 1, point.x, -1);
      if (isZero(field, wanted)) return true;
    }
    return false;
  };
}

/** Stands for (x / z^2, y / z^3). The formulas below keep V at most 2.1 for x, 4.7 for y and 0.6 for z. */
interface JacobianPoint {
  readonly x: Limbs;
  readonly y: Limbs;
  readonly z: Limbs;
}

/** Widths of the windows: the generator's multiples are made once, and may be more. */
const KEY_WINDOW = 5;
const BASE_WINDOW = 7;

/**
 * @returns u · G + v · point for affine coordinates of `point`, `null` for the point at infinity; good until the next
 * call.
 */
function doubleScalar(
  field: Field,
  { Point }: Curve,
): (u: bigint, v: bigint, point: { x: bigint; y: bigint }) => JacobianPoint | null {
  const { multiply } = field;
  const element = (): Limbs => newElement(field);
  const newPoint = (): JacobianPoint => ({ x: element(), y: element(), z: element() });
  /** Room for odd multiples: 1, 3, 5, … */
  const room = (window: number): readonly JacobianPoint[] => Array.from({ length: 1 << (window - 2) }, newPoint);
  const total = newPoint();
  const twice = newPoint();
  const negated = element();
  const ofKey = room(KEY_WINDOW);
  const [a, b, c, d, e, f, g, h] = [
    element(),
    element(),
    element(),
    element(),
    element(),
    element(),
    element(),
    element(),
  ];
  let ofBase: readonly JacobianPoint[] | undefined;

  /** Doubling for a = -3 ("dbl-2001-b" of the Explicit-Formulas Database). `out` may be `p`. */
  function double(out: JacobianPoint, p: JacobianPoint): void {
    multiply(a, p.z, p.z); // delta
    multiply(b, p.y, p.y); // gamma
    combine(c, p.x, 1, a, -1);
    combine(d, p.x, 3, a, 3);
    multiply(c, c, d); // alpha = 3 (X - delta) (X + delta)
    combine(d, b, 4, b, 0);
    multiply(d, p.x, d); // 4 beta = 4 X gamma
    combine(e, p.y, 2, p.y, 0);
    multiply(out.z, e, p.z); // Z' = 2 Y Z
    multiply(e, c, c);
    combine(out.x, e, 1, d, -2); // X' = alpha^2 - 8 beta
    combine(d, d, 1, out.x, -1);
    multiply(c, c, d);
    multiply(b, b, b);
    combine(out.y, c, 1, b, -8); // Y' = alpha (4 beta - X') - 8 gamma^2
  }

  /** p += (x, y, z) ("add-1998-cmo-2"). Whether the sum is finite; `false` leaves `p` undefined. */
  function add(p: JacobianPoint, x: Limbs, y: Limbs, z: Limbs): boolean {
    multiply(a, p.z, p.z);
    multiply(b, x, a); // U2 = X2 Z1^2
    multiply(a, a, p.z);
    multiply(c, y, a); // S2 = Y2 Z1^3
    multiply(d, z, z);
    multiply(f, p.x, d); // U1 = X1 Z2^2
    multiply(d, d, z);
    multiply(g, p.y, d); // S1 = Y1 Z2^3
    combine(b, b, 1, f, -1); // H = U2 - U1
    combine(c, c, 1, g, -1); // r = S2 - S1
    if (isZero(field, b)) {
      // The same x: the formula does not hold. Twice the point, or the point and its opposite.
      if (!isZero(field, c)) return false;
      double(p, p);
      return true;
    }
    multiply(p.z, p.z, z);
    multiply(p.z, p.z, b); // Z3 = Z1 Z2 H
    multiply(d, b, b);
    multiply(b, b, d); // H^3
    multiply(d, d, f); // V = U1 H^2
    multiply(e, c, c);
    combine(e, e, 1, b, -1);
    combine(p.x, e, 1, d, -2); // X3 = r^2 - H^3 - 2 V
    combine(d, d, 1, p.x, -1);
    multiply(c, c, d);
    multiply(h, g, b);
    combine(p.y, c, 1, h, -1); // Y3 = r (V - X3) - S1 H^3
    return true;
  }

  function copy(out: JacobianPoint, x: Limbs, y: Limbs, z: Limbs): void {
    out.x.set(x);
    out.y.set(y);
    out.z.set(z);
  }

  /**
   * The odd multiples of a point. None of these sums is infinite, nor of equal points: the order is a prime far above
   * 64.
   */
  function fill(multiples: readonly JacobianPoint[], { x, y }: { x: bigint; y: bigint }): readonly JacobianPoint[] {
    let last: JacobianPoint | undefined;
    for (const multiple of multiples) {
      if (last === undefined) {
        copy(multiple, encode(field, x), encode(field, y), encode(field, 1n));
        double(twice, multiple);
      } else {
        copy(multiple, last.x, last.y, last.z);
        add(multiple, twice.x, twice.y, twice.z);
      }
      last = multiple;
    }
    return multiples;
  }

  return (u, v, point) => {
    const { BITS } = Point.Fn;
    const scalars = [
      { multiples: (ofBase ??= fill(room(BASE_WINDOW), Point.BASE)), digits: signedWindows(u, BASE_WINDOW, BITS) },
      { multiples: fill(ofKey, point), digits: signedWindows(v, KEY_WINDOW, BITS) },
    ];
    let finite = false;
    for (let i = BITS; i >= 0; i--) {
      if (finite) double(total, total);
      for (const { multiples, digits } of scalars) {
        const digit = digits[i] as number;
        if (digit === 0) continue;
        const { x, y, z } = multiples[Math.abs(digit) >> 1] as JacobianPoint;
        combine(negated, y, Math.sign(digit), y, 0);
        if (finite) finite = add(total, x, negated, z);
        else {
          copy(total, x, negated, z);
          finite = true;
        }
      }
    }
    return finite ? total : null;
  };
}

/**
 * The scalar as the sum of digit[i] · 2^i, digits being zero or odd and below 2^(window - 1) in magnitude, with at
 * least
 * `window` - 1 zeros behind each: the non-adjacent form of that width. One digit more than the scalar may have bits.
 */
export function signedWindows(scalar: bigint, window: number, bits: number): Int8Array {
  const text = scalar.toString(2);
  // Room for the last carry and for windows that begin near the top.
  const binary = new Uint8Array(bits + 1 + window);
  for (let i = 0; i < text.length; i++) binary[i] = text.charCodeAt(text.length - 1 - i) & 1;
  const digits = new Int8Array(bits + 1);
  for (let i = 0; i <= bits; i++) {
    if (binary[i] === 0) continue;
    let digit = 0;
    for (let j = 0; j < window; j++) {
      digit += (binary[i + j] as number) << j;
      binary[i + j] = 0;
    }
    if (digit >= 1 << (window - 1)) {
      digit -= 1 << window;
      // What was taken too much comes back as a one above the window, with its carries.
      let above = i + window;
      while (binary[above] === 1) binary[above++] = 0;
      binary[above] = 1;
    }
    digits[i] = digit;
  }
  return digits;
}
