import { p256, p384 } from '@noble/curves/nist.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ecdsaVerifier, signedWindows } from './ecdsa.ts';
import { fieldP256 } from './p256.ts';
import { fieldP384 } from './p384.ts';

describe.each([
  ['P-256', p256, fieldP256, 32],
  ['P-384', p384, fieldP384, 48],
] as const)('ECDSA on %s', (_, curve, field, size) => {
  const kernel = ecdsaVerifier(field, curve);
  const { Point } = curve;
  const n = Point.Fn.ORDER;
  const p = Point.Fp.ORDER;

  const ours = (publicKey: Uint8Array, signature: Uint8Array, hash: Uint8Array): boolean => {
    try {
      return kernel(publicKey, signature, hash);
    } catch {
      return false;
    }
  };
  const nobles = (publicKey: Uint8Array, signature: Uint8Array, hash: Uint8Array): boolean => {
    try {
      return curve.verify(signature, hash, publicKey, { prehash: false, lowS: false, format: 'der' });
    } catch {
      return false;
    }
  };
  const bytes = (x: bigint): Uint8Array => Uint8Array.from(Buffer.from(x.toString(16).padStart(2 * size, '0'), 'hex'));
  const der = (r: bigint, s: bigint): Uint8Array => new curve.Signature(r, s).toBytes('der');
  const edges = [
    1n,
    2n,
    3n,
    15n,
    16n,
    17n,
    n - 1n,
    n - 2n,
    n - 16n,
    n >> 1n,
    (n >> 1n) + 1n,
    1n << 24n,
    (1n << 24n) - 1n,
    1n << 128n,
    (1n << 255n) % n,
  ];
  const scalar = fc.oneof(fc.constantFrom(...edges), fc.bigInt({ min: 1n, max: n - 1n }));
  const anyHash = fc.oneof(
    fc.constantFrom(0n, ...edges, n).map(bytes),
    fc.uint8Array({ minLength: size, maxLength: size }),
  );

  it('accepts what noble signs, with any key at the edges and elsewhere, and not with another hash', () => {
    fc.assert(
      fc.property(scalar, anyHash, fc.nat(size - 1), (secret, hash, at) => {
        const publicKey = curve.getPublicKey(bytes(secret), false);
        const signature = curve.sign(hash, bytes(secret), { prehash: false, lowS: false, format: 'der' });
        expect(ours(publicKey, signature, hash)).toBe(true);
        expect(ours(curve.getPublicKey(bytes(secret), true), signature, hash)).toBe(true);
        const other = hash.slice();
        other[at] = (other[at] as number) ^ 1;
        expect(ours(publicKey, signature, other)).toBe(nobles(publicKey, signature, other));
      }),
      { numRuns: 60 },
    );
  }, 120_000);

  it('reaches the point that noble reaches, for any two scalars: with r at that point it accepts, with any other it does not', () => {
    fc.assert(
      fc.property(scalar, scalar, scalar, scalar, (secret, u1, u2, wrong) => {
        const key = Point.BASE.multiply(secret);
        const reached = Point.BASE.multiply(u1).add(key.multiply(u2));
        if (reached.is0()) return;
        // u1 = h / s and u2 = r / s: from r of the point, s and h follow.
        const r = reached.toAffine().x % n;
        const s = (r * Point.Fn.inv(u2)) % n;
        const hash = bytes((u1 * s) % n);
        expect(ours(key.toBytes(false), der(r, s), hash)).toBe(true);
        if (wrong !== r)
          expect(ours(key.toBytes(false), der(wrong, s), hash)).toBe(nobles(key.toBytes(false), der(wrong, s), hash));
      }),
      { numRuns: 60 },
    );
  }, 120_000);

  it('refuses sums at infinity, and finds sums of equal and of opposite points', () => {
    for (const secret of [1n, 2n, 3n, 5n, n - 1n, n - 2n, n - 3n]) {
      const key = Point.BASE.multiply(secret);
      for (const u2 of [1n, 2n, 3n, 4n, 7n, n - 1n]) {
        for (const u1 of [(u2 * secret) % n, (n - ((u2 * secret) % n)) % n, 0n]) {
          const part = key.multiply(u2);
          const reached = u1 === 0n ? part : Point.BASE.multiply(u1).add(part);
          const r = reached.is0() ? 1n : reached.toAffine().x % n;
          const s = (r * Point.Fn.inv(u2)) % n;
          const hash = bytes((u1 * s) % n);
          expect(ours(key.toBytes(false), der(r, s), hash), `${secret} ${u1} ${u2}`).toBe(!reached.is0());
        }
      }
    }
  });

  it('accepts an x coordinate that is not below the order', () => {
    // A point whose x is n or more; r is x - n. The key is chosen so that u1 = u2 = 1 lead there.
    let x = n + 1n;
    const point = (() => {
      for (; ; x++) {
        try {
          return Point.fromBytes(Uint8Array.of(2, ...bytes(x)));
        } catch {
          // Half of all x are on no point
        }
      }
    })();
    expect(x < p).toBe(true);
    const key = point.subtract(Point.BASE);
    const r = x - n;
    expect(ours(key.toBytes(false), der(r, r), bytes(r))).toBe(true);
    expect(ours(key.toBytes(false), der(r + 1n, r), bytes(r))).toBe(false);
  });

  it('refuses r and s out of range and DER that is not strict', () => {
    const secret = 7n;
    const publicKey = curve.getPublicKey(bytes(secret), false);
    const hash = bytes(99n);
    const good = curve.sign(hash, bytes(secret), { prehash: false, lowS: false, format: 'der' });
    expect(ours(publicKey, good, hash)).toBe(true);
    const integer = (x: bigint): number[] => {
      const hex = x.toString(16);
      const body = [...Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')];
      if ((body[0] ?? 0) > 127) body.unshift(0);
      return [2, body.length, ...body];
    };
    const sequence = (...content: number[]): Uint8Array => Uint8Array.of(0x30, content.length, ...content);
    const { r, s } = curve.Signature.fromBytes(good, 'der');
    expect(ours(publicKey, sequence(...integer(r), ...integer(s)), hash)).toBe(true);
    for (const [one, other] of [
      [0n, s],
      [r, 0n],
      [n, s],
      [r, n],
      [r + n, s],
      [r, s + n],
      [0n, 0n],
      [n + 1n, n + 1n],
      [1n << BigInt(8 * size), s],
    ] as const) {
      expect(ours(publicKey, sequence(...integer(one), ...integer(other)), hash), `${one} ${other}`).toBe(false);
    }
    for (const bad of [
      new Uint8Array(0),
      good.subarray(1),
      good.subarray(0, good.length - 1),
      Uint8Array.of(...good, 0),
      Uint8Array.of(0x31, ...good.subarray(1)),
    ]) {
      expect(ours(publicKey, bad, hash)).toBe(false);
    }
  });

  it('refuses keys that are not a point of the curve: infinity, coordinates out of range, another curve, another form', () => {
    const publicKey = curve.getPublicKey(bytes(7n), false);
    const hash = bytes(99n);
    const signature = curve.sign(hash, bytes(7n), { prehash: false, lowS: false, format: 'der' });
    const [x, y] = [publicKey.slice(1, 1 + size), publicKey.slice(1 + size)];
    const flipped = y.slice();
    flipped[size - 1] = (flipped[size - 1] as number) ^ 1;
    const small = Point.fromBytes(Uint8Array.of(2, ...bytes(smallestX())));
    const key = (...parts: (number | Uint8Array)[]): Uint8Array =>
      Uint8Array.from(parts.flatMap((part) => (typeof part === 'number' ? [part] : [...part])));
    const bad = {
      infinity: Uint8Array.of(0),
      'infinity, long': key(4, new Uint8Array(2 * size)),
      'not on the curve': key(4, x, flipped),
      'x = p': key(4, bytes(p), y),
      'x + p': key(4, bytes(small.toAffine().x + p), bytes(small.toAffine().y)),
      'y = p': key(4, x, bytes(p)),
      hybrid: key(6 + ((y[size - 1] as number) & 1), x, y),
      'no form': key(x, y),
      short: publicKey.subarray(0, 2 * size),
      long: key(publicKey, 0),
      'compressed, not on the curve': key(2, bytes(firstXWithoutPoint())),
      nothing: new Uint8Array(0),
    };
    for (const [what, one] of Object.entries(bad)) {
      expect(ours(one, signature, hash), what).toBe(false);
      expect(nobles(one, signature, hash), what).toBe(false);
    }

    function hasPoint(candidate: bigint): boolean {
      try {
        return !Point.fromBytes(Uint8Array.of(2, ...bytes(candidate))).is0();
      } catch {
        return false;
      }
    }
    function smallestX(): bigint {
      let candidate = 1n;
      while (!hasPoint(candidate)) candidate++;
      return candidate;
    }
    function firstXWithoutPoint(): bigint {
      let candidate = 1n;
      while (hasPoint(candidate)) candidate++;
      return candidate;
    }
  });

  it('says what noble says about any bytes at all', () => {
    const publicKey = curve.getPublicKey(bytes(11n), false);
    const signature = curve.sign(bytes(5n), bytes(11n), { prehash: false, lowS: false, format: 'der' });
    const altered = (good: Uint8Array): fc.Arbitrary<Uint8Array> =>
      fc.tuple(fc.nat(good.length - 1), fc.nat(255)).map(([at, value]) => {
        const one = good.slice();
        one[at] = value;
        return one;
      });
    fc.assert(
      fc.property(altered(publicKey), altered(signature), anyHash, (key, sig, hash) => {
        expect(ours(key, signature, bytes(5n))).toBe(nobles(key, signature, bytes(5n)));
        expect(ours(publicKey, sig, bytes(5n))).toBe(nobles(publicKey, sig, bytes(5n)));
        expect(ours(publicKey, signature, hash)).toBe(nobles(publicKey, signature, hash));
      }),
      { numRuns: 60 },
    );
  }, 120_000);
});

describe('signed windows', () => {
  it('sum up to the scalar, in odd digits below half the window, far apart', () => {
    const top = 2n ** 256n;
    const scalar = fc.oneof(
      fc.constantFrom(0n, 1n, 2n, 15n, 16n, 31n, top - 1n, top / 2n, top / 2n - 1n, top - 2n ** 128n),
      fc.bigInt({ min: 0n, max: top - 1n }),
    );
    fc.assert(
      fc.property(scalar, fc.integer({ min: 2, max: 8 }), (k, window) => {
        const digits = signedWindows(k, window, 256);
        expect(digits).toHaveLength(257);
        let sum = 0n;
        let last = -window;
        digits.forEach((digit, i) => {
          if (digit === 0) return;
          expect(Math.abs(digit) < 1 << (window - 1) && (digit & 1) === 1 && i - last >= window).toBe(true);
          last = i;
          sum += BigInt(digit) << BigInt(i);
        });
        expect(sum).toBe(k);
      }),
      { numRuns: 500 },
    );
  });
});
