/**
 * A little of `npm run interop`, with each server that is installed: both versions, each kind of certificate, every way
 * of the handshake, both engines.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import type { Backend } from '@ferrule/contract';
import { loadNative } from '@ferrule/native';
import { createPure } from '@ferrule/pure';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KINDS, type Setting } from '../src/interop/matrix.ts';
import { PEERS, suitesOf, writeFiles } from '../src/interop/peers.ts';
import { isGood, trySetting } from '../src/interop/run.ts';

const loaded = loadNative();
if (!loaded.ok) console.log(`skipped: the native engine is not available here: ${loaded.reason}`);
const engines = new Map<string, Backend>([
  ['pure', createPure({ crypto: nodeCrypto })],
  ...(loaded.ok ? [['native', loaded.backend] as const] : []),
]);

const SETTINGS = (['TLSv1.3', 'TLSv1.2'] as const).flatMap((version) =>
  KINDS.map((kind): Setting => ({ version, group: 'P-256', kind, clientAuth: kind === 'rsa' })),
);

/** Those that need no compiler. */
const QUICK = PEERS.filter(({ name }) =>
  ['openssl s_server', 'node:tls', 'gnutls-serv', 'NSS selfserv'].includes(name),
);

describe.each(QUICK)('$name', (peer) => {
  let directory: string;
  let present: string | undefined;
  beforeAll(async () => {
    directory = await mkdtemp(`${tmpdir()}/interop-`);
    await writeFiles(directory, KINDS);
    present = await peer.present(directory);
    if (present === undefined) console.log(`skipped: ${peer.name} is not installed`);
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it.each(SETTINGS)(
    'understands us in $version with a certificate of kind $kind, whichever engine it is',
    async (setting) => {
      if (present === undefined || suitesOf(peer, setting).length === 0) return;
      const cells = await trySetting(engines, peer, setting, directory, false);
      expect(cells.filter((cell) => !isGood(cell))).toEqual([]);
      expect(cells.length).toBeGreaterThan(1);
    },
  );
});
