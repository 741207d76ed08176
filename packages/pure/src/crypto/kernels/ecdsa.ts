/**
 * @module ECDSA verification (FIPS 186-5 section 6.4.2) on a curve y^2 = x^3 - 3x + b of prime order: P-256 and P-384.
 *
 * noble reads the signature and the key and refuses what is none: DER, ranges, coordinates, the curve's equation. It also
 * computes modulo the order. What is done here is the long part, u1 · G + u2 · Q, on doubles: both scalars in signed windows
 * over one run of doublings. Its time depends on the signature, the message and the public key, all of which are public.
 * Nothing here is fit for a secret.
 */
import { normalizeZ } from '@noble/curves/abstract/curve.js';
import type { p256 } from '@noble/curves/nist.js';
import { combine, encode, isZero, newElement, type Field, type Limbs } from './field.ts';

type Curve = typeof p256;

/**
 * A check of signatures on `curve`, whose field `field` is.
 * @returns a function of the public key (SEC 1, compressed or not), the DER of the signature and the hash of the message; it
 * throws, as noble does, for a key or signature that cannot be read.
 */
export function ecdsaVerifier(field: Field, curve: Curve): (publicKey: Uint8Array, signature: Uint8Array, hash: Uint8Array) => boolean {
  const { Point, Signature } = curve;
  const { Fn, Fp } = Point;
  const { sum, basePoint } = jacobian(field, curve);

  return (publicKey, signature, hash) => {
    const { r, s } = Signature.fromBytes(signature, 'der');
    const key = Point.fromBytes(publicKey);
    if (key.is0()) return false;
    // The leftmost bits of the hash, as many as the order has (step 2).
    const e = hash.subarray(0, Fn.BYTES).reduce((number, byte) => (number << 8n) + BigInt(byte), 0n);
    const inverse = Fn.inv(s);
    const { x, y } = key.toAffine();
    const point = sum(Fn.create(e * inverse), basePoint(), Fn.create(r * inverse), { x: encode(field, x), y: encode(field, y) });
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

interface AffinePoint {
  readonly x: Limbs;
  readonly y: Limbs;
}

/** Stands for (x / z^2, y / z^3). The formulas below keep V at most 1.6 for x, 4.6 for y and 0.6 for z. */
interface JacobianPoint extends AffinePoint {
  readonly z: Limbs;
}

/** Odd multiples of a point: 1, 3, 5, …; half of 2^(window - 1) of them. */
interface Multiples {
  readonly window: number;
  readonly points: readonly (AffinePoint | JacobianPoint)[];
}

const KEY_WINDOW = 5;
const BASE_WINDOW = 7;

interface Jacobian {
  /** u · base + v · point, or `null` for the point at infinity; good until the next call. */
  sum(u: bigint, base: Multiples, v: bigint, point: AffinePoint): JacobianPoint | null;
  /** Multiples of the generator, made by noble on the first call. */
  basePoint(): Multiples;
}

function jacobian(field: Field, { Point }: Curve): Jacobian {
  const { multiply } = field;
  const element = (): Limbs => newElement(field);
  const newPoint = (): JacobianPoint => ({ x: element(), y: element(), z: element() });
  const one = encode(field, 1n);
  const total = newPoint();
  const twice = newPoint();
  const negated = element();
  const keyMultiples = Array.from({ length: 1 << (KEY_WINDOW - 2) }, newPoint);
  const [a, b, c, d, e, f, g, h] = [element(), element(), element(), element(), element(), element(), element(), element()];
  let base: Multiples | undefined;

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

  /** p += (qx, qy, qz), `null` for qz = 1 ("add-1998-cmo-2"). Whether the sum is finite; `false` leaves `p` undefined. */
  function add(p: JacobianPoint, qx: Limbs, qy: Limbs, qz: Limbs | null): boolean {
    multiply(a, p.z, p.z);
    multiply(b, qx, a); // U2 = X2 Z1^2
    multiply(a, a, p.z);
    multiply(c, qy, a); // S2 = Y2 Z1^3
    let u1 = p.x;
    let s1 = p.y;
    if (qz !== null) {
      multiply(d, qz, qz);
      multiply(f, p.x, d); // U1 = X1 Z2^2
      multiply(d, d, qz);
      multiply(g, p.y, d); // S1 = Y1 Z2^3
      u1 = f;
      s1 = g;
    }
    combine(b, b, 1, u1, -1); // H = U2 - U1
    combine(c, c, 1, s1, -1); // r = S2 - S1
    if (isZero(field, b)) {
      // The same x: the formula does not hold. Twice the point, or the point and its opposite.
      if (!isZero(field, c)) return false;
      double(p, p);
      return true;
    }
    multiply(p.z, p.z, b);
    if (qz !== null) multiply(p.z, p.z, qz); // Z3 = Z1 Z2 H
    multiply(d, b, b);
    multiply(b, b, d); // H^3
    multiply(d, d, u1); // V = U1 H^2
    multiply(e, c, c);
    combine(e, e, 1, b, -1);
    multiply(h, s1, b);
    combine(p.x, e, 1, d, -2); // X3 = r^2 - H^3 - 2 V
    combine(d, d, 1, p.x, -1);
    multiply(c, c, d);
    combine(p.y, c, 1, h, -1); // Y3 = r (V - X3) - S1 H^3
    return true;
  }

  function copy(out: JacobianPoint, x: Limbs, y: Limbs, z: Limbs): void {
    out.x.set(x);
    out.y.set(y);
    out.z.set(z);
  }

  /** Fills `keyMultiples`. None of these sums is infinite, nor of equal points: the order is a prime far above 16. */
  function multiplesOfKey({ x, y }: AffinePoint): Multiples {
    let last: JacobianPoint | undefined;
    for (const multiple of keyMultiples) {
      if (last === undefined) {
        copy(multiple, x, y, one);
        double(twice, multiple);
      } else {
        copy(multiple, last.x, last.y, last.z);
        add(multiple, twice.x, twice.y, twice.z);
      }
      last = multiple;
    }
    return { window: KEY_WINDOW, points: keyMultiples };
  }

  return {
    sum(u, baseMultiples, v, point) {
      const scalars = [
        { multiples: baseMultiples, digits: signedWindows(u, BASE_WINDOW, Point.Fn.BITS) },
        { multiples: multiplesOfKey(point), digits: signedWindows(v, KEY_WINDOW, Point.Fn.BITS) },
      ];
      let finite = false;
      for (let i = Point.Fn.BITS; i >= 0; i--) {
        if (finite) double(total, total);
        for (const { multiples, digits } of scalars) {
          const digit = digits[i] as number;
          if (digit === 0) continue;
          const multiple = multiples.points[Math.abs(digit) >> 1] as AffinePoint | JacobianPoint;
          combine(negated, multiple.y, Math.sign(digit), multiple.y, 0);
          const z = 'z' in multiple ? multiple.z : null;
          if (finite) finite = add(total, multiple.x, negated, z);
          else {
            copy(total, multiple.x, negated, z ?? one);
            finite = true;
          }
        }
      }
      return finite ? total : null;
    },
    basePoint() {
      if (base !== undefined) return base;
      const points = [Point.BASE];
      const step = Point.BASE.double();
      while (points.length < 1 << (BASE_WINDOW - 2)) points.push((points.at(-1) as typeof step).add(step));
      const affine = normalizeZ(Point, points).map((point) => point.toAffine());
      return (base = { window: BASE_WINDOW, points: affine.map(({ x, y }) => ({ x: encode(field, x), y: encode(field, y) })) });
    },
  };
}

/**
 * The scalar as the sum of digit[i] · 2^i, digits being zero or odd and below 2^(window - 1) in magnitude, with at least
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
