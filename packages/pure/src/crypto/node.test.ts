import type * as NodeCrypto from 'node:crypto';
import * as NodeModule from 'node:crypto';
import { generateKeyPairSync, type RSAPSSKeyPairKeyObjectOptions, verify } from 'node:crypto';
import * as zlib from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { nodeGroups } from './node-groups.ts';
import { nodeCrypto } from './node.ts';
import type { KeyShare, SigningKey, SyncAead } from './provider.ts';

const { hashes, groups, suites, decompressors, importSigningKey } = nodeCrypto;
const isPlain = (bytes: unknown): boolean => Object.getPrototypeOf(bytes) === Uint8Array.prototype;

describe('the provider on node:crypto', () => {
  it("claims noble's ML-KEM only where require() finds it", () => {
    const named = (): string[] => nodeGroups(nodeCrypto.random).groups.map(({ name }) => name);
    const kems = named().filter((name) => /mlkem/i.test(name));
    expect(kems).toHaveLength(3);
    Object.defineProperty(process.versions, 'pnp', { value: '3', configurable: true });
    try {
      const native = 'decapsulate' in NodeModule ? 2 : 0;
      expect(named().filter((name) => /mlkem/i.test(name))).toHaveLength(native);
      expect(named()).toContain('x25519');
    } finally {
      delete (process.versions as { pnp?: string }).pnp;
    }
  });

  it('gives no Buffer out, whose slice() would share memory', () => {
    const { sha256 } = hashes;
    const state = sha256.create();
    const aead = suites[0]?.aead.key(new Uint8Array(16)) as SyncAead;
    const sealed = aead.seal(new Uint8Array(12), new Uint8Array(0), new Uint8Array(4), new Uint8Array(20));
    const given: unknown[] = [
      sha256.digest(new Uint8Array(1)),
      sha256.hmac(new Uint8Array(1), new Uint8Array(1)),
      state.digest(),
      state.clone().digest(),
    ];
    given.push(sealed, aead.open(new Uint8Array(12), new Uint8Array(0), sealed, new Uint8Array(4)));
    for (const group of groups.filter(({ kem }) => !kem)) {
      const [a, b] = [group.keyShare(nodeCrypto.random) as KeyShare, group.keyShare(nodeCrypto.random) as KeyShare];
      given.push(a.publicKey, a.derive(b.publicKey));
    }
    for (const { name, decompress } of decompressors)
      if (name === 'zlib') given.push(decompress(zlib.deflateSync('x'), 1));
    const key = importSigningKey(
      generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }),
    ) as SigningKey;
    given.push(key.sign(0x0807, new Uint8Array(1)));
    expect(given.map(isPlain)).toEqual(given.map(() => true));
  });

  it('makes the same X25519 share from the same randomness', () => {
    const seeded = (into: Uint8Array): void => void into.fill(7);
    const x25519 = groups.find(({ name }) => name === 'x25519');
    expect((x25519?.keyShare(seeded) as KeyShare).publicKey).toEqual((x25519?.keyShare(seeded) as KeyShare).publicKey);
    expect((x25519?.keyShare(nodeCrypto.random) as KeyShare).publicKey).not.toEqual(
      (x25519?.keyShare(nodeCrypto.random) as KeyShare).publicKey,
    );
  });
});

it('does not list what the platform has not: ChaCha20-Poly1305 on Bun and under FIPS, P-521 on Deno', async () => {
  vi.resetModules();
  vi.doMock('node:crypto', async (original) => {
    const real = await original<typeof NodeCrypto>();
    const createCipheriv = (name: string, ...rest: never[]): unknown => {
      if (name === 'chacha20-poly1305') throw new Error('Unknown cipher');
      return (real.createCipheriv as (...all: unknown[]) => unknown)(name, ...rest);
    };
    const createECDH = (curve: string): NodeCrypto.ECDH => {
      if (curve === 'secp521r1') throw new Error('invalid curve');
      return real.createECDH(curve);
    };
    // vitest wants to be told what Node 20 has not.
    const fake = { decapsulate: undefined, ...real, createCipheriv, createECDH };
    return { ...fake, default: fake };
  });
  const { nodeCrypto: without } = await import('./node.ts');
  vi.doUnmock('node:crypto');
  // Other files of this worker import it too
  vi.resetModules();
  expect(without.suites.map(({ name }) => name)).toEqual(
    nodeCrypto.suites.map(({ name }) => name).filter((name) => !name.includes('CHACHA20')),
  );
  expect(without.defaultGroups).toEqual(nodeCrypto.defaultGroups.filter((id) => id !== 0x0019));
});

