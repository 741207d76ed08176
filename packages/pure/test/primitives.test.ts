/**
 * Every provider's primitives against published vectors and OpenSSL, with inputs that must be refused: what holds in a
 * clone without Wycheproof. Signatures are tested in @ferrule/x509, and of `tuned` in kernels/ecdsa.test.ts.
 */
import {
  createCipheriv,
  createECDH,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  type CipherGCMTypes,
} from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { nobleCrypto } from '../src/crypto/noble.ts';
import { nodeCrypto } from '../src/crypto/node.ts';
import type { Aead, AeadAlgorithm, CryptoProvider, Group } from '../src/crypto/provider.ts';
import { tunedCrypto } from '../src/crypto/tuned.ts';
import { createWebCrypto } from '../src/crypto/webcrypto.ts';
import { hkdfExpand, hkdfExtract } from '../src/keys/hkdf.ts';
import { CIPHERTEXT, EK_SHA256, REJECTED, SHARED } from './ml-kem.ts';

const providers: readonly CryptoProvider[] = [nobleCrypto, tunedCrypto, nodeCrypto, await createWebCrypto()];

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
const toHex = (bytes: Uint8Array | null): string | null => bytes && Buffer.from(bytes).toString('hex');
/** Bytes that look random and are the same each time. */
const bytes = (length: number, seed: string): Uint8Array =>
  new Uint8Array(
    createHash('shake256', { outputLength: Math.max(length, 1) })
      .update(seed)
      .digest(),
  ).subarray(0, length);

const OPENSSL = {
  'AES-128-GCM': 'aes-128-gcm',
  'AES-256-GCM': 'aes-256-gcm',
  'ChaCha20-Poly1305': 'chacha20-poly1305',
} as const;
/** Around blocks of 16 and 64 bytes and of what kernels do at once; the last is a whole record. */
const LENGTHS = [0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 1000, 16_384];

/** NIST's GCM test cases 4 and 16; RFC 8439 section 2.8.2. */
const AEADS = [
  [
    'AES-128-GCM',
    'feffe9928665731c6d6a8f9467308308',
    'cafebabefacedbaddecaf888',
    'feedfacedeadbeeffeedfacedeadbeefabaddad2',
    'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
    '42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47',
  ],
  [
    'AES-256-GCM',
    'feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308',
    'cafebabefacedbaddecaf888',
    'feedfacedeadbeeffeedfacedeadbeefabaddad2',
    'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
    '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b',
  ],
  [
    'ChaCha20-Poly1305',
    '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f',
    '070000004041424344454647',
    '50515253c0c1c2c3c4c5c6c7',
    Buffer.from(
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
    ).toString('hex'),
    'd31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691',
  ],
] as const;

/** RFC 7748 section 5.2: scalar, point, secret. */
const X25519 = [
  [
    'a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4',
    'e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c',
    'c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552',
  ],
  [
    '4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d',
    'e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493',
    '95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957',
  ],
] as const;
/**
 * Points of an order that divides 8, some not reduced: whatever the scalar, the secret is zero (RFC 7748 section 6.1).
 */
const LOW_ORDER = [
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
];

/** OpenSSL's name, and the order of the field. */
const CURVES = {
  secp256r1: ['prime256v1', 'ffffffff00000001000000000000000000000000ffffffffffffffffffffffff'],
  secp384r1: [
    'secp384r1',
    'fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff',
  ],
  secp521r1: ['secp521r1', `01${'ff'.repeat(65)}`],
} as const;

