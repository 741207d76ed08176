/**
 * After close(), a process holds nothing of its connections' secrets: its memory is searched for what the server knows
 * of them.
 */
import { describe, expect, it } from 'vitest';
import { loadNative } from '@ferrule/native';
import { searchClient, type MemoryTarget } from '../src/memory/judge.ts';

const linux = process.platform === 'linux';
if (!linux) console.log('skipped: searching the memory of a process needs /proc/PID/mem, which only Linux has');
const native = loadNative();
if (!native.ok) console.log(`skipped: the native engine is not available here: ${native.reason}`);

const PROVIDERS: readonly MemoryTarget[] = ['node', 'noble', 'tuned', 'webcrypto'];

describe.skipIf(!linux)('the memory of a client', () => {
  it.each(PROVIDERS)('of %s holds no secret of a connection that was closed', { timeout: 120_000 }, async (target) => {
    expect([...(await leftBy(target))]).toEqual([]);
  });

  it.skipIf(!native.ok)(
    'of native holds no secret of a connection that was closed but those that OpenSSL leaves',
    { timeout: 120_000 },
    async () => {
      expect([...(await leftBy('native'))].filter((kind) => !LEFT_BY_OPENSSL.test(kind))).toEqual([]);
    },
  );
});

/**
 * SSL_free(3) frees an SSL without wiping it, and OpenSSL keeps TLS 1.3's current secrets in the SSL itself: they are
 * there until that memory is used again, of node:tls too, which `npm run memory -- native node:tls` shows. A master
 * secret, and keys, are nowhere.
 */
const LEFT_BY_OPENSSL = /^(CLIENT|SERVER)_(HANDSHAKE_)?TRAFFIC_SECRET|^EXPORTER_SECRET/;

/** The kinds of secrets that are found afterwards: which connection's, and after how many KeyUpdates, is no matter. */
async function leftBy(target: MemoryTarget): Promise<Set<string>> {
  const { known, whileOpen, afterwards, planted } = await searchClient(target);
  // The search finds what is there: the keys of open connections, and bytes that were put there.
  expect(known).toBeGreaterThan(50);
  expect(whileOpen.size).toBeGreaterThan(5);
  expect(planted[0]).toBe(0);
  expect(planted[1]).toBeGreaterThanOrEqual(2);
  return new Set([...afterwards.keys()].map((name) => name.replace(/ of \w+/, '').replace(/_(0, the next|0|N)$/, '')));
}
