/** A provider that throws, or rejects, at one primitive after the other: never is that the peer's fault. */
import type * as NodeCrypto from 'node:crypto';
import { webcrypto } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { pki } from '@ferrule/conformance/pki';
import { SslErrorCode } from '@ferrule/result';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { nodeCrypto } from '../src/crypto/node.ts';
import type { Aead, CryptoProvider, Hash, HashState, KeyShare } from '../src/crypto/provider.ts';
import { createWebCrypto } from '../src/crypto/webcrypto.ts';
import { createPure } from '../src/index.ts';
import * as wire from '../src/wire/index.ts';
import { laterCrypto, leaf, scene, type Scene, type Setting } from './scene.ts';

const client = await pki('client');
const broken = new Error('out of order');

/** Answers at once, or later. */
type Mode = 'throws' | 'rejects';
function breakDown(mode: Mode): never {
  if (mode === 'throws') throw broken;
  return Promise.reject(broken) as never;
}

const withAead = (crypto: CryptoProvider, change: (aead: Aead) => Partial<Aead>): CryptoProvider => ({
  ...crypto,
  suites: crypto.suites.map((suite) => ({
    ...suite,
    aead: {
      ...suite.aead,
      key: (bytes: Uint8Array): Aead => {
        const aead = suite.aead.key(bytes);
        return { ...aead, ...change(aead) } as Aead;
      },
    },
  })),
});
function withHash(crypto: CryptoProvider, change: (hash: Hash) => Partial<Hash>): CryptoProvider {
  const of = (hash: Hash): Hash => ({ ...hash, ...change(hash) });
  const { sha256, sha384, sha512 } = crypto.hashes;
  const hashes = { sha256: of(sha256), sha384: of(sha384), sha512: of(sha512) };
  return { ...crypto, hashes, suites: crypto.suites.map((suite) => ({ ...suite, hash: hashes[suite.hash.name] })) };
}
const withState = (crypto: CryptoProvider, change: Partial<HashState>): CryptoProvider =>
  withHash(crypto, (hash) => ({ create: () => ({ ...hash.create(), ...change }) }));
const withShare = (crypto: CryptoProvider, change: Partial<KeyShare>): CryptoProvider => ({
  ...crypto,
  groups: crypto.groups.map((group) => ({
    ...group,
    keyShare: (random) => ({ ...(group.keyShare(random) as KeyShare), ...change }),
  })),
});
const throws = (): never => breakDown('throws');

const AT_ONCE: Readonly<Record<string, CryptoProvider>> = {
  'random bytes': { ...nodeCrypto, random: throws },
  'a hash that is begun': withHash(nodeCrypto, () => ({ create: throws })),
  'a hash that is fed': withState(nodeCrypto, { update: throws }),
  'a hash that is read': withState(nodeCrypto, { digest: throws }),
  HMAC: withHash(nodeCrypto, () => ({ hmac: throws })),
  'a key for an AEAD': withAead(nodeCrypto, () => throws()),
};
const SOON_OR_LATER: Readonly<Record<string, (mode: Mode) => CryptoProvider>> = {
  'a key share': (mode) => ({
    ...nodeCrypto,
    groups: nodeCrypto.groups.map((group) => ({ ...group, keyShare: () => breakDown(mode) })),
  }),
  'a shared secret': (mode) => withShare(nodeCrypto, { derive: () => breakDown(mode) }),
  'a signature': (mode) => ({ ...nodeCrypto, verifier: { ...nodeCrypto.verifier, verify: () => breakDown(mode) } }),
  'a record that is opened': (mode) => withAead(cryptoOf(mode), () => ({ open: () => breakDown(mode) })),
  'a record that is sealed': (mode) => withAead(cryptoOf(mode), () => ({ seal: () => breakDown(mode) })),
};
const cryptoOf = (mode: Mode): CryptoProvider => (mode === 'throws' ? nodeCrypto : laterCrypto());

