/**
 * TLS 1.2 records that are shorter than what protection adds: OpenSSL 3.0 calls them an internal error, which they are
 * not.
 */
import { loadNative } from '@ferrule/native';
import { createPure } from '@ferrule/pure';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import type { Backend } from '@ferrule/contract';
import { concat } from '@ferrule/result/bytes';
import { describe, expect, it } from 'vitest';
import type { Behaviour } from '@ferrule/wrong-servers/behaviour';
import { observe } from '../src/hostile/judge.ts';
import { header } from '@ferrule/wrong-servers/peer';

const loaded = loadNative();
if (!loaded.ok) console.log(`skipped: the native engine is not available here: ${loaded.reason}`);
const ENGINES: [string, Backend][] = [
  ['pure', createPure({ crypto: nodeCrypto })],
  ...(loaded.ok ? [['native', loaded.backend] as [string, Backend]] : []),
];

const short = (length: number): Behaviour => ({
  version: 'TLSv1.2',
  name: `a record of ${length} bytes`,
  late: true,
  expect: { code: 'BAD_RECORD_MAC', alert: null },
  *script(server) {
    yield* server.handshake();
    server.sendRaw(concat([header(23, 0x0303, length), new Uint8Array(length)]));
  },
});

describe.each(ENGINES)('%s', (_name, backend) => {
  it.each([0, 7, 8, 15, 16, 23, 24])('refuses a record of %i bytes as one that does not decrypt', async (length) => {
    expect(await observe(backend, short(length))).toMatchObject({ code: 'BAD_RECORD_MAC', leaked: '' });
  });
});
