/**
 * After close(), a process holds nothing of its connections' secrets: its memory is searched for what the server knows
 * of them.
 */
import { describe, expect, it } from 'vitest';
import { load } from '@ferrule/native';
import { searchClient, type MemoryTarget } from '../src/memory/judge.ts';

const linux = process.platform === 'linux';
if (!linux) console.log('skipped: searching the memory of a process needs /proc/PID/mem, which only Linux has');
const native = load();
if (!native.ok) console.log(`skipped: the native engine is not available here: ${native.reason}`);
/**
 * OpenSSL does not wipe an SSL that it frees, and TLS 1.3 has secrets in one (those of node:tls stay there too): they
 * are gone when that memory is used again. A master secret, and keys, are nowhere.
 */
const LEFT_BY_OPENSSL = /^(CLIENT|SERVER)_(HANDSHAKE_)?TRAFFIC_SECRET|^EXPORTER_SECRET/;

const TARGETS: readonly MemoryTarget[] = [
  'node',
  'noble',
  'tuned',
  'webcrypto',
  ...(native.ok ? (['native'] as const) : []),
];

describe.skipIf(!linux)('the memory of a client', () => {
  it.each(TARGETS)('of %s holds no secret of a connection that was closed', { timeout: 120_000 }, async (target) => {
    const { known, whileOpen, afterwards, planted } = await searchClient(target);
    // The search finds what is there: the keys of open connections, and bytes that were put there.
    expect(known).toBeGreaterThan(50);
    expect(whileOpen.size).toBeGreaterThan(5);
    expect(planted[0]).toBe(0);
    expect(planted[1]).toBeGreaterThanOrEqual(2);
    expect([...afterwards.keys()].filter((name) => target !== 'native' || !LEFT_BY_OPENSSL.test(name))).toEqual([]);
  });
});