describe('a platform that fails at', () => {
  it.each(Object.entries(AT_ONCE))(
    '%s fails the connection with CRYPTO_FAILED and the cause',
    async (_name, crypto) => {
      await expectFailure({ crypto });
    },
  );

  describe.each(['throws', 'rejects'] as const)('(%s)', (mode) => {
    it.each(Object.entries(SOON_OR_LATER))('%s fails it so too', async (_name, make) => {
      await expectFailure({ crypto: make(mode) });
    });
  });
});

/** What no type allows, from a provider in JavaScript. */
const nonsense = (answer: unknown) => (): never => answer as never;
/** A promise of another realm, as far as `instanceof` can tell. */
const thenable = (value: unknown): PromiseLike<unknown> => ({
  then: (...given: [never?, never?]) => Promise.resolve(value).then(...given),
});
const later = laterCrypto();
const verifying = (crypto: CryptoProvider, answer: unknown): CryptoProvider => ({
  ...crypto,
  verifier: { ...crypto.verifier, verify: nonsense(answer) },
});
const NONSENSE: Readonly<Record<string, CryptoProvider>> = {
  ...Object.fromEntries(
    [undefined, null, 0, 1, 'false', { valid: false }, Promise.resolve('true'), thenable(1)].map((answer, i) => [
      `${i}: verify → ${String(JSON.stringify(answer))} (${typeof answer})`,
      verifying(nodeCrypto, answer),
    ]),
  ),
  ...Object.fromEntries(
    [undefined, true, 'secret', new Uint8Array(0), new Uint8Array(31), Promise.resolve(undefined)].map((answer, i) => [
      `${i}: derive → ${String(JSON.stringify(answer))} (${typeof answer})`,
      withShare(nodeCrypto, { derive: nonsense(answer) }),
    ]),
  ),
  'a public key that is empty': withShare(nodeCrypto, { publicKey: new Uint8Array(0) }),
  'a key share that is none': {
    ...nodeCrypto,
    groups: nodeCrypto.groups.map((group) => ({ ...group, keyShare: nonsense(undefined) })),
  },
  'hmac → nothing': withHash(nodeCrypto, () => ({ hmac: nonsense(new Uint8Array(0)) })),
  'hmac → a promise': withHash(nodeCrypto, () => ({ hmac: () => breakDown('rejects') })),
  'digest → too little': withState(nodeCrypto, { digest: nonsense(new Uint8Array(20)) }),
  'open → undefined': withAead(nodeCrypto, () => ({ open: nonsense(undefined) })),
  'open → a promise': withAead(nodeCrypto, () => ({ open: nonsense(Promise.resolve(null)) })),
  'open → too little': withAead(nodeCrypto, () => ({ open: nonsense(new Uint8Array(1)) })),
  'seal → too little': withAead(nodeCrypto, () => ({ seal: nonsense(new Uint8Array(16)) })),
  'later: open → at once': withAead(later, () => ({ open: nonsense(null) })),
  'later: open → undefined': withAead(later, () => ({ open: nonsense(Promise.resolve(undefined)) })),
  'later: seal → nothing': withAead(later, () => ({ seal: nonsense(Promise.resolve(new Uint8Array(0))) })),
  'a key that is none': {
    ...nodeCrypto,
    suites: nodeCrypto.suites.map((suite) => ({ ...suite, aead: { ...suite.aead, key: nonsense(undefined) } })),
  },
  'random bytes that come later': { ...nodeCrypto, random: nonsense(Promise.resolve()) },
};