describe.each(providers)('$name', (provider) => {
  it.each(AEADS)('%s seals the published vector, and opens it', async (name, key, nonce, aad, plain, sealed) => {
    const aead = aeadOf(provider, name).key(hex(key));
    expect(toHex(await seal(aead, hex(nonce), hex(aad), hex(plain)))).toBe(sealed);
    expect(toHex(await open(aead, hex(nonce), hex(aad), hex(sealed)))).toBe(plain);
  });

  it.each(Object.keys(OPENSSL) as (keyof typeof OPENSSL)[])(
    '%s seals as OpenSSL does at every length, and opens nothing that was altered',
    async (name) => {
      const { keyLength, key } = aeadOf(provider, name);
      for (const length of LENGTHS) {
        const aead = key(bytes(keyLength, `key ${length}`));
        const [nonce, aad, plain] = [bytes(12, `nonce ${length}`), bytes(length % 21, 'aad'), bytes(length, 'plain')];
        const cipher = createCipheriv(OPENSSL[name] as CipherGCMTypes, bytes(keyLength, `key ${length}`), nonce, {
          authTagLength: 16,
        });
        cipher.setAAD(aad, { plaintextLength: length });
        const sealed = new Uint8Array(Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]));
        expect(toHex(await seal(aead, nonce, aad, plain)), `${length}`).toBe(toHex(sealed));
        expect(toHex(await open(aead, nonce, aad, sealed)), `${length}`).toBe(toHex(plain));
        const refused = async (what: string, ...input: [Uint8Array, Uint8Array, Uint8Array]): Promise<void> =>
          expect(await open(aead, ...input), `${length} ${what}`).toBeNull();
        for (const at of new Set(
          [0, length >> 1, length - 1, length, length + 8, length + 15].filter((each) => each >= 0),
        ))
          await refused(`bit of byte ${at}`, nonce, aad, flipped(sealed, at));
        await refused('a byte less', nonce, aad, sealed.subarray(0, -1));
        await refused('a tag that is short', nonce, aad, sealed.subarray(0, 15));
        await refused('another nonce', flipped(nonce, 11), aad, sealed);
        if (aad.length > 0) await refused('another aad', nonce, flipped(aad, 0), sealed);
        await refused('more aad', nonce, new Uint8Array([...aad, 0]), sealed);
        aead.dispose();
      }
    },
  );

  it('x25519 agrees with RFC 7748 and OpenSSL, and refuses what gives a secret of zeros', async () => {
    const group = groupOf(provider, 'x25519');
    for (const [scalar, point, secret] of X25519)
      expect(toHex(await derive(group, hex(scalar), hex(point)))).toBe(secret);
    for (let i = 0; i < 8; i++) {
      const [ours, theirs] = [bytes(32, `ours ${i}`), bytes(32, `theirs ${i}`)];
      expect(toHex(await derive(group, ours, publicX25519(theirs)))).toBe(
        diffieHellman({ privateKey: privateX25519(ours), publicKey: createPublicKey(privateX25519(theirs)) }).toString(
          'hex',
        ),
      );
    }
    // The most significant bit of a point is not part of it.
    const masked = hex(X25519[1][1]);
    masked[31] = (masked[31] as number) ^ 0x80;
    expect(toHex(await derive(group, hex(X25519[1][0]), masked))).toBe(X25519[1][2]);
    for (const point of LOW_ORDER) expect(await derive(group, bytes(32, 'low'), hex(point)), point).toBeNull();
    for (const length of [0, 31, 33])
      expect(await derive(group, bytes(32, 'length'), bytes(length, 'point')), `${length}`).toBeNull();
  });

  it.each(Object.keys(CURVES) as (keyof typeof CURVES)[])(
    '%s agrees with OpenSSL, and refuses what is not an uncompressed point of the curve',
    async (name) => {
      const [openssl, prime] = CURVES[name];
      const size = prime.length / 2;
      const group = groupOf(provider, name);
      const ours = scalar(size, 'ours');
      const theirs = createECDH(openssl);
      let point: Uint8Array = new Uint8Array(0);
      for (let i = 0; i < 3; i++) {
        theirs.setPrivateKey(scalar(size, `theirs ${i}`));
        point = new Uint8Array(theirs.getPublicKey());
        const mine = createECDH(openssl);
        mine.setPrivateKey(ours);
        expect(toHex(await derive(group, ours, point))).toBe(mine.computeSecret(point).toString('hex'));
      }
      const [x, y] = [point.slice(1, 1 + size), point.slice(1 + size)];
      const compressed = new Uint8Array(theirs.getPublicKey(null, 'compressed'));
      const negative = subtract(hex(prime), y);
      expect(toHex(await derive(group, ours, join([4], x, negative))), 'the point with the other y').toBe(
        toHex(await derive(group, ours, point)),
      );
      const bad: Record<string, Uint8Array> = {
        nothing: new Uint8Array(0),
        infinity: new Uint8Array(1),
        'infinity, as zeros': join([4], new Uint8Array(2 * size)),
        'a compressed one': compressed,
        'the hybrid form': join([6 + ((y.at(-1) as number) & 1)], x, y),
        'x and y of the compressed tag': join([compressed[0] as number], x, y),
        'a byte less': point.subarray(0, -1),
        'a byte more': join(point, [0]),
        'one off the curve': flipped(point, point.length - 1),
        'y in place of x': join([4], y, x),
        'x not below the prime': join([4], hex(prime), y),
        'y not below the prime': join([4], x, hex(prime)),
        'all ones': join([4], new Uint8Array(2 * size).fill(255)),
        ...Object.fromEntries(
          Object.entries(CURVES)
            .filter(([other]) => other !== name)
            .map(([other, [id]]) => [`one of ${other}`, new Uint8Array(createECDHOf(id))]),
        ),
      };
      for (const [what, value] of Object.entries(bad)) expect(await derive(group, ours, value), what).toBeNull();
    },
    60_000,
  );

  it.each(['X25519MLKEM768', 'SecP256r1MLKEM768'] as const)(
    '%s decapsulates as OpenSSL 3.5 does, also what was altered, and refuses other lengths',
    async (name) => {
      const group = groupOf(provider, name);
      const first = name === 'X25519MLKEM768';
      const classic = groupOf(provider, first ? 'x25519' : 'secp256r1');
      const own = bytes(32, 'classic');
      const peer = await classic.keyShare(drawing(bytes(32, 'peer')));
      const ecdh = toHex(await derive(classic, own, peer.publicKey)) as string;
      const seed = Uint8Array.from({ length: 64 }, (_, i) => i);
      const share = async (): ReturnType<typeof shareOf> => shareOf(group, join(seed, own));
      const { publicKey } = await share();
      const ek = first ? publicKey.subarray(0, 1184) : publicKey.subarray(-1184);
      expect(createHash('sha256').update(ek).digest('hex')).toBe(EK_SHA256);
      const ciphertext = new Uint8Array(Buffer.from(CIPHERTEXT, 'base64'));
      const whole = (kem: Uint8Array): Uint8Array => (first ? join(kem, peer.publicKey) : join(peer.publicKey, kem));
      const secret = (kem: string): string => (first ? kem + ecdh : ecdh + kem);
      expect(toHex(await (await share()).derive(whole(ciphertext)))).toBe(secret(SHARED));
      expect(toHex(await (await share()).derive(whole(flipped(ciphertext, 0))))).toBe(secret(REJECTED));
      expect(await (await share()).derive(whole(ciphertext.subarray(1)))).toBeNull();
      expect(await (await share()).derive(join(whole(ciphertext), [0]))).toBeNull();
      expect(
        await (
          await share()
        ).derive(first ? join(ciphertext, new Uint8Array(32)) : join(new Uint8Array(65), ciphertext)),
        'a classic half that is not valid',
      ).toBeNull();
    },
  );

  it.each(['sha256', 'sha384', 'sha512'] as const)(
    '%s, HMAC and HKDF as OpenSSL has them, up to their last byte',
    (name) => {
      const hash = provider.hashes[name];
      for (const length of [0, 1, 55, 56, 63, 64, 65, 111, 112, 127, 128, 129, 1000]) {
        const [data, key] = [bytes(length, 'data'), bytes(length, 'key')];
        expect(toHex(hash.digest(data)), `${length}`).toBe(createHash(name).update(data).digest('hex'));
        expect(toHex(hash.hmac(key, data)), `${length}`).toBe(createHmac(name, key).update(data).digest('hex'));
        const state = hash.create();
        state.update(data.subarray(0, length >> 1));
        const fork = state.clone();
        state.update(data.subarray(length >> 1));
        expect(toHex(state.digest()), `${length}`).toBe(createHash(name).update(data).digest('hex'));
        expect(toHex(fork.digest()), `${length}`).toBe(
          createHash(name)
            .update(data.subarray(0, length >> 1))
            .digest('hex'),
        );
      }
      for (const length of [1, hash.size - 1, hash.size, hash.size + 1, 255 * hash.size]) {
        const [ikm, salt, info] = [bytes(40, 'ikm'), bytes(13, 'salt'), bytes(10, 'info')];
        const okm = hkdfExpand(hash, hkdfExtract(hash, salt, ikm), info, length);
        expect(toHex(okm), `${length}`).toBe(Buffer.from(hkdfSync(name, ikm, salt, info, length)).toString('hex'));
      }
      expect(() => hkdfExpand(hash, bytes(hash.size, 'prk'), new Uint8Array(0), 255 * hash.size + 1)).toThrow(
        RangeError,
      );
    },
  );
});

