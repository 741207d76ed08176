import { constants, generateKeyPairSync, verify as nodeVerify, webcrypto } from 'node:crypto';
import * as zlib from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { nobleCrypto } from './noble.ts';
import type { AsyncAead, CryptoProvider, Group } from './provider.ts';
import { createWebCrypto } from './webcrypto.ts';

const web = await createWebCrypto();
const group = (provider: CryptoProvider, name: string): Group =>
  provider.groups.find((candidate) => candidate.name === name) as Group;
const CLASSIC = ['x25519', 'secp256r1', 'secp384r1', 'secp521r1'];

afterEach(() => vi.unstubAllGlobals());

describe('key exchange by the platform', () => {
  it.each(CLASSIC)('%s comes to the same secret as noble', async (name) => {
    const [theirs, ours] = [
      await group(nobleCrypto, name).keyShare(nobleCrypto.random),
      await group(web, name).keyShare(web.random),
    ];
    expect(await ours.derive(theirs.publicKey)).toEqual(await theirs.derive(ours.publicKey));
  });

  it("is left to noble when randomness is the caller's, byte for byte", async () => {
    const seeded = (into: Uint8Array): void => void into.fill(7);
    for (const name of [...CLASSIC.slice(0, 3), 'X25519MLKEM768']) {
      expect((await group(web, name).keyShare(seeded)).publicKey).toEqual(
        (await group(nobleCrypto, name).keyShare(seeded)).publicKey,
      );
    }
  });
});

describe('AES by the platform', () => {
  const aead = (): AsyncAead => {
    const key = web.suites[0]?.aead.key(new Uint8Array(16));
    if (key === undefined || key.sync) throw new Error('asynchronous');
    return key;
  };

  it('answers later, in the order of asking, 16 records at once', async () => {
    const key = aead();
    expect(key.depth).toBe(16);
    const nonce = (i: number): Uint8Array => new Uint8Array(12).fill(i);
    const sealed = await Promise.all(
      Array.from({ length: 16 }, (_, i) => key.seal(nonce(i), new Uint8Array(5), new Uint8Array(100).fill(i))),
    );
    const opened = await Promise.all(sealed.map((record, i) => key.open(nonce(i), new Uint8Array(5), record)));
    expect(opened.map((plain) => plain?.[0])).toEqual(Array.from({ length: 16 }, (_, i) => i));
  });

  it.each(['before its key is there', 'once its key is there'])(
    'takes its copy of what it is given when it is called, %s',
    async (when) => {
      const key = aead();
      if (when.startsWith('once')) await key.seal(new Uint8Array(12), new Uint8Array(5), new Uint8Array(1));
      const [nonce, aad, plain] = [new Uint8Array(12), new Uint8Array(5), new Uint8Array(1000)];
      const sealing = key.seal(nonce, aad, plain);
      for (const input of [nonce, aad, plain]) input.fill(9);
      const sealed = await sealing;
      const [otherNonce, otherAad] = [new Uint8Array(12), new Uint8Array(5)];
      const opening = key.open(otherNonce, otherAad, sealed);
      for (const input of [otherNonce, otherAad, sealed]) input.fill(9);
      expect(await opening).toEqual(new Uint8Array(1000));
    },
  );

  it('refuses a wrong tag and a record that is too short for one by null', async () => {
    const key = aead();
    const sealed = await key.seal(new Uint8Array(12), new Uint8Array(5), new Uint8Array(10));
    sealed[0] = (sealed[0] as number) ^ 1;
    expect(await key.open(new Uint8Array(12), new Uint8Array(5), sealed)).toBeNull();
    expect(await key.open(new Uint8Array(12), new Uint8Array(5), sealed.subarray(0, 15))).toBeNull();
  });

  it('does nothing more once disposed', async () => {
    const key = aead();
    key.dispose();
    await expect(key.seal(new Uint8Array(12), new Uint8Array(0), new Uint8Array(1))).rejects.toMatchObject({
      code: 'DISPOSED',
    });
  });
});

describe('client signatures by the platform', () => {
  const message = new Uint8Array([1, 2, 3]);
  it.each([
    ['rsa', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['ec', () => generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['ec', () => generateKeyPairSync('ec', { namedCurve: 'P-384' })],
    ['ec', () => generateKeyPairSync('ec', { namedCurve: 'P-521' })],
    ['ed25519', () => generateKeyPairSync('ed25519')],
  ] as const)('of %s verify for each scheme', async (_kind, generate) => {
    const { privateKey, publicKey } = generate();
    const key = await web.importSigningKey(privateKey.export({ format: 'der', type: 'pkcs8' }));
    if (key === undefined) throw new Error('a key');
    expect(key.schemes.length).toBeGreaterThan(0);
    for (const scheme of key.schemes) {
      const signature = await key.sign(scheme, message);
      const hash =
        scheme === 0x0807
          ? null
          : (({ 4: 'sha256', 5: 'sha384', 6: 'sha512' } as Record<number, string>)[
              scheme >> 8 === 8 ? scheme & 0xff : scheme >> 8
            ] ?? null);
      const padding =
        scheme >> 8 === 8 && scheme !== 0x0807
          ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
          : {};
      expect(nodeVerify(hash, message, { key: publicKey, ...padding }, signature), scheme.toString(16)).toBe(true);
    }
    await expect(key.sign(0x1234, message)).rejects.toThrow(TypeError);
  });

  it('are refused for what is not a key', async () => {
    for (const bytes of [new Uint8Array(0), new Uint8Array(100), new Uint8Array([0x30, 0x03, 2, 1, 0])])
      expect(() => web.importSigningKey(bytes)).toThrow(TypeError);
    const x25519 = generateKeyPairSync('x25519').privateKey.export({ format: 'der', type: 'pkcs8' });
    expect(() => web.importSigningKey(x25519)).toThrow('of no kind that WebCrypto signs with');
  });
});

describe('certificate decompression by the platform', () => {
  const zlibOf = () => web.decompressors.find(({ name }) => name === 'zlib');
  const data = Buffer.alloc(5000, 'certificate');

  it('undoes what fits the limit, and nothing that does not or is damaged', async () => {
    const packed = zlib.deflateSync(data);
    expect(Buffer.from((await zlibOf()?.decompress(packed, 5000)) ?? [])).toEqual(data);
    expect(await zlibOf()?.decompress(packed, 4999)).toBeNull();
    expect(await zlibOf()?.decompress(packed.subarray(0, -1), 5000)).toBeNull();
  });
});

describe('a platform with less', () => {
  it('without crypto.subtle has no provider, and is told so', async () => {
    vi.stubGlobal('crypto', { getRandomValues: () => undefined });
    await expect(createWebCrypto()).rejects.toThrow('no crypto.subtle');
  });

  it('gets key exchange from noble where the platform has none', async () => {
    const { subtle } = webcrypto;
    const poor = {
      generateKey: () => Promise.reject(new Error('NotSupported')),
      importKey: subtle.importKey.bind(subtle),
      encrypt: subtle.encrypt.bind(subtle),
    };
    vi.stubGlobal('crypto', { getRandomValues: webcrypto.getRandomValues.bind(webcrypto), subtle: poor });
    const provider = await createWebCrypto();
    const share = await group(provider, 'x25519').keyShare(provider.random);
    expect(share.publicKey).toHaveLength(32);
    expect(provider.defaultGroups).toEqual([29, 23, 24, 25]);
  });
});