describe('an answer that is of no kind the contract knows is neither a yes nor the fault of the peer', () => {
  it.each(Object.entries(NONSENSE))('%s', async (_name, crypto) => {
    const it = scene({}, { crypto });
    await connect(it);
    const { code, alert } = it.ssl.failure?.error ?? {};
    expect({ code, alert }).toEqual({
      code: 'CRYPTO_FAILED',
      alert: expect.objectContaining({ description: 80, origin: 'local' }) as object,
    });
  });

  it('a promise of another realm is a promise', async () => {
    const share = (made: KeyShare): KeyShare => ({ ...made, derive: (peer) => thenable(made.derive(peer)) as never });
    const it = scene(
      {},
      {
        crypto: {
          ...nodeCrypto,
          synchronous: false,
          groups: nodeCrypto.groups.map((group) => ({
            ...group,
            keyShare: (random) => thenable(share(group.keyShare(random) as KeyShare)) as never,
          })),
          verifier: {
            ...nodeCrypto.verifier,
            verify: (...given) => thenable(nodeCrypto.verifier.verify(...given)) as never,
          },
        },
      },
    );
    await connect(it);
    expect(it.ssl.failure).toBeUndefined();
  });
});

describe("a shared secret that the platform does not compute is the peer's fault only when its share is bad", () => {
  afterEach(() => {
    vi.restoreAllMocks();
    vi.doUnmock('node:crypto');
    vi.resetModules();
  });
  const NAMES = ['x25519', 'secp256r1', 'secp384r1', 'secp521r1'];
  const sharesOf = (crypto: CryptoProvider): Promise<KeyShare[]> =>
    Promise.all(crypto.groups.filter(({ kem }) => !kem).map(async (group) => group.keyShare(crypto.random)));
  /** A share of low order, or off the curve. */
  const bad = ({ publicKey }: KeyShare): Uint8Array =>
    publicKey.length === 32
      ? new Uint8Array(32)
      : publicKey.map((byte, index) => (index === publicKey.length - 1 ? byte ^ 1 : byte));

  it('with node:crypto', async () => {
    vi.resetModules();
    vi.doMock('node:crypto', async (original) => {
      const real = await original<typeof NodeCrypto>();
      const createECDH = (curve: string): NodeCrypto.ECDH =>
        Object.assign(real.createECDH(curve), { computeSecret: throws });
      // Node 20 makes the public key with it, too.
      const diffieHellman: typeof real.diffieHellman = (keys) => {
        const secret = real.diffieHellman(keys);
        return keys.publicKey.export({ format: 'jwk' }).x?.startsWith('CQ') ? secret : throws();
      };
      // vitest wants to be told what Node 20 has not.
      const fake = { decapsulate: undefined, ...real, createECDH, diffieHellman };
      return { ...fake, default: fake };
    });
    const shares = await sharesOf((await import('../src/crypto/node.ts')).nodeCrypto);
    expect(shares).toHaveLength(NAMES.length);
    for (const share of shares) {
      expect(() => share.derive(share.publicKey)).toThrow(broken);
      expect(share.derive(bad(share))).toBeNull();
    }
  });

  it('with WebCrypto', async () => {
    const shares = await sharesOf(await createWebCrypto());
    expect(shares).toHaveLength(NAMES.length);
    vi.spyOn(webcrypto.subtle, 'deriveBits').mockRejectedValue(broken);
    for (const share of shares) {
      await expect(share.derive(share.publicKey)).rejects.toThrow(broken);
      expect(await share.derive(bad(share))).toBeNull();
    }
  });
});

