/**
 * @module Whether an implementation of one primitive computes what it should: known answers for AEADs, hashes and
 * signatures, two ends of one key exchange. Each function answers with what is wrong, or `undefined`.
 *
 * What is looked at is what platforms were found to get wrong: they lack what they list, keep memory that is wiped
 * afterwards, take shares that must be refused.
 */
import { bytesEqual, toHex } from '@ferrule/result/bytes';
import type { PublicKey, SignatureAlgorithm, SignatureVerifier } from '@ferrule/x509';
import { knownAnswer } from '@ferrule/x509/crypto/known-answers';
import { type Awaiting, once } from './maybe.ts';
import type { AeadAlgorithm, Group, Hash, HashName, KeyShare } from './provider.ts';

export type Verdict = string | undefined;

/** From 0 upwards. */
const counting = (length: number, from = 0): Uint8Array => Uint8Array.from({ length }, (_, i) => (from + i) & 0xff);

/** Of 20 bytes from 0, with a key from 0, a nonce from 100 and additional data from 200: by OpenSSL. */
const SEALED: Readonly<Record<AeadAlgorithm['name'], string>> = {
  'AES-128-GCM': '1a634ca6df07befd93375d1b8ac725e320996aecbb2d98b4706563a7f058b699e97415cd',
  'AES-256-GCM': '481adc657dec5099366b55e3d66864f252d3141952766b1c8f89c6c6b246645d94107733',
  'ChaCha20-Poly1305': '3410b9c99ca07055f3d71f74fe84d69c60d780272590fc776d9d0202e4a38fa767912b2d',
};
/** A record of full size goes other ways than a small one. */
const FULL = 16_384;

export function* probeAead(algorithm: AeadAlgorithm): Awaiting<Verdict> {
  const key = counting(algorithm.keyLength);
  const aead = algorithm.key(key);
  // The engine wipes what it has given.
  key.fill(0);
  const seal = (plain: Uint8Array): ReturnType<typeof aead.seal> =>
    aead.sync
      ? aead.seal(counting(12, 100), counting(5, 200), plain, new Uint8Array(plain.length + 16))
      : aead.seal(counting(12, 100), counting(5, 200), plain);
  const open = (cipher: Uint8Array): ReturnType<typeof aead.open> =>
    aead.sync
      ? aead.open(counting(12, 100), counting(5, 200), cipher, new Uint8Array(cipher.length))
      : aead.open(counting(12, 100), counting(5, 200), cipher);
  try {
    const sealed = yield* once(seal(counting(20)));
    if (toHex(sealed) !== SEALED[algorithm.name]) return 'seals wrongly';
    const full = counting(FULL);
    const opened = yield* once(open((yield* once(seal(full))).slice()));
    if (opened === null || !bytesEqual(opened, full)) return 'does not open what it sealed';
    const altered = Uint8Array.from(sealed, (byte, i) => (i === 3 ? byte ^ 1 : byte));
    return (yield* once(open(altered))) === null ? undefined : 'opens what was altered';
  } finally {
    aead.dispose();
  }
}

/** Of `abc`, and HMAC of it with the key `key`. */
const HASHED: Readonly<Record<HashName, readonly [digest: string, hmac: string]>> = {
  sha256: [
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    '9c196e32dc0175f86f4b1cb89289d6619de6bee699e4c378e68309ed97a1a6ab',
  ],
  sha384: [
    'cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7',
    '30ddb9c8f347cffbfb44e519d814f074cf4047a55d6f563324f1c6a33920e5edfb2a34bac60bdc96cd33a95623d7d638',
  ],
  sha512: [
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
    '3926a207c8c42b0c41792cbd3e1a1aaaf5f7a25704f62dfc939c4987dd7ce060009c5bb1c2447355b3216f10b537e9afa7b64a4e5391b0d631172d07939e087a',
  ],
};
const ABC = counting(3, 97);
const KEY = Uint8Array.of(107, 101, 121);

export function probeHash(hash: Hash): Verdict {
  const [digest, hmac] = HASHED[hash.name];
  const state = hash.create();
  state.update(ABC.subarray(0, 1));
  const fork = state.clone();
  state.update(ABC.subarray(1));
  if (toHex(state.digest()) !== digest || toHex(hash.digest(ABC)) !== digest) return 'hashes wrongly';
  fork.update(ABC.subarray(1));
  if (toHex(fork.digest()) !== digest) return 'its copies hash wrongly';
  return toHex(hash.hmac(KEY, ABC)) === hmac ? undefined : 'its HMAC is wrong';
}

