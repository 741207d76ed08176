import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gcm } from '@noble/ciphers/aes.js';
import { expect, it } from 'vitest';
import { nobleAes128Gcm } from './gcm.ts';
import type { SyncAead } from './provider.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const [key, nonce, aad, plain] = [
  new Uint8Array(16).fill(1),
  new Uint8Array(12).fill(2),
  new Uint8Array(5).fill(3),
  new Uint8Array(100).fill(4),
];
const keyed = (): SyncAead => nobleAes128Gcm.key(key) as SyncAead;
/** Weak references hold until the job ends that asked them. */
async function collectIdle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  collect();
}

it('seals as before when the garbage collector has taken the table of GHASH', async () => {
  const wanted = hex(gcm(key, nonce, aad).encrypt(plain));
  const aead = keyed();
  for (let i = 0; i < 3; i++) {
    expect(hex(aead.seal(nonce, aad, plain, new Uint8Array(116)))).toBe(wanted);
    await collectIdle();
  }
});

it('holds no table while it is idle: a thousand keys that were used take less than a table of 32 KiB each would by far', async () => {
  const out = new Uint8Array(116);
  keyed().seal(nonce, aad, plain, out);
  await collectIdle();
  const before = process.memoryUsage().heapUsed;
  const keys = Array.from({ length: 1000 }, keyed);
  for (const aead of keys) aead.seal(nonce, aad, plain, out);
  await collectIdle();
  await collectIdle();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(1000 * 4096);
  for (const aead of keys) aead.dispose();
});

it('opens nothing any more once it was disposed of, with a table and without', async () => {
  for (const idle of [false, true]) {
    const aead = keyed();
    const sealed = aead.seal(nonce, aad, plain, new Uint8Array(116)).slice();
    if (idle) await collectIdle();
    aead.dispose();
    expect(() => aead.open(nonce, aad, sealed, new Uint8Array(100))).toThrow(
      expect.objectContaining({ code: 'DISPOSED' }) as Error,
    );
  }
});
