/**
 * Signatures made by OpenSSL, and what must not pass for one: wrong, misplaced, malformed, forged with the private key
 * at hand.
 */
import {
  constants,
  createHash,
  generateKeyPairSync,
  generatePrimeSync,
  privateEncrypt,
  randomBytes,
  sign,
  type KeyObject,
  type SignKeyObjectInput,
} from 'node:crypto';
import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js';
import type { HashName, MlDsa, SignatureAlgorithm } from '@ferrule/x509';

export interface SignatureCase {
  readonly name: string;
  readonly algorithm: SignatureAlgorithm;
  readonly spki: Uint8Array;
  readonly signature: Uint8Array;
  readonly valid: boolean;
}
export const MESSAGE: Uint8Array = new Uint8Array(Buffer.from('what was signed'));

const HASHES: readonly HashName[] = ['sha256', 'sha384', 'sha512'];
type Curve = 'P-256' | 'P-384' | 'P-521' | 'secp224r1' | 'secp256k1' | `brainpoolP${256 | 384 | 512}r1`;
const ORDERS: Readonly<Record<Curve, string>> = {
  secp224r1: 'ffffffffffffffffffffffffffff16a2e0b8f03e13dd29455c5c2a3d',
  secp256k1: 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141',
  brainpoolP256r1: 'a9fb57dba1eea9bc3e660a909d838d718c397aa3b561a6f7901e0e82974856a7',
  brainpoolP384r1: '8cb91e82a3386d280f5d6f7e50e641df152f7109ed5456b31f166e6cac0425a7cf3ab6af6b7fc3103b883202e9046565',
  brainpoolP512r1:
    'aadd9db8dbe9c48b3fd4e6ae33c9fc07cb308db3b3c9d20ed6639cca70330870553e5c414ca92619418661197fac10471db1d381085ddaddb58796829ca90069',
  'P-256': 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
  'P-384': 'ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
  'P-521': `01${'f'.repeat(65)}a51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409`,
};

/** ECDSA on a curve: ECDSA-Sig-Value in DER (RFC 3279 section 2.2.3), r and s from 1 to the order less one. */
export function ecdsaCases(curve: Curve): SignatureCase[] {
  const pair = generateKeyPairSync('ec', { namedCurve: curve });
  const spki = spkiOf(pair.publicKey);
  const order = BigInt(`0x${ORDERS[curve]}`);
  return HASHES.flatMap((hash) => {
    const make = (name: string, signature: Uint8Array, valid = false): SignatureCase => ({
      name: `${curve} ${hash}: ${name}`,
      algorithm: { kind: 'ecdsa', hash },
      spki,
      signature,
      valid,
    });
    const raw = sign(hash, MESSAGE, { key: pair.privateKey, dsaEncoding: 'ieee-p1363' });
    const [r, s] = [raw.subarray(0, raw.length / 2), raw.subarray(raw.length / 2)].map((half) =>
      BigInt(`0x${half.toString('hex')}`),
    ) as [bigint, bigint];
    const good = sequence(integer(r), integer(s));
    const other = generateKeyPairSync('ec', { namedCurve: curve }).privateKey;
    const body = join(integer(r), integer(s));
    return [
      make('as it should be', good, true),
      make('with the other s, which is as good', sequence(integer(r), integer(order - s)), true),
      make('over another message', bytesOf(sign(hash, Buffer.from('another'), pair.privateKey))),
      make('by another key', bytesOf(sign(hash, MESSAGE, other))),
      make('over another hash', bytesOf(sign(hash === 'sha256' ? 'sha384' : 'sha256', MESSAGE, pair.privateKey))),
      make('r and s exchanged', sequence(integer(s), integer(r))),
      ...(
        [
          [0n, s],
          [r, 0n],
          [0n, 0n],
          [1n, 1n],
          [order, s],
          [r, order],
          [r + order, s],
          [r, s + order],
          [order - 1n, order - 1n],
        ] as const
      ).map(([a, b], i) => make(`values out of range or at its edge, ${i}`, sequence(integer(a), integer(b)))),
      make('r negative', sequence(tlv(2, negative(r)), integer(s))),
      make('r with a zero too many', sequence(tlv(2, join([0], integer(r).subarray(2))), integer(s))),
      make('s with a zero too many', sequence(integer(r), tlv(2, join([0, 0], integer(s).subarray(2))))),
      make('r empty', sequence(tlv(2, new Uint8Array(0)), integer(s))),
      make('a length in the long form where the short one does', join([0x30, 0x82, 0, body.length], body)),
      make('an indefinite length', join([0x30, 0x80], body, [0, 0])),
      make('bytes behind it', join(good, [0])),
      make('bytes in it, behind s', sequence(integer(r), integer(s), [5, 0])),
      make('a set in place of the sequence', join([0x31], good.subarray(1))),
      make('only r', sequence(integer(r))),
      make('cut short', good.subarray(0, -1)),
      make('nothing', new Uint8Array(0)),
      make('r and s without DER', bytesOf(raw)),
    ];
  });
}