describe('a decompressor of the platform', () => {
  const { certificateLength, packed } = compressedCertificate();
  const failure = async (decompress: unknown): Promise<string | undefined> => {
    const it = scene(
      { certificateCompression: ['zlib'] },
      { crypto: { ...nodeCrypto, decompressors: [{ name: 'zlib', decompress: decompress as () => null }] } },
    );
    await connect(it, () =>
      it.server.send(
        wire.encodeCompressedCertificate({ algorithm: 1, uncompressedLength: certificateLength, compressed: packed }),
      ),
    );
    return it.ssl.failure?.error.code;
  };

  it.each<[string, unknown]>([
    ['throws', throws],
    ['rejects', () => breakDown('rejects')],
    ['answers with a text', nonsense('certificate')],
    ['answers with undefined', nonsense(undefined)],
    ['answers with more than it was asked for', nonsense(new Uint8Array(certificateLength + 1))],
    ['answers later with no bytes', nonsense(Promise.resolve([1]))],
  ])('that %s fails as the platform', async (_name, decompress) => {
    expect(await failure(decompress)).toBe('CRYPTO_FAILED');
  });

  it.each<[string, unknown]>([
    ['null', nonsense(null)],
    ['null, later', nonsense(thenable(null))],
    ['less than the peer says', nonsense(new Uint8Array(1))],
  ])('that answers with %s says that the bytes are not intact', async (_name, decompress) => {
    expect(await failure(decompress)).toBe('CERT_DECOMPRESSION_FAILED');
  });
});

describe('a platform that fails at importing a key', () => {
  const { chain, key } = client;
  const contextWith = (importSigningKey: unknown) => (): unknown =>
    createPure({
      crypto: { ...nodeCrypto, importSigningKey: importSigningKey as CryptoProvider['importSigningKey'] },
    }).createContext({ credentials: [{ chain, key }] });

  it('is named by the TypeError of createContext()', () => {
    expect(contextWith(throws)).toThrow('credentials[0]: node:crypto: importing a private key failed: out of order');
    expect(contextWith(nonsense('key'))).toThrow('importing a private key failed: it answered with string');
    expect(contextWith(nonsense({ sign: throws }))).toThrow('importing a private key failed');
  });
  it('is not what a key that is none is refused with', () => {
    const refuses = (): never => {
      throw new TypeError('no key');
    };
    expect(contextWith(refuses)).toThrow(/^credentials\[0\]: no key$/);
  });
});

describe('a key that cannot be disposed of', () => {
  it.each(Object.entries({ 'at once': nodeCrypto, later: laterCrypto() }))(
    'keeps neither the connection from working nor other secrets from going (%s)',
    async (_name, crypto) => {
      const dispose = vi.fn(throws);
      const it = scene(
        {},
        {
          crypto: withShare(
            withAead(crypto, () => ({ dispose })),
            { dispose },
          ),
        },
      );
      await connect(it);
      expect(it.ssl.established).toBe(true);
      it.ssl.dispose();
      await new Promise(setImmediate);
      expect(dispose.mock.calls.length).toBeGreaterThan(3);
      expect(() => it.ssl.exportKeyingMaterial('EXPORTER-test', undefined, 32)).toThrow('was disposed');
    },
  );
});

async function expectFailure(setting: Setting): Promise<void> {
  const it = scene({}, setting);
  await connect(it);
  const { code, cause, alert } = it.ssl.failure?.error ?? {};
  expect({ code, cause, alert }).toEqual({
    code: 'CRYPTO_FAILED',
    cause: broken,
    alert: expect.objectContaining({ description: 80, origin: 'local' }) as object,
  });
}

/** As far as it goes. */
async function connect({ ssl, server }: Scene, authenticate = (): void => server.authenticate()): Promise<void> {
  for (let answered = false; ;) {
    const ret = ssl.connect();
    if (ret === 1 || ssl.failure !== undefined) return;
    const why = ssl.getError(ret);
    if (why === SslErrorCode.wantAsync) await ssl.asyncReady;
    else if (answered) return;
    else {
      answered = true;
      server.readHello();
      server.answer();
      server.encryptedExtensions();
      authenticate();
      server.finish();
    }
  }
}

/** The server's Certificate, and the same by zlib. */
function compressedCertificate(): { readonly certificateLength: number; readonly packed: Uint8Array } {
  const entries = leaf.chain.map((data) => ({ data, extensions: [] }));
  const certificate = wire.encodeCertificate({ context: new Uint8Array(0), entries }).subarray(4);
  return { certificateLength: certificate.length, packed: new Uint8Array(deflateSync(certificate)) };
}
