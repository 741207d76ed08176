import { x25519 as noble } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BASE_POINT, x25519 } from './x25519.ts';

const P = 2n ** 255n - 19n;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const littleEndian = (x: bigint): Uint8Array => unhex(x.toString(16).padStart(64, '0')).reverse();

/** What noble refuses is what gives zero. */
function nobles(scalar: Uint8Array, u: Uint8Array): Uint8Array {
  try {
    return noble.scalarMult(scalar, u);
  } catch {
    return new Uint8Array(32);
  }
}

const PLACES = [22, 43, 64, 85, 107, 128, 149, 170, 192, 213, 234, 255].map((place) => 1n << BigInt(place));
const edges = [
  0n,
  1n,
  2n,
  9n,
  P - 1n,
  P,
  P + 1n,
  P + 9n,
  2n ** 255n - 1n,
  2n ** 255n,
  2n ** 256n - 1n,
  ...PLACES.flatMap((one) => [one - 1n, one, one >> 1n, one + (one >> 1n)]),
];
const anyBytes = fc.oneof(
  fc.constantFrom(...edges.map((one) => littleEndian(one % 2n ** 256n))),
  fc.uint8Array({ minLength: 32, maxLength: 32 }),
);

it('agrees with noble on any scalar and any coordinate: edges of limbs, not canonical, high bits set', () => {
  fc.assert(
    fc.property(anyBytes, anyBytes, (scalar, u) => hex(x25519(scalar, u)) === hex(nobles(scalar, u))),
    { numRuns: 1500 },
  );
}, 60_000);

it('gives zero for each point of low order, and for nothing else', () => {
  const scalar = unhex('77'.repeat(32));
  const lowOrder = [
    0n,
    1n,
    P - 1n,
    P,
    P + 1n,
    325606250916557431795983626356110631294008115727848805560023387167927233504n,
    39382357235489614581723060781553021112529911719440698176882885853963445705823n,
  ];
  for (const u of lowOrder) {
    expect(hex(x25519(scalar, littleEndian(u))), `${u}`).toBe('00'.repeat(32));
    expect(hex(x25519(scalar, littleEndian(u | (1n << 255n)))), `${u}, high bit`).toBe('00'.repeat(32));
  }
  expect(hex(x25519(scalar, littleEndian(2n)))).not.toBe('00'.repeat(32));
});

it('is what RFC 7748 section 5.2 iterates to after one and a thousand times', () => {
  let [scalar, u] = [BASE_POINT, BASE_POINT];
  for (let i = 1; i <= 1000; i++) {
    [scalar, u] = [x25519(scalar, u), scalar];
    if (i === 1) expect(hex(scalar)).toBe('422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079');
  }
  expect(hex(scalar)).toBe('684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51');
});

it('leaves its inputs alone', () => {
  const [scalar, u] = [unhex('ff'.repeat(32)), unhex('ee'.repeat(32))];
  x25519(scalar, u);
  expect([hex(scalar), hex(u)]).toEqual(['ff'.repeat(32), 'ee'.repeat(32)]);
});

it('agrees on secrets with noble across a chain of exchanges', () => {
  fc.assert(
    fc.property(anyBytes, anyBytes, (one, other) => {
      const secret = x25519(one, x25519(other, BASE_POINT));
      expect(hex(secret)).toBe(hex(x25519(other, x25519(one, BASE_POINT))));
      expect(hex(secret)).toBe(hex(noble.getSharedSecret(one, noble.scalarMult(other, noble.GuBytes))));
    }),
    { numRuns: 100 },
  );
}, 60_000);
