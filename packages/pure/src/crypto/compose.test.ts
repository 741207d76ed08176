import { describe, expect, it, onTestFinished } from 'vitest';
import { knownAnswer, type KnownAnswer } from '@ferrule/x509/crypto/known-answers';
import { composeCrypto, type Source } from './compose.ts';
import { nobleCrypto } from './noble.ts';
import { nodeCrypto } from './node.ts';
import type { Aead, CryptoProvider, KeyShare } from './provider.ts';

const source = (name: string, change: Partial<CryptoProvider> = {}): Source => ({
  name,
  load: () => Promise.resolve({ ...nodeCrypto, name, ...change }),
});
const noble: Source = { name: 'noble', load: () => Promise.resolve(nobleCrypto) };
const p256 = 0x0017;
const p256Known = knownAnswer(
  { kind: 'ecdsa', hash: 'sha256' },
  { kind: 'ec', curve: 'P-256', bits: 256, point: new Uint8Array(0) },
) as KnownAnswer;

describe('a provider made of several', () => {
  it('is the first one where that is sound', async () => {
    const crypto = await composeCrypto([source('node'), noble]);
    expect(crypto.name).toBe('node');
    expect(crypto.synchronous).toBe(true);
    const origins = await crypto.origins();
    expect(origins.filter(({ source }) => source !== 'node')).toEqual([]);
    expect(origins).toHaveLength(3 + 3 + 7 + 11 + 3);
    expect(crypto.stepsDown).toEqual([]);
  });

  it('takes from the next one what the first has not, and says why', async () => {
    const suites = nodeCrypto.suites.filter(({ aead }) => aead.name !== 'ChaCha20-Poly1305');
    const crypto = await composeCrypto([source('node', { suites }), noble]);
    expect(crypto.name).toBe('node + noble 2.4.0');
    expect(crypto.suites.map(({ name }) => name)).toEqual(nodeCrypto.suites.map(({ name }) => name));
    expect(crypto.stepsDown).toEqual([
      {
        code: 'CRYPTO_MISSING',
        source: 'node',
        primitive: 'ChaCha20-Poly1305',
        reason: 'node: ChaCha20-Poly1305 is missing',
      },
    ]);
  });

  it('goes on without a source that does not load', async () => {
    const broken: Source = { name: 'broken', load: () => Promise.reject(new Error('half installed')) };
    const crypto = await composeCrypto([broken, noble]);
    expect(crypto.name).toBe('noble 2.4.0');
    expect(crypto.stepsDown).toEqual([
      {
        code: 'CRYPTO_UNAVAILABLE',
        source: 'broken',
        primitive: undefined,
        reason: 'broken cannot be used here: half installed',
      },
    ]);
    await expect(composeCrypto([broken])).rejects.toThrow('no source of cryptography');
  });

  it('offers ChaCha20-Poly1305 first where AES is JavaScript', async () => {
    const suites = nodeCrypto.suites.filter(({ aead }) => aead.name === 'ChaCha20-Poly1305');
    const crypto = await composeCrypto([source('node', { suites }), noble]);
    expect(crypto.suites.slice(0, 3).map(({ aead }) => aead.name)).toEqual([
      'ChaCha20-Poly1305',
      'AES-128-GCM',
      'AES-256-GCM',
    ]);
  });
});

const brokenAeads: Readonly<Record<string, () => Partial<Aead>>> = {
  throws: () => ({
    seal: () => {
      throw new Error('unknown cipher');
    },
  }),
  'seals wrongly': () => ({
    seal: (_nonce: unknown, _aad: unknown, plain: Uint8Array) => new Uint8Array(plain.length + 16) as never,
  }),
  'opens what was altered': () => ({
    open: (_nonce: unknown, _aad: unknown, cipher: Uint8Array) => cipher.slice(0, -16) as never,
  }),
};
it.each(Object.entries(brokenAeads))('an AEAD that %s is not used', async (_name, change) => {
  const suites = nodeCrypto.suites.map((suite) => ({
    ...suite,
    aead: {
      ...suite.aead,
      key: (bytes: Uint8Array): Aead => ({ ...suite.aead.key(bytes), ...change() }) as Aead,
    },
  }));
  const crypto = await composeCrypto([source('broken', { suites }), noble]);
  expect(crypto.suites[0]?.aead).toBe(nobleCrypto.suites.find(({ name }) => name === crypto.suites[0]?.name)?.aead);
  expect(crypto.stepsDown.map(({ code, primitive }) => `${code} ${primitive}`)).toEqual([
    'CRYPTO_UNSOUND AES-128-GCM',
    'CRYPTO_UNSOUND AES-256-GCM',
    'CRYPTO_UNSOUND ChaCha20-Poly1305',
  ]);
});