/** Bytes of each part; a group without a key encapsulation has no ciphertext, and the other way round. */
interface Layout {
  readonly encapsulationKey: number;
  readonly ciphertext: number;
  readonly point: number;
  /** Of the ECDH alone. */
  readonly secret: number;
  readonly kemFirst: boolean;
}
const ecdh = (point: number, secret: number): Layout => ({
  encapsulationKey: 0,
  ciphertext: 0,
  point,
  secret,
  kemFirst: true,
});
const LAYOUTS: Readonly<Record<number, Layout>> = {
  0x001d: ecdh(32, 32),
  0x0017: ecdh(65, 32),
  0x0018: ecdh(97, 48),
  0x0019: ecdh(133, 66),
  0x11ec: { encapsulationKey: 1184, ciphertext: 1088, point: 32, secret: 32, kemFirst: true },
  0x11eb: { encapsulationKey: 1184, ciphertext: 1088, point: 65, secret: 32, kemFirst: false },
  0x0202: { encapsulationKey: 1568, ciphertext: 1568, point: 0, secret: 0, kemFirst: true },
};

/**
 * Two ends of an ECDH come to the same secret, and a bad point is refused. A ciphertext of ML-KEM decapsulates to
 * something, whatever it is.
 * @param own - the random function of the group's provider.
 */
export function* probeGroup(group: Group, own: (into: Uint8Array) => void): Awaiting<Verdict> {
  const layout = LAYOUTS[group.id];
  if (layout === undefined) return 'is unknown';
  const { encapsulationKey, ciphertext, point, secret, kemFirst } = layout;
  const [a, b] = [yield* once(group.keyShare(own)), yield* once(group.keyShare(own))];
  const pointOf = ({ publicKey }: KeyShare): Uint8Array =>
    kemFirst ? publicKey.slice(encapsulationKey) : publicKey.slice(0, point);
  const answer = (ofPoint: Uint8Array): Uint8Array => {
    const share = new Uint8Array(ciphertext + point);
    share.set(ofPoint, kemFirst ? ciphertext : 0);
    return share;
  };
  const shared = (whole: Uint8Array): string =>
    toHex(kemFirst ? whole.slice(-secret || whole.length) : whole.slice(0, secret));
  try {
    if (a.publicKey.length !== encapsulationKey + point) return 'gives a share of a wrong length';
    const left = yield* once(a.derive(answer(pointOf(b))));
    const right = yield* once(b.derive(answer(pointOf(a))));
    if (left === null || right === null) return 'refuses a good share';
    if (left.length !== secret + (ciphertext > 0 ? 32 : 0)) return 'gives a secret of a wrong length';
    if (point === 0) return undefined;
    if (shared(left) !== shared(right) || !left.some((byte) => byte !== 0)) return 'gives two ends two secrets';
    const bad = pointOf(b);
    // Of low order, or off the curve.
    if (point === 32) bad.fill(0);
    else bad[point - 1] = (bad[point - 1] as number) ^ 1;
    return (yield* once(a.derive(answer(bad)))) === null ? undefined : 'takes a share that must be refused';
  } finally {
    a.dispose();
    b.dispose();
  }
}

/** By a signature that is known to be good; ML-DSA, which has none here, passes. */
export function* probeSignature(
  verifier: SignatureVerifier,
  algorithm: SignatureAlgorithm,
  key: PublicKey,
): Awaiting<Verdict> {
  const known = knownAnswer(algorithm, key);
  if (known === undefined) return undefined;
  const { spki, message, signature } = known;
  const verify = (signed: Uint8Array): ReturnType<SignatureVerifier['verify']> =>
    verifier.verify(known.algorithm, spki, message, signed);
  if ((yield* once(verify(signature))) !== true) return 'refuses a good signature';
  const altered = Uint8Array.from(signature, (byte, i) => (i === signature.length - 1 ? byte ^ 1 : byte));
  return (yield* once(verify(altered))) === false ? undefined : 'takes a wrong signature';
}