/** RSASSA-PKCS1-v1_5 and RSASSA-PSS (RFC 8017); the private key makes encoded messages that no signer would. */
export function rsaCases(bits: number): SignatureCase[] {
  const pair = generateKeyPairSync('rsa', { modulusLength: bits });
  const spki = spkiOf(pair.publicKey);
  const size = bits / 8;
  const raw = (encoded: Uint8Array): Uint8Array =>
    bytesOf(privateEncrypt({ key: pair.privateKey, padding: constants.RSA_NO_PADDING }, encoded));
  return HASHES.flatMap((hash) => {
    const pkcs1 = (name: string, signature: Uint8Array, valid = false): SignatureCase => ({
      name: `RSA ${bits} ${hash}: ${name}`,
      algorithm: { kind: 'rsa-pkcs1', hash },
      spki,
      signature,
      valid,
    });
    const digest = bytesOf(createHash(hash).update(MESSAGE).digest());
    const info = DIGEST_INFO[hash];
    const padded = (tail: Uint8Array, type = 1, fill = 0xff): Uint8Array =>
      join([0, type], new Uint8Array(size - 3 - tail.length).fill(fill), [0], tail);
    const wellMade = padded(join(info, digest));
    const short = join([0, 1], new Uint8Array(8).fill(0xff), [0], info, digest);
    const withoutNull = join(
      [0x30, info.length - 2 + digest.length - 2],
      [0x30, (info[3] as number) - 2],
      info.subarray(4, 4 + (info[3] as number) - 2),
      info.subarray(-2),
      digest,
    );
    const saltLength = digest.length;
    const pss = (name: string, signature: Uint8Array, valid = false): SignatureCase => ({
      name: `RSA-PSS ${bits} ${hash}: ${name}`,
      algorithm: { kind: 'rsa-pss', hash, saltLength },
      spki,
      signature,
      valid,
    });
    const signPss = (over: Partial<SignKeyObjectInput> = {}, message = MESSAGE, by: HashName = hash): Uint8Array =>
      bytesOf(
        sign(by, message, { key: pair.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength, ...over }),
      );
    const good = signPss();
    const signed = bytesOf(sign(hash, MESSAGE, pair.privateKey));
    // One of 256 begins with a zero; OpenSSL takes it without.
    let zero = good;
    while (bits === 2048 && zero[0] !== 0) zero = signPss();
    return [
      pkcs1('as it should be', signed, true),
      pkcs1('the same, put together here', raw(wellMade), true),
      pkcs1('with one bit changed', changed(signed, size - 1)),
      pkcs1('over another message', bytesOf(sign(hash, Buffer.from('another'), pair.privateKey))),
      pkcs1('over another hash', bytesOf(sign(hash === 'sha256' ? 'sha384' : 'sha256', MESSAGE, pair.privateKey))),
      pkcs1('of PSS', good),
      pkcs1(
        'with rubbish behind the hash (Bleichenbacher 2006)',
        raw(join(short, new Uint8Array(size - short.length).fill(7))),
      ),
      pkcs1('with the hash on the left and zeros in place of padding', raw(padded(join(info, digest), 1, 0))),
      pkcs1('of block type 2', raw(padded(join(info, digest), 2))),
      pkcs1('of block type 0', raw(padded(join(info, digest), 0))),
      pkcs1('without DigestInfo', raw(padded(digest))),
      pkcs1('without the NULL of the algorithm', raw(padded(withoutNull))),
      pkcs1(
        "with another hash's DigestInfo",
        raw(padded(join(DIGEST_INFO[hash === 'sha256' ? 'sha512' : 'sha256'], digest))),
      ),
      pkcs1('a byte short', signed.subarray(1)),
      pkcs1('a byte long', join([0], signed)),
      pkcs1('nothing', new Uint8Array(0)),
      pkcs1('zeros', new Uint8Array(size)),
      pkcs1('one', join(new Uint8Array(size - 1), [1])),
      pkcs1('the modulus', modulusOf(pair.publicKey)),
      pss('as it should be', good, true),
      pss('with one bit changed', changed(good, 0)),
      pss('over another message', signPss({}, new Uint8Array(3))),
      pss('with an empty salt', signPss({ saltLength: 0 })),
      pss('with a salt a byte short', signPss({ saltLength: saltLength - 1 })),
      pss('over another hash', signPss({}, MESSAGE, hash === 'sha256' ? 'sha384' : 'sha256')),
      pss('of PKCS #1', signed),
      pss('that does not end in bc', raw(join([0], new Uint8Array(size - 2).fill(1), [0xbb]))),
      pss('put together here', raw(encodePss(hash, digest, modulusOf(pair.publicKey), {})), true),
      pss('with another trailer', raw(encodePss(hash, digest, modulusOf(pair.publicKey), { trailer: 0xcc }))),
      pss('with padding that is not zero', raw(encodePss(hash, digest, modulusOf(pair.publicKey), { padding: 1 }))),
      pss('with another separator', raw(encodePss(hash, digest, modulusOf(pair.publicKey), { separator: 2 }))),
      pss('with a first bit that is not zero', raw(encodePss(hash, digest, modulusOf(pair.publicKey), { top: 0x80 }))),
      pss('a byte short', good.subarray(1)),
      pss('without the zero that it begins with', zero.subarray(1)),
      pss('a byte long', join(good, [0])),
      pss('nothing', new Uint8Array(0)),
      pss('zeros', new Uint8Array(size)),
    ];
  });
}