const brokenShares: Readonly<Record<string, (share: KeyShare) => Partial<KeyShare>>> = {
  'has lost its private key': (share) => ({
    derive: (peer) => (share.derive(peer) as Uint8Array | null)?.fill(0) ?? null,
  }),
  throws: () => ({
    derive: () => {
      throw new Error('invalid curve');
    },
  }),
  'takes points off the curve': (share) => ({
    derive: (peer) => (share.derive(peer) as Uint8Array | null) ?? new Uint8Array(32),
  }),
  'gives no secret': () => ({ derive: () => null }),
};
it.each(Object.entries(brokenShares))(
  'a group whose share %s is not used, and is told when it is met',
  async (_name, change) => {
    const groups = nodeCrypto.groups.map((group) => ({
      ...group,
      keyShare: (random: CryptoProvider['random']): KeyShare => {
        const share = group.keyShare(random) as KeyShare;
        return group.id === p256 ? { ...share, ...change(share) } : share;
      },
    }));
    const crypto = await composeCrypto([source('broken', { groups }), noble]);
    expect(crypto.stepsDown).toEqual([]);
    const group = crypto.groups.find(({ id }) => id === p256);
    const [a, b] = [await group?.keyShare(crypto.random), await group?.keyShare(crypto.random)] as [KeyShare, KeyShare];
    expect(a.derive(b.publicKey)).toEqual(b.derive(a.publicKey));
    expect(crypto.stepsDown.map(({ code, primitive }) => `${code} ${primitive}`)).toEqual(['CRYPTO_UNSOUND secp256r1']);
  },
);

it.each([true, false])('a verifier that says %s to everything is not used', async (answer) => {
  const verifier = { ...nodeCrypto.verifier, verify: () => answer };
  const crypto = await composeCrypto([source('broken', { verifier }), noble]);
  const origins = await crypto.origins();
  expect([...new Set(origins.filter(({ kind }) => kind === 'signature').map(({ source }) => source))]).toEqual([
    nobleCrypto.name,
  ]);
});

it('answers later where its sources do', async () => {
  const later = nodeCrypto.groups.map((group) => ({
    ...group,
    keyShare: async (random: CryptoProvider['random']): Promise<KeyShare> => group.keyShare(random),
  }));
  const crypto = await composeCrypto([source('later', { groups: later, synchronous: false }), noble]);
  expect(crypto.synchronous).toBe(false);
  expect((await crypto.origins()).filter(({ source }) => source !== 'later')).toEqual([]);
});

describe('where one source lacks a primitive and the last does not load', () => {
  const LACKING: Readonly<Record<string, readonly [Partial<CryptoProvider>, (crypto: CryptoProvider) => unknown]>> = {
    'a group': [
      { groups: nodeCrypto.groups.filter(({ id }) => id !== p256) },
      ({ groups, random }) => groups.find(({ id }) => id === p256)?.keyShare(random),
    ],
    'a signature': [
      { verifier: { ...nodeCrypto.verifier, verify: () => false } },
      ({ verifier }) => verifier.verify(p256Known.algorithm, p256Known.spki, p256Known.message, p256Known.signature),
    ],
  };
  it.each(Object.entries(LACKING))(
    '%s fails its caller alone, and comes when the last does',
    async (_what, [change, use]) => {
      const unheard: unknown[] = [];
      const hear = (reason: unknown): void => void unheard.push(reason);
      process.on('unhandledRejection', hear);
      onTestFinished(() => void process.off('unhandledRejection', hear));
      let down = true;
      const late: Source = { name: 'late', load: () => (down ? Promise.reject(new Error('no chunk')) : noble.load()) };
      const crypto = await composeCrypto([source('node', change), late]);
      await expect(use(crypto)).rejects.toThrow('no source of cryptography has');
      await expect(use(crypto)).rejects.toThrow('no source of cryptography has');
      await new Promise((done) => setTimeout(done));
      expect(unheard).toEqual([]);
      expect(crypto.stepsDown.filter(({ code }) => code === 'CRYPTO_UNAVAILABLE')).toHaveLength(1);
      down = false;
      expect(await use(crypto)).toBeTruthy();
    },
  );
});