function aeadOf(provider: CryptoProvider, name: string): AeadAlgorithm {
  const suite = provider.suites.find(({ aead }) => aead.name === name);
  if (suite === undefined) throw new Error(`${provider.name} has no ${name}`);
  return suite.aead;
}

function groupOf(provider: CryptoProvider, name: string): Group {
  const group = provider.groups.find((candidate) => candidate.name === name);
  if (group === undefined) throw new Error(`${provider.name} has no ${name}`);
  return group;
}

const seal = async (aead: Aead, nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array): Promise<Uint8Array> =>
  aead.sync
    ? aead.seal(nonce, aad, unaligned(plain), new Uint8Array(plain.length + 16 + 3).subarray(3))
    : aead.seal(nonce, aad, plain);

const open = async (aead: Aead, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Promise<Uint8Array | null> =>
  aead.sync
    ? aead.open(
        nonce,
        aad,
        unaligned(sealed),
        new Uint8Array(sealed.length).subarray(0, Math.max(0, sealed.length - 16)),
      )
    : aead.open(nonce, aad, sealed);

/** Off a word boundary, as record payloads are. */
function unaligned(from: Uint8Array): Uint8Array {
  const memory = new Uint8Array(from.length + 5).subarray(5);
  memory.set(from);
  return memory;
}

const flipped = (from: Uint8Array, at: number): Uint8Array => from.map((byte, i) => (i === at ? byte ^ 1 : byte));
const join = (...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array =>
  new Uint8Array(parts.flatMap((part) => [...part]));

/** A private key: below the order of every curve of this size. */
function scalar(size: number, seed: string): Uint8Array {
  const key = bytes(size, seed).slice();
  key[0] = size === 66 ? 0 : (key[0] as number) & 0x7f;
  return key;
}

function subtract(a: Uint8Array, b: Uint8Array): Uint8Array {
  const difference = BigInt(`0x${toHex(a) ?? ''}`) - BigInt(`0x${toHex(b) ?? ''}`);
  return hex(difference.toString(16).padStart(2 * a.length, '0'));
}

function createECDHOf(id: string): Buffer {
  const key = createECDH(id);
  return key.generateKeys();
}

const privateX25519 = (key: Uint8Array): ReturnType<typeof createPrivateKey> =>
  createPrivateKey({
    key: Buffer.from(join(hex('302e020100300506032b656e04220420'), key)),
    format: 'der',
    type: 'pkcs8',
  });
const publicX25519 = (key: Uint8Array): Uint8Array =>
  new Uint8Array(createPublicKey(privateX25519(key)).export({ format: 'der', type: 'spki' }).subarray(-32));

/** A source of randomness that gives these bytes, in order. */
function drawing(pool: Uint8Array): (into: Uint8Array) => void {
  let at = 0;
  return (into) => {
    if (at + into.length > pool.length) throw new Error('the pool of randomness is empty');
    into.set(pool.subarray(at, (at += into.length)));
  };
}

const shareOf = async (group: Group, pool: Uint8Array): Promise<Awaited<ReturnType<Group['keyShare']>>> =>
  group.keyShare(drawing(pool));
const derive = async (group: Group, secret: Uint8Array, peer: Uint8Array): Promise<Uint8Array | null> =>
  (await shareOf(group, secret)).derive(peer);
