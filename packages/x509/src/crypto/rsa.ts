/** @module RSA verification over BigInt: RFC 8017 sections 8.1.2 and 8.2.2. Public data only. */
import { bytesEqual, fromHex, toHex } from '@ferrule/result/bytes';
import type { PublicKey, RsaKey } from '../public-key.ts';
import { hashBits, type SignatureAlgorithm, type SignatureHash } from '../signature.ts';

type Hash = (data: Uint8Array) => Uint8Array;

/** Last arc of the OIDs of these hashes: 2.16.840.1.101.3.4.2.1 and so on. */
const ENDS: Readonly<Record<SignatureHash, number>> = {
  sha256: 1,
  sha384: 2,
  sha512: 3,
  sha224: 4,
  'sha512-224': 5,
  'sha512-256': 6,
  'sha3-224': 7,
  'sha3-256': 8,
  'sha3-384': 9,
  'sha3-512': 10,
};

/** DER of DigestInfo up to the hash (RFC 8017 section 9.2, note 1), with parameters NULL. */
const digestInfo = (hash: SignatureHash, size: number): readonly number[] => [
  ...[0x30, 0x11 + size, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, ENDS[hash]],
  ...[0x05, 0x00, 0x04, size],
];

/**
 * RFC 8017 sections 8.1.2 and 8.2.2, step 1: as many octets as the modulus, where OpenSSL accepts a PSS signature
 * without leading zeros. Section 9.1.2, step 3: there must be room for the salt, whose length the signer chose;
 * otherwise WebCrypto rejects.
 */
export const fitsModulus = (algorithm: SignatureAlgorithm, key: PublicKey, signature: Uint8Array): boolean =>
  (key.kind !== 'rsa' && key.kind !== 'rsa-pss') ||
  (signature.length === (key.bits + 7) >> 3 &&
    (algorithm.kind !== 'rsa-pss' || (key.bits + 6) >> 3 >= hashBits(algorithm.hash) / 8 + algorithm.saltLength + 2));

/** EMSA-PKCS1-v1_5: the only valid encoding is built and compared; nothing is parsed. */
export function verifyPkcs1(key: RsaKey, hash: SignatureHash, digest: Uint8Array, signature: Uint8Array): boolean {
  const encoded = recover(key, signature);
  const info = digestInfo(hash, digest.length);
  const length = (key.bits + 7) >> 3;
  const padding = length - info.length - digest.length - 3;
  if (!encoded || padding < 8) return false;
  const expected = new Uint8Array(length).fill(0xff);
  expected[0] = 0;
  expected[1] = 1;
  expected[2 + padding] = 0;
  expected.set(info, 3 + padding);
  expected.set(digest, length - digest.length);
  return bytesEqual(encoded, expected);
}

/** EMSA-PSS with MGF1 over `mask`, and a salt of exactly this length. */
export function verifyPss(
  key: RsaKey,
  hash: Hash,
  mask: Hash,
  saltLength: number,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  const whole = recover(key, signature);
  if (!whole) return false;
  const bits = key.bits - 1;
  const length = (bits + 7) >> 3;
  // A modulus of 8n+1 bits leaves one byte beyond the encoding: it must be zero
  if (whole.length > length && whole[0] !== 0) return false;
  const encoded = whole.subarray(whole.length - length);
  const size = digest.length;
  if (length < size + saltLength + 2 || encoded[length - 1] !== 0xbc) return false;
  const block = encoded.subarray(0, length - size - 1);
  const h = encoded.subarray(length - size - 1, length - 1);
  const unused = 8 * length - bits;
  if ((block[0] as number) >> (8 - unused)) return false;
  const plain = xor(block, mgf1(mask, h, block.length));
  plain[0] = (plain[0] as number) & (0xff >> unused);
  const zeros = block.length - saltLength - 1;
  for (let i = 0; i < zeros; i++) if (plain[i] !== 0) return false;
  if (plain[zeros] !== 1) return false;
  const salted = new Uint8Array(8 + size + saltLength);
  salted.set(digest, 8);
  salted.set(plain.subarray(zeros + 1), 8 + size);
  return bytesEqual(hash(salted), h);
}

const xor = (a: Uint8Array, b: Uint8Array): Uint8Array => a.map((byte, i) => byte ^ (b[i] as number));

function mgf1(hash: Hash, seed: Uint8Array, length: number): Uint8Array {
  const mask = new Uint8Array(length);
  const input = new Uint8Array(seed.length + 4);
  input.set(seed);
  for (let offset = 0, counter = 0; offset < length; counter++) {
    new DataView(input.buffer).setUint32(seed.length, counter);
    const block = hash(input).subarray(0, length - offset);
    mask.set(block, offset);
    offset += block.length;
  }
  return mask;
}

/** Bounds against deliberately slow numbers, bits. A common exponent is 65537. */
const MIN_BITS = 1024;
const MAX_BITS = 16384;
const MAX_EXPONENT_BYTES = 4;

/** Whether the key is within these bounds. */
export const rsaWithinBounds = ({ bits, modulus, exponent }: RsaKey): boolean =>
  bits >= MIN_BITS &&
  bits <= MAX_BITS &&
  exponent.length <= MAX_EXPONENT_BYTES &&
  ((modulus[modulus.length - 1] as number) & 1) === 1 &&
  ((exponent[exponent.length - 1] as number) & 1) === 1 &&
  !(exponent.length === 1 && exponent[0] === 1);

/** RSAVP1: the encoded message, as long as the modulus. */
function recover(key: RsaKey, signature: Uint8Array): Uint8Array | undefined {
  const { modulus, exponent } = key;
  if (!rsaWithinBounds(key) || signature.length !== modulus.length) return undefined;
  const n = toBigInt(modulus);
  const s = toBigInt(signature);
  if (s >= n) return undefined;
  let result = 1n;
  for (const bit of toBigInt(exponent).toString(2)) {
    result = (result * result) % n;
    if (bit === '1') result = (result * s) % n;
  }
  return fromBigInt(result, modulus.length);
}

const toBigInt = (bytes: Uint8Array): bigint => BigInt(`0x${toHex(bytes)}`);

const fromBigInt = (value: bigint, length: number): Uint8Array => fromHex(value.toString(16).padStart(2 * length, '0'));
