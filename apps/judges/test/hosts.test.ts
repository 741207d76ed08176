/** Hosts against names of certificates: both engines say the same of each pair, and accept those that are listed here. */
import { loadNative } from '@ferrule/native';
import { createPure } from '@ferrule/pure';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { EMPTY } from '@ferrule/result/bytes';
import { expect, it } from 'vitest';
import { buildChain } from '../src/chains/chain.ts';
import { encode, sequence, text, type Draft } from '../src/chains/draft.ts';
import { askEngine } from '../src/chains/engines.ts';
import { Id } from '../src/chains/features.ts';
import { tlv } from '../src/fuzz/der.ts';

const loaded = loadNative();
if (!loaded.ok) console.log(`skipped: the native engine is not available here: ${loaded.reason}`);
const pure = createPure({ crypto: nodeCrypto });
const engines = [pure, ...(loaded.ok ? [loaded.backend] : [])];

/** A name of a certificate, and the hosts that it is for. A period behind a host changes nothing; behind a name, it is none. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  'server.test': ['server.test', 'server.test.', 'SERVER.test'],
  'SERVER.test': ['server.test', 'server.test.', 'SERVER.test'],
  'server.test.': [],
  'server..test': [],
  'server.test\0': [],
  'server.test ': [],
  '.server.test': [],
  '*.server.test': ['a.server.test', 'a.server.test.', 'a_b.server.test'],
  '*.server.test.': [],
  '*.*.test': [],
  '*.test': [],
  's*.test': [],
  '*': [],
  '': [],
  'xn--bcher-kva.test': ['xn--bcher-kva.test'],
  'xn--*.test': [],
  localhost: ['localhost', 'localhost.'],
  '127.0.0.1': [],
  '*.0.0.1': [],
};
const HOSTS = [...new Set([...Object.values(NAMES).flat(), 'a.b.server.test', '127.0.0.1'])];

const plain = buildChain({ between: 0, features: [], shapes: [] });
const [root, leaf] = plain.drafts as [Draft, Draft];
function certificateFor(name: string): Uint8Array {
  const value = sequence(tlv(0x82, text(name)));
  return encode({ ...leaf, extensions: new Map([...leaf.extensions, [Id.san, { critical: EMPTY, value }]]) }, root);
}

it.each(Object.entries(NAMES))('%j', async (name, accepted) => {
  const chain = { ...plain, sent: [certificateFor(name)] };
  for (const host of HOSTS)
    for (const engine of engines) {
      const { accepts, code } = await askEngine(engine, chain, host);
      expect([engine.name, host, accepts ? 'accepted' : code]).toEqual([
        engine.name,
        host,
        accepted.includes(host) ? 'accepted' : 'CERT_NAME_MISMATCH',
      ]);
    }
});
