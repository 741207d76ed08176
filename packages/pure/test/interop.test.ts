/** A little of `npm run interop`, with each server that is installed: both versions, each kind of certificate, every way of the handshake. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import type { TlsSession } from '@ferrule/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeCrypto } from '../src/crypto/node.ts';
import { createPure } from '../src/index.ts';
import { tryCell } from './interop/cell.ts';
import { KINDS, suitesFor, waysOf, type Setting } from './interop/matrix.ts';
import { PEERS, writeFiles } from './interop/peers.ts';

const backend = createPure({ crypto: nodeCrypto });
const SETTINGS = (['TLSv1.3', 'TLSv1.2'] as const).flatMap((version) => KINDS.map((kind): Setting => ({ version, group: 'P-256', kind, clientAuth: kind === 'rsa' })));

/** Those that need no compiler. */
const QUICK = PEERS.filter(({ name }) => ['openssl s_server', 'node:tls', 'gnutls-serv', 'NSS selfserv'].includes(name));

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

  it.each(SETTINGS)('understands us in $version with a certificate of kind $kind', async (setting) => {
    const [name = '', suite = 0] = suitesFor(setting)[0] ?? [];
    if (present === undefined || !peer.can(setting, name, 'full')) return;
    const server = await peer.start(setting, directory);
    try {
      let session: TlsSession | undefined;
      for (const way of waysOf(setting)) {
        const given = await tryCell({ backend, setting, suite, way, port: server.port, dialogue: peer.dialogue, session: way === 'resumed' ? session : undefined });
        session ??= given;
        if (way === 'full') expect(session).toBeDefined();
      }
    } finally {
      await server.stop();
    }
  });
});
