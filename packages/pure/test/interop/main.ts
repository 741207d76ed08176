/**
 * `npm run interop`: the pure engine against other people's servers, over the whole matrix.
 *
 * --json           one JSON object on standard output: which peers were there, which cells passed
 * --peer NAME      only peers whose name contains NAME (may be given again)
 * --provider NAME  node (default), noble or webcrypto
 * --quick          one suite per server, no client authentication
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import type { TlsSession } from '@ferrule/contract';
import { nobleCrypto } from '../../src/crypto/noble.ts';
import { nodeCrypto } from '../../src/crypto/node.ts';
import type { CryptoProvider } from '../../src/crypto/provider.ts';
import { createWebCrypto } from '../../src/crypto/webcrypto.ts';
import { createPure } from '../../src/index.ts';
import { tryCell } from './cell.ts';
import { KINDS, settings, waysOf, type Cell, type Setting } from './matrix.ts';
import { PEERS, suitesOf, writeFiles, type PeerKind } from './peers.ts';

const { values: args } = parseArgs({
  options: { json: { type: 'boolean' }, quick: { type: 'boolean' }, peer: { type: 'string', multiple: true }, provider: { type: 'string', default: 'node' } },
});
const PROVIDERS: Readonly<Record<string, () => CryptoProvider | Promise<CryptoProvider>>> = { node: () => nodeCrypto, noble: () => nobleCrypto, webcrypto: createWebCrypto };
const provider = await PROVIDERS[args.provider]?.();
if (provider === undefined) throw new TypeError(`--provider ${args.provider}: there are ${Object.keys(PROVIDERS).join(', ')}`);
const backend = createPure({ crypto: provider });
const log = (line: string): void => {
  if (args.json !== true) console.log(line);
};

/** Everything that one server is tried with. */
async function trySetting(peer: PeerKind, setting: Setting, directory: string): Promise<Cell[]> {
  const suites = suitesOf(peer, setting).slice(0, args.quick === true ? 1 : undefined);
  if (suites.length === 0) return [];
  const cells: Cell[] = [];
  const server = await peer.start(setting, directory);
  try {
    for (const [suite, id] of suites) {
      let session: TlsSession | undefined;
      for (const way of waysOf(setting).filter((each) => peer.can(setting, suite, each))) {
        const cell = { peer: peer.name, ...setting, suite, way };
        try {
          const given = await tryCell({ backend, setting, suite: id, way, port: server.port, dialogue: peer.dialogue, session: way === 'resumed' ? session : undefined });
          if (way === 'full') session = given;
          cells.push(cell);
        } catch (error) {
          cells.push({ ...cell, error: String(error instanceof Error ? error.message : error).split('\n')[0] ?? '' });
        }
      }
    }
  } finally {
    await server.stop();
  }
  return cells;
}

const directory = await mkdtemp(`${tmpdir()}/interop-`);
const cells: Cell[] = [];
const peers: { name: string; version: string | undefined }[] = [];
try {
  await writeFiles(directory, KINDS);
  for (const peer of PEERS.filter(({ name }) => args.peer?.some((wanted) => name.includes(wanted)) ?? true)) {
    const version = await peer.present(directory);
    peers.push({ name: peer.name, version });
    if (version === undefined) {
      log(`${peer.name}: not installed`);
      continue;
    }
    const before = cells.length;
    for (const setting of settings()) {
      if (args.quick === true && setting.clientAuth) continue;
      try {
        cells.push(...(await trySetting(peer, setting, directory)));
      } catch (error) {
        cells.push({ peer: peer.name, ...setting, suite: 'any', way: 'full', error: `the server does not start: ${String(error)}` });
      }
    }
    const own = cells.slice(before);
    const bad = own.filter(({ error }) => error !== undefined);
    log(`${peer.name} (${version}): ${own.length - bad.length} of ${own.length} cells`);
    for (const { version: v, group, kind, suite, clientAuth, way, error } of bad) log(`  ${v} ${group} ${suite} ${kind}${clientAuth ? ' client-auth' : ''} ${way}: ${error}`);
  }
} finally {
  await rm(directory, { recursive: true, force: true });
}
const failed = cells.filter(({ error }) => error !== undefined).length;
if (args.json === true) console.log(JSON.stringify({ engine: backend.engine, peers, passed: cells.length - failed, failed, cells }));
process.exitCode = failed > 0 ? 1 : 0;