interface PssTwist {
  readonly trailer?: number;
  /** The first octet of PS, which is all zeros. */
  readonly padding?: number;
  /** The octet between PS and the salt. */
  readonly separator?: number;
  /** The bits of the first octet that must be zero. */
  readonly top?: number;
  /** An octet in front, which a modulus of 8n + 1 bits has room for, and which must be zero. */
  readonly front?: number;
}

/**
 * EMSA-PSS-ENCODE (RFC 8017 section 9.1.1) for a modulus of 8n or 8n + 1 bits, with one part that no signer makes;
 * below the modulus.
 */
function encodePss(
  hash: HashName,
  digest: Uint8Array,
  modulus: Uint8Array,
  { trailer = 0xbc, padding = 0, separator = 1, top = 0, front }: PssTwist,
): Uint8Array {
  for (;;) {
    const salt = randomBytes(digest.length);
    const h = createHash(hash)
      .update(join(new Uint8Array(8), digest, salt))
      .digest();
    const length = modulus.length - (front === undefined ? 0 : 1);
    const block = join(new Uint8Array(length - salt.length - h.length - 2), [separator], salt);
    block[0] = padding;
    const mask = Buffer.concat(
      Array.from({ length: Math.ceil(block.length / h.length) }, (_, i) =>
        createHash(hash)
          .update(join(h, [0, 0, i >> 8, i & 255]))
          .digest(),
      ),
    );
    const masked = block.map((byte, i) => byte ^ (mask[i] as number));
    if (front === undefined) masked[0] = ((masked[0] as number) & 0x7f) | top;
    const encoded = join(front === undefined ? [] : [front], masked, h, [trailer]);
    if (Buffer.compare(encoded, modulus) < 0) return encoded;
  }
}

