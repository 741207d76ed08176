import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { combine, encode, integer, isZero, newElement, type Field, type Limbs } from './field.ts';
import { fieldP256 } from './p256.ts';
import { fieldP384 } from './p384.ts';

const modulo = (x: bigint, p: bigint): bigint => ((x % p) + p) % p;

describe.each([
  ['P-256', fieldP256],
  ['P-384', fieldP384],
] as const)('the field of %s', (_, field) => {
  const { prime, size, montgomeryBits } = field;
  const r = 1n << BigInt(montgomeryBits);
  /** Limbs at the very bounds of what may come, their last one at V times the prime. */
  const limb = fc.oneof(
    fc.constantFrom(0, 1, -1, 2 ** 23, -(2 ** 23), 2 ** 23 + 8, -(2 ** 23) - 8),
    fc.integer({ min: -(2 ** 23) - 8, max: 2 ** 23 + 8 }),
  );
  const reduced = (v: number): fc.Arbitrary<Limbs> => {
    const top = Math.floor(Number((prime * 1024n) >> BigInt(24 * (size - 1))) / 1024) * v;
    const last = fc.oneof(fc.constantFrom(0, top, -top), fc.integer({ min: -top, max: top }));
    return fc
      .tuple(fc.array(limb, { minLength: size - 1, maxLength: size - 1 }), last)
      .map(([limbs, above]) => Float64Array.of(...limbs, above) as Limbs);
  };
  const number = fc.oneof(
    fc.constantFrom(
      0n,
      1n,
      2n,
      prime - 1n,
      prime - 2n,
      1n << 24n,
      (1n << 24n) - 1n,
      1n << 96n,
      1n << 224n,
      (prime - 1n) / 2n,
    ),
    fc.bigInt({ min: 0n, max: prime - 1n }),
  );
  const isReduced = (a: Limbs): boolean =>
    a.subarray(0, size - 1).every((one) => Number.isInteger(one) && Math.abs(one) <= 2 ** 23 + 8);
  const multiply = (a: Limbs, b: Limbs): Limbs => {
    const out = newElement(field);
    field.multiply(out, a, b);
    return out;
  };

  it('multiplies whatever limbs are at their bounds, and gives reduced ones within one prime of zero', () => {
    fc.assert(
      fc.property(
        fc
          .constantFrom([5, 6], [1, 16], [1, 1], [31, 1])
          .chain(([v, w]) => fc.tuple(reduced(v as number), reduced(w as number))),
        ([a, b]) => {
          const product = multiply(a, b);
          expect(isReduced(product)).toBe(true);
          expect(modulo(integer(product) * r, prime)).toBe(modulo(integer(a) * integer(b), prime));
          expect(integer(product) < prime && integer(product) > -prime).toBe(true);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('multiplies limbs that are all as large as they may be, of either sign', () => {
    for (const signs of [
      [1, 1],
      [1, -1],
      [-1, -1],
    ] as const) {
      const [a, b] = signs.map((sign) => new Float64Array(size).fill(sign * (2 ** 23 + 8)) as Limbs) as [Limbs, Limbs];
      expect(modulo(integer(multiply(a, b)) * r, prime)).toBe(modulo(integer(a) * integer(b), prime));
    }
  });

  it('multiplies in place', () => {
    fc.assert(
      fc.property(number, (x) => {
        const a = encode(field, x);
        field.multiply(a, a, a);
        expect([...a]).toEqual([...multiply(encode(field, x), encode(field, x))]);
      }),
    );
  });

  it('encodes reduced limbs in Montgomery form', () => {
    fc.assert(
      fc.property(number, (x) => {
        const a = encode(field, x);
        expect(isReduced(a)).toBe(true);
        expect(integer(a)).toBe((x * r) % prime);
      }),
    );
  });

  it('combines with small factors exactly, and the result is reduced', () => {
    fc.assert(
      fc.property(
        reduced(3),
        reduced(3),
        fc.integer({ min: -8, max: 8 }),
        fc.integer({ min: -8, max: 8 }),
        (a, b, m, n) => {
          const out = newElement(field);
          combine(out, a, m, b, n);
          expect(isReduced(out)).toBe(true);
          expect(integer(out)).toBe(integer(a) * BigInt(m) + integer(b) * BigInt(n));
        },
      ),
    );
  });

  it('finds zero in all of its shapes, and nothing else', () => {
    for (let k = -15n; k <= 15n; k++) {
      expect(isZero(field, limbsOf(field, k * prime)), `${k} p`).toBe(true);
      for (const off of [1n, -1n, 1n << 24n, -(1n << 24n), 1n << 200n])
        expect(isZero(field, limbsOf(field, k * prime + off)), `${k} p + ${off}`).toBe(false);
    }
    fc.assert(fc.property(number, (x) => isZero(field, encode(field, x)) === (x === 0n)));
  });
});

/** Reduced limbs of this very integer. */
function limbsOf({ size }: Field, x: bigint): Limbs {
  const limbs = new Float64Array(size) as Limbs;
  for (let i = 0; i < size - 1; i++) {
    limbs[i] = Number(BigInt.asIntN(24, x));
    x = (x - BigInt(limbs[i] as number)) >> 24n;
  }
  limbs[size - 1] = Number(x);
  return limbs;
}
