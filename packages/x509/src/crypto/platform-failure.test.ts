/** A platform that throws for every signature: not a verdict on one. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { knownAnswer, type KnownAnswer } from './known-answers.ts';

const p256 = knownAnswer(
  { kind: 'ecdsa', hash: 'sha256' },
  { kind: 'ec', curve: 'P-256', bits: 256, point: new Uint8Array() },
) as KnownAnswer;
const ask = [p256.algorithm, p256.spki, p256.message, p256.signature] as const;

beforeEach(() => {
  vi.resetModules();
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.doUnmock('node:crypto');
  vi.resetModules();
});

it.each(['verify', 'createPublicKey'] as const)('node:crypto: what %s throws at good keys is thrown', async (name) => {
  const broken = (): never => {
    throw new Error('out of order');
  };
  vi.doMock('node:crypto', async (original) => ({ ...(await original<object>()), [name]: broken }));
  const { nodeVerifier } = await import('./node.ts');
  expect(() => nodeVerifier.verify(...ask)).toThrow('out of order');
});

it.each(['verify', 'createPublicKey'] as const)(
  'node:crypto: curves that its OpenSSL was built without are verified by noble, when %s throws',
  async (name) => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'brainpoolP256r1' });
    const message = Uint8Array.of(1, 2, 3);
    const signature = Uint8Array.from(sign('sha256', message, privateKey));
    const spki = Uint8Array.from(publicKey.export({ format: 'der', type: 'spki' }));
    const lacking = (): never => {
      throw new Error('unknown group');
    };
    vi.doMock('node:crypto', async (original) => ({ ...(await original<object>()), [name]: lacking }));
    const { nodeVerifier } = await import('./node.ts');
    const algorithm = { kind: 'ecdsa', hash: 'sha256' } as const;
    expect(nodeVerifier.verify(algorithm, spki, message, signature)).toBe(true);
    expect(nodeVerifier.verify(algorithm, spki, Uint8Array.of(1), signature)).toBe(false);
    expect(nodeVerifier.verify(algorithm, spki, message, Uint8Array.of(1))).toBe(false);
  },
);

it.each(['verify', 'importKey'] as const)('WebCrypto: what %s rejects good keys with is rejected', async (name) => {
  const { webcryptoVerifier } = await import('./webcrypto.ts');
  vi.spyOn(crypto.subtle, name).mockRejectedValue(new Error('out of order'));
  await expect(webcryptoVerifier.verify(...ask)).rejects.toThrow('out of order');
});

it('WebCrypto: a failed import is retried', async () => {
  const { webcryptoVerifier } = await import('./webcrypto.ts');
  vi.spyOn(crypto.subtle, 'importKey').mockRejectedValueOnce(new Error('out of order'));
  vi.spyOn(crypto.subtle, 'verify').mockRejectedValueOnce(new Error('out of order'));
  await Promise.resolve(webcryptoVerifier.verify(...ask)).catch(() => undefined);
  vi.restoreAllMocks();
  expect(await webcryptoVerifier.verify(...ask)).toBe(true);
});