/**
 * RSASSA-PSS with a modulus of 2049 bits, which OpenSSL does not make: the encoded message has an octet less than the
 * modulus.
 */
export function oddPssCases(): SignatureCase[] {
  const e = 65_537n;
  let [n, phi] = [0n, e];
  // From 1.25 · 2^2048 on, an encoded message with 01 in front is below the modulus often enough.
  while (n < 5n << 2046n || phi % e === 0n) {
    const [p, q] = [generatePrimeSync(1025, { bigint: true }), generatePrimeSync(1024, { bigint: true })];
    [n, phi] = [p * q, (p - 1n) * (q - 1n)];
  }
  const modulus = fromHex(n.toString(16).padStart(514, '0'));
  const key = join(integerLong(n), integer(e));
  const spki = tlvLong(
    0x30,
    join(fromHex('300d06092a864886f70d0101010500'), tlvLong(3, join([0], tlvLong(0x30, key)))),
  );
  const d = inverse(e, phi);
  const digest = bytesOf(createHash('sha256').update(MESSAGE).digest());
  return [0, 1].map((front) => {
    const encoded = encodePss('sha256', digest, modulus, { front });
    const signature = fromHex(
      power(BigInt(`0x${Buffer.from(encoded).toString('hex')}`), d, n)
        .toString(16)
        .padStart(514, '0'),
    );
    return {
      name: `RSA-PSS 2049 sha256: with ${front} in front`,
      algorithm: { kind: 'rsa-pss', hash: 'sha256', saltLength: 32 },
      spki,
      signature,
      valid: front === 0,
    };
  });
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = (result * result) % modulus;
    if (bit === '1') result = (result * base) % modulus;
  }
  return result;
}

/** Of a prime, in another modulus. */
function inverse(value: bigint, modulus: bigint): bigint {
  for (let k = 1n; ; k++) if ((k * modulus + 1n) % value === 0n) return (k * modulus + 1n) / value;
}