describe('certificate decompression by node:zlib', () => {
  const data = Buffer.alloc(5000, 'certificate');
  const pack: Record<string, (bytes: Buffer) => Buffer> = {
    zlib: zlib.deflateSync,
    brotli: zlib.brotliCompressSync,
    zstd: (zlib as { zstdCompressSync?: (bytes: Buffer) => Buffer }).zstdCompressSync ?? ((bytes) => bytes),
  };

  it.each(decompressors.map((each) => [each.name, each] as const))(
    'of %s undoes what fits the limit, and nothing longer, damaged or followed by more',
    (name, { decompress }) => {
      const packed = (pack[name] as (bytes: Buffer) => Buffer)(data);
      expect(Buffer.from((decompress(packed, 5000) as Uint8Array | null) ?? [])).toEqual(data);
      expect(decompress(packed, 4999)).toBeNull();
      expect(decompress(packed.subarray(0, -1), 5000)).toBeNull();
      expect(decompress(Buffer.concat([packed, Buffer.from('x')]), 5000)).toBeNull();
      expect(decompress(new Uint8Array(0), 5000)).toBeNull();
    },
  );
});

describe('client signatures by node:crypto', () => {
  it.each([
    ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 }), [0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601]],
    [
      'a short RSA key, which has no room for SHA-512 in PSS',
      generateKeyPairSync('rsa', { modulusLength: 1024 }),
      [0x0804, 0x0805, 0x0401, 0x0501, 0x0601],
    ],
    ['RSASSA-PSS', generateKeyPairSync('rsa-pss', { modulusLength: 2048 }), [0x0809, 0x080a, 0x080b]],
    [
      'RSASSA-PSS bound to one hash',
      generateKeyPairSync('rsa-pss', {
        modulusLength: 2048,
        hashAlgorithm: 'sha384',
        mgf1HashAlgorithm: 'sha384',
        saltLength: 48,
      } as object as RSAPSSKeyPairKeyObjectOptions),
      [0x080a],
    ],
    ['P-384', generateKeyPairSync('ec', { namedCurve: 'P-384' }), [0x0403, 0x0503, 0x0603]],
    ['brainpoolP384r1', generateKeyPairSync('ec', { namedCurve: 'brainpoolP384r1' }), [0x081b]],
    ['Ed25519', generateKeyPairSync('ed25519'), [0x0807]],
    ['Ed448', generateKeyPairSync('ed448'), [0x0808]],
  ])('of %s are of the schemes that the key can make', (_name, { privateKey, publicKey }, schemes) => {
    const key = importSigningKey(privateKey.export({ format: 'der', type: 'pkcs8' })) as SigningKey;
    // Those of RFC 9963 for old smart cards stand behind the rest.
    expect(key.schemes.filter((scheme) => ![0x0420, 0x0520, 0x0620].includes(scheme))).toEqual(schemes);
    const message = new Uint8Array([1, 2, 3]);
    const ecdsa = schemes[0] === 0x0403;
    if (ecdsa) expect(verify('sha256', message, publicKey, key.sign(0x0403, message) as Uint8Array)).toBe(true);
    for (const scheme of schemes) expect((key.sign(scheme, message) as Uint8Array).length).toBeGreaterThan(60);
    expect(() => key.sign(0x1234, message)).toThrow(TypeError);
  });

  it('come from PKCS#1 and SEC 1 keys too', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'der', type: 'pkcs1' });
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'der', type: 'sec1' });
    expect((importSigningKey(rsa) as SigningKey).schemes).toContain(0x0804);
    expect((importSigningKey(ec) as SigningKey).schemes).toContain(0x0403);
  });

  it('are refused for what is not a key, and for keys of no use', () => {
    expect(() => importSigningKey(new Uint8Array(10))).toThrow('neither PKCS#8, PKCS#1 nor SEC 1');
    // A private number of 102 bytes, as a fuzzer made it: asking Node for the details of this key ended the process.
    const long =
      '308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010466b50fb2c43e3f1e935815b595a285facb10761dc4d7429b6ef33cb83184189c56a144034200044078695884c22a0fd8da72a964f3359bf8bc385a5a6cc607b773f18d44eb38a30000f78e47f6a46da13b4ff7b34c5c2383767e38ee84759c28290eb6b51a26bb';
    expect(() =>
      (importSigningKey(new Uint8Array(Buffer.from(long, 'hex'))) as SigningKey).sign(0x0403, new Uint8Array(1)),
    ).toThrow();
    const x25519 = generateKeyPairSync('x25519').privateKey.export({ format: 'der', type: 'pkcs8' });
    expect(() => importSigningKey(x25519)).toThrow('makes no signature of TLS');
    const k1 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey.export({
      format: 'der',
      type: 'pkcs8',
    });
    expect(() => importSigningKey(k1)).toThrow('makes no signature of TLS');
  });
});
