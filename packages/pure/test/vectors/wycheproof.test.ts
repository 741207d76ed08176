/**
 * Wycheproof, over each provider: what TLS needs of AEADs, key exchange, HMAC and HKDF. Signatures are tested in
 * @ferrule/x509.
 */
import { expect, it } from 'vitest';
import { nobleCrypto } from '../../src/crypto/noble.ts';
import { nodeCrypto } from '../../src/crypto/node.ts';
import { tunedCrypto } from '../../src/crypto/tuned.ts';
import { createWebCrypto } from '../../src/crypto/webcrypto.ts';
import type { Aead, AeadAlgorithm, CryptoProvider, Group, HashName } from '../../src/crypto/provider.ts';
import { hkdfExpand, hkdfExtract } from '../../src/keys/hkdf.ts';
import { describeVectors, hex, toHex, wycheproof, wycheproofFile, type WycheproofTest } from './vectors.ts';

const web = await createWebCrypto();
const providers: readonly CryptoProvider[] = [nobleCrypto, tunedCrypto, nodeCrypto, web];

const CURVES = ['x25519', 'secp256r1', 'secp384r1', 'secp521r1'] as const;
const pointsOf = (name: string): string => (name === 'x25519' ? name : `ecdh_${name}_ecpoint`);
const FILES = [
  'aes_gcm',
  'chacha20_poly1305',
  ...CURVES.map(pointsOf),
  'mlkem_768',
  ...['hmac', 'hkdf'].flatMap((name) => [`${name}_sha256`, `${name}_sha384`]),
];

interface AeadTest extends WycheproofTest {
  readonly key: string;
  readonly iv: string;
  readonly aad: string;
  readonly msg: string;
  readonly ct: string;
  readonly tag: string;
}
interface ExchangeTest extends WycheproofTest {
  readonly public: string;
  readonly private: string;
  readonly shared: string;
}