/** Ed25519 and Ed448 (RFC 8032): S is reduced, R and S have their length. */
export function eddsaCases(kind: 'ed25519' | 'ed448'): SignatureCase[] {
  const pair = kind === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ed448');
  const spki = spkiOf(pair.publicKey);
  const make = (name: string, signature: Uint8Array, valid = false): SignatureCase => ({
    name: `${kind}: ${name}`,
    algorithm: { kind },
    spki,
    signature,
    valid,
  });
  const good = bytesOf(sign(null, MESSAGE, pair.privateKey));
  const half = good.length / 2;
  const order =
    kind === 'ed25519'
      ? 2n ** 252n + 27742317777372353535851937790883648493n
      : 2n ** 446n - 13818066809895115352007386748515426880336692474882178609894547503885n;
  const malleable = littleEndian(fromLittleEndian(good.subarray(half)) + order, half);
  return [
    make('as it should be', good, true),
    make('over another message', bytesOf(sign(null, Buffer.from('another'), pair.privateKey))),
    make(
      'by another key',
      bytesOf(
        sign(
          null,
          MESSAGE,
          (kind === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ed448')).privateKey,
        ),
      ),
    ),
    make('S not reduced', join(good.subarray(0, half), malleable)),
    make('one bit of R changed', changed(good, 0)),
    make('one bit of S changed', changed(good, half)),
    make('R and S exchanged', join(good.subarray(half), good.subarray(0, half))),
    make('S zero', join(good.subarray(0, half), new Uint8Array(half))),
    make('R and S zero', new Uint8Array(2 * half)),
    make('all ones', new Uint8Array(2 * half).fill(255)),
    make('a byte short', good.subarray(0, -1)),
    make('a byte long', join(good, [0])),
    make('nothing', new Uint8Array(0)),
  ];
}

const ML_DSA = {
  'ml-dsa-44': { signer: ml_dsa44, oid: '0609608648016503040311' },
  'ml-dsa-65': { signer: ml_dsa65, oid: '0609608648016503040312' },
  'ml-dsa-87': { signer: ml_dsa87, oid: '0609608648016503040313' },
} as const;

/**
 * ML-DSA (FIPS 204), in certificates and TLS with an empty context (RFC 9881 section 3). Signed by noble: OpenSSL 3.5
 * verifies them too.
 */
export function mlDsaCases(kind: MlDsa): SignatureCase[] {
  const { signer, oid } = ML_DSA[kind];
  const [own, other] = [signer.keygen(), signer.keygen()];
  const spki = tlvLong(0x30, join(sequence(fromHex(oid)), tlvLong(3, join([0], own.publicKey))));
  const make = (name: string, signature: Uint8Array, valid = false): SignatureCase => ({
    name: `${kind}: ${name}`,
    algorithm: { kind },
    spki,
    signature,
    valid,
  });
  const good = signer.sign(MESSAGE, own.secretKey);
  return [
    make('as it should be', good, true),
    make('made another time', signer.sign(MESSAGE, own.secretKey, { extraEntropy: false }), true),
    make('over another message', signer.sign(Buffer.from('another'), own.secretKey)),
    make('by another key', signer.sign(MESSAGE, other.secretKey)),
    make('with a context', signer.sign(MESSAGE, own.secretKey, { context: Buffer.from('TLS') })),
    make('one bit of the challenge changed', changed(good, 0)),
    make('one bit of z changed', changed(good, 100)),
    make('one bit of the hint changed', changed(good, good.length - 1)),
    make('all zeros', new Uint8Array(good.length)),
    make('all ones', new Uint8Array(good.length).fill(255)),
    make('a byte short', good.subarray(0, -1)),
    make('a byte long', join(good, [0])),
    make('nothing', new Uint8Array(0)),
    {
      ...make('of another parameter set', good),
      algorithm: { kind: kind === 'ml-dsa-44' ? 'ml-dsa-65' : 'ml-dsa-44' },
    },
  ];
}

/** The head of DigestInfo, RFC 8017 section 9.2 note 1. */
const DIGEST_INFO: Readonly<Record<HashName, Uint8Array>> = {
  sha256: fromHex('3031300d060960864801650304020105000420'),
  sha384: fromHex('3041300d060960864801650304020205000430'),
  sha512: fromHex('3051300d060960864801650304020305000440'),
};

function fromHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'));
}
const bytesOf = (buffer: Buffer): Uint8Array => new Uint8Array(buffer);
const join = (...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array =>
  new Uint8Array(parts.flatMap((part) => [...part]));
const changed = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
const spkiOf = (key: KeyObject): Uint8Array => bytesOf(key.export({ type: 'spki', format: 'der' }));
const modulusOf = (key: KeyObject): Uint8Array =>
  new Uint8Array(Buffer.from(key.export({ format: 'jwk' }).n as string, 'base64url'));

const tlv = (tag: number, body: Uint8Array): Uint8Array =>
  join(body.length < 0x80 ? [tag, body.length] : [tag, 0x81, body.length], body);
const tlvLong = (tag: number, body: Uint8Array): Uint8Array =>
  join([tag, 0x82, body.length >> 8, body.length & 255], body);
const integerLong = (value: bigint): Uint8Array => tlvLong(2, fromHex(value.toString(16).padStart(514, '0')));
const sequence = (...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array => tlv(0x30, join(...parts));
function integer(value: bigint): Uint8Array {
  let digits = value.toString(16);
  if (digits.length % 2 === 1) digits = `0${digits}`;
  const bytes = fromHex(digits);
  return tlv(2, (bytes[0] as number) >= 0x80 ? join([0], bytes) : bytes);
}
/** Two's complement of a positive number, negated. */
function negative(value: bigint): Uint8Array {
  const bytes = integer(value).subarray(2);
  return fromHex((2n ** BigInt(8 * (bytes.length + 1)) - value).toString(16)).subarray(0);
}
const fromLittleEndian = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
const littleEndian = (value: bigint, length: number): Uint8Array =>
  fromHex(
    value
      .toString(16)
      .padStart(2 * length, '0')
      .slice(-2 * length),
  ).reverse();
