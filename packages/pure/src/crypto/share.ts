/**
 * @module What of a key share every source of cryptography needs to know (RFC 9846 section 4.3.8), without a library of
 * curves: whoever computes with the platform's does not load one.
 */
import { toHex } from '@ferrule/result/bytes';
import { ownMemory } from '../keys/secret.ts';

/**
 * Whether these bytes are of the only form that RFC 9846 section 4.3.8.2 allows; not yet that the point is on the
 * curve.
 */
export const isUncompressed = (point: Uint8Array, size: number): boolean =>
  point.length === 1 + 2 * size && point[0] === 4;

type Curve = 'secp256r1' | 'secp384r1' | 'secp521r1';

/**
 * Whether bytes of the right length and form are a share that a peer may send: on the curve, not of low order. For when
 * a platform has thrown: only then is it the peer's fault. Shares are public, so that BigInt may have its own timing.
 */
export function isValidShare(group: 'x25519' | Curve, peer: Uint8Array): boolean {
  return group === 'x25519' ? !isOfLowOrder(peer) : isOnCurve(group, peer.subarray(1));
}

const number = (bigEndian: Uint8Array): bigint => BigInt(`0x0${toHex(bigEndian)}`);

/** SP 800-186 section 3.2.1: y² = x³ − 3x + b modulo p. */
const CURVES: Readonly<Record<Curve, { readonly p: bigint; readonly b: bigint }>> = {
  secp256r1: {
    p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  },
  secp384r1: {
    p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  },
  secp521r1: {
    p: 2n ** 521n - 1n,
    b: 0x0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
  },
};

function isOnCurve(curve: Curve, coordinates: Uint8Array): boolean {
  const { p, b } = CURVES[curve];
  const x = number(coordinates.subarray(0, coordinates.length / 2));
  const y = number(coordinates.subarray(coordinates.length / 2));
  return x < p && y < p && (y * y - x * x * x + 3n * x - b) % p === 0n;
}

/** RFC 7748 section 4.1. */
const P25519 = 2n ** 255n - 19n;
/** The u of the points whose order divides 8, on the curve and on its twist: each secret with them is zero (section 6.1). */
const LOW_ORDER: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  P25519 - 1n,
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
]);

/** Little-endian; the topmost bit does not count, and numbers from p on are taken modulo p (RFC 7748 section 5). */
function isOfLowOrder(u: Uint8Array): boolean {
  return LOW_ORDER.has((number(u.slice().reverse()) % 2n ** 255n) % P25519);
}

/**
 * A secret scalar in memory of its own, by rejection; the surplus bits of P-521's last byte are cleared, so that a draw
 * is seldom refused.
 */
export function scalar(
  random: (into: Uint8Array) => void,
  size: number,
  valid: (bytes: Uint8Array) => boolean,
): Uint8Array {
  const bytes = ownMemory(size);
  // A real generator is refused once in 2^32 draws at the most; one that never gives a scalar must not hang us.
  for (let draw = 0; draw < 64; draw++) {
    random(bytes);
    if (size === 66) bytes[0] = (bytes[0] as number) & 1;
    if (valid(bytes)) return bytes;
  }
  throw new Error('the source of randomness gives no valid key');
}