for (const provider of providers)
  describeVectors(`Wycheproof with ${provider.name}`, FILES.map(wycheproofFile), () => {
    it.each([
      ['aes_gcm', 'AES-128-GCM', 128],
      ['aes_gcm', 'AES-256-GCM', 256],
      ['chacha20_poly1305', 'ChaCha20-Poly1305', 256],
    ] as const)('%s: %s seals to the ciphertext and opens nothing that was altered', async (file, name, keySize) => {
      const algorithm = aeadOf(provider, name);
      let count = 0;
      for (const group of wycheproof<AeadTest>(file).testGroups) {
        if (group['ivSize'] !== 96 || group['tagSize'] !== 128 || group['keySize'] !== keySize) continue;
        for (const test of group.tests) {
          const aead = algorithm.key(hex(test.key));
          const [iv, aad, plain] = [hex(test.iv), hex(test.aad), hex(test.msg)];
          const sealed = hex(test.ct + test.tag);
          const opened = await open(aead, iv, aad, sealed);
          if (test.result === 'valid') {
            expect(toHex(await seal(aead, iv, aad, plain)), `${test.tcId}`).toBe(toHex(sealed));
            expect(opened && toHex(opened), `${test.tcId}`).toBe(test.msg);
          } else expect(opened, `${test.tcId}`).toBeNull();
          aead.dispose();
          count++;
        }
      }
      expect(count).toBeGreaterThan(50);
    });

    it('x25519 agrees on the secret, and refuses the points whose secret is zero', async () => {
      const group = groupOf(provider, 'x25519');
      for (const { tests } of wycheproof<ExchangeTest>('x25519').testGroups) {
        for (const test of tests) {
          const secret = await derive(group, test.private, hex(test.public));
          const zero = /^0+$/.test(test.shared);
          expect(secret && toHex(secret), `${test.tcId} ${test.comment ?? ''}`).toBe(zero ? null : test.shared);
        }
      }
    });

    it.each([
      ['secp256r1', 32],
      ['secp384r1', 48],
      ['secp521r1', 66],
    ] as const)(
      '%s agrees on the secret and refuses what is not an uncompressed point of the curve',
      async (name, size) => {
        const group = groupOf(provider, name);
        for (const { tests } of wycheproof<ExchangeTest>(`ecdh_${name}_ecpoint`).testGroups) {
          for (const test of tests) {
            const point = hex(test.public);
            const secret = await derive(group, test.private.padStart(2 * size, '0').slice(-2 * size), point);
            const uncompressed = point.length === 1 + 2 * size && point[0] === 4;
            if (test.result === 'valid' && uncompressed)
              expect(secret && toHex(secret), `${test.tcId}`).toBe(test.shared);
            else expect(secret, `${test.tcId} ${test.comment ?? ''}`).toBeNull();
          }
        }
      },
      120_000,
    );

    it('ML-KEM-768 in both hybrids gives the shared secret beside that of the curve', async () => {
      interface Test extends WycheproofTest {
        readonly seed: string;
        readonly ek: string;
        readonly c: string;
        readonly K: string;
      }
      const scalar = '1'.padStart(64, '1');
      for (const name of ['X25519MLKEM768', 'SecP256r1MLKEM768'] as const) {
        const group = groupOf(provider, name);
        const classic = groupOf(provider, name === 'X25519MLKEM768' ? 'x25519' : 'secp256r1');
        const peer = await classic.keyShare(drawing(scalar));
        const own = await classic.keyShare(drawing(scalar));
        const ecdhSecret = toHex((await own.derive(peer.publicKey)) as Uint8Array);
        let count = 0;
        for (const { tests } of wycheproof<Test>('mlkem_768').testGroups) {
          for (const test of tests) {
            if (test.seed.length !== 128) continue;
            const share = await group.keyShare(drawing(test.seed + scalar));
            const [first, second] =
              name === 'X25519MLKEM768' ? [test.c, toHex(peer.publicKey)] : [toHex(peer.publicKey), test.c];
            const secret = await share.derive(hex(first + second));
            const whole = name === 'X25519MLKEM768' ? test.K + ecdhSecret : ecdhSecret + test.K;
            if (test.result === 'valid') {
              expect(toHex(share.publicKey).includes(test.ek), `${test.tcId}`).toBe(true);
              expect(secret && toHex(secret), `${test.tcId}`).toBe(whole);
            } else expect(secret && toHex(secret), `${test.tcId}`).not.toBe(whole);
            count++;
          }
        }
        expect(count).toBeGreaterThan(20);
      }
    }, 120_000);

    it.each(['sha256', 'sha384'] as const)('HMAC and HKDF with %s', (name: HashName) => {
      const hash = provider.hashes[name];
      interface Mac extends WycheproofTest {
        readonly key: string;
        readonly msg: string;
        readonly tag: string;
      }
      for (const { tests } of wycheproof<Mac>(`hmac_${name}`).testGroups) {
        for (const { tcId, key, msg, tag, result } of tests) {
          expect(toHex(hash.hmac(hex(key), hex(msg))).slice(0, tag.length) === tag, `${tcId}`).toBe(result === 'valid');
        }
      }
      interface Kdf extends WycheproofTest {
        readonly ikm: string;
        readonly salt: string;
        readonly info: string;
        readonly size: number;
        readonly okm: string;
      }
      for (const { tests } of wycheproof<Kdf>(`hkdf_${name}`).testGroups) {
        for (const { tcId, ikm, salt, info, size, okm, result } of tests) {
          const expand = (): string => toHex(hkdfExpand(hash, hkdfExtract(hash, hex(salt), hex(ikm)), hex(info), size));
          if (result === 'valid') expect(expand(), `${tcId}`).toBe(okm);
          else expect(expand, `${tcId}`).toThrow(RangeError);
        }
      }
    });
  });

describeVectors('Wycheproof with keys made by the platform', FILES.map(wycheproofFile), () => {
  it.each(CURVES)(
    '%s made by the platform takes exactly the points that Wycheproof calls valid',
    async (name) => {
      const share = await groupOf(web, name).keyShare(web.random);
      interface Test extends WycheproofTest {
        readonly public: string;
        readonly shared: string;
      }
      for (const { tests } of wycheproof<Test>(pointsOf(name)).testGroups) {
        // Every fourth is enough for what does not depend on the secret; all that are invalid are tried.
        for (const test of tests.filter(({ result }, i) => result !== 'valid' || i % 4 === 0)) {
          const point = hex(test.public);
          const good = name === 'x25519' ? !/^0+$/.test(test.shared) : test.result === 'valid' && point[0] === 4;
          expect((await share.derive(point)) !== null, `${test.tcId} ${test.comment ?? ''}`).toBe(good);
        }
      }
    },
    60_000,
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

/** Off a word boundary, as record payloads are. */
function unaligned(bytes: Uint8Array): Uint8Array {
  const memory = new Uint8Array(bytes.length + 5).subarray(5);
  memory.set(bytes);
  return memory;
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

/** A source of randomness that gives these bytes, in order. */
function drawing(bytes: string): (into: Uint8Array) => void {
  const pool = hex(bytes);
  let at = 0;
  return (into) => {
    if (at + into.length > pool.length) throw new Error('the pool of randomness is empty');
    into.set(pool.subarray(at, (at += into.length)));
  };
}

async function derive(group: Group, secret: string, peer: Uint8Array): Promise<Uint8Array | null> {
  const share = await group.keyShare(drawing(secret));
  return share.derive(peer);
}
