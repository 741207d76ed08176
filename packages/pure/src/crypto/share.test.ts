import { x25519 } from '@noble/curves/ed25519.js';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { describe, expect, it } from 'vitest';
import { isValidShare } from './share.ts';

describe('isValidShare()', () => {
  it.each([
    ['secp256r1', p256],
    ['secp384r1', p384],
    ['secp521r1', p521],
  ] as const)('says of points of %s what noble says', (group, curve) => {
    const judge = (point: Uint8Array): boolean => {
      try {
        curve.Point.fromBytes(point);
        return true;
      } catch {
        return false;
      }
    };
    const shares = Array.from({ length: 8 }, () => curve.getPublicKey(curve.utils.randomSecretKey(), false));
    const off = shares.map((share) => share.map((byte, i) => (i === share.length - 1 ? byte ^ 1 : byte)));
    // The same point, its x above p
    const size = (shares[0]?.length ?? 1) >> 1;
    const tooLarge = shares.slice(0, 1).map((share) => share.map((byte, i) => (i >= 1 && i <= size ? 0xff : byte)));
    const points = [...shares, ...off, ...tooLarge, shares[0]?.map((byte, i) => (i === 0 ? byte : 0))].filter(
      (point) => point !== undefined,
    );
    expect(points.map((point) => isValidShare(group, point))).toEqual(points.map(judge));
    expect(points.map(judge)).toContain(true);
  });

  it('refuses the points of low order of x25519, in whatever encoding, and nothing else', () => {
    const bytes = (n: bigint): Uint8Array =>
      Uint8Array.from({ length: 32 }, (_, i) => Number((n >> BigInt(8 * i)) & 0xffn));
    const p = 2n ** 255n - 19n;
    const high = 2n ** 255n;
    const order8 = 325606250916557431795983626356110631294008115727848805560023387167927233504n;
    const other8 = 39382357235489614581723060781553021112529911719440698176882885853963445705823n;
    const all = [0n, 1n, 2n, 9n, p - 2n, p - 1n, p, p + 1n, p + 2n, order8, other8, high, high + 1n, high + order8];
    const judge = (u: bigint): boolean => {
      try {
        x25519.getSharedSecret(new Uint8Array(32).fill(1), bytes(u));
        return true;
      } catch {
        return false;
      }
    };
    expect(all.map((u) => isValidShare('x25519', bytes(u)))).toEqual(all.map(judge));
    expect(all.map(judge)).toEqual([
      false,
      false,
      true,
      true,
      true,
      false,
      false,
      false,
      true,
      ...Array<boolean>(5).fill(false),
    ]);
  });
});
