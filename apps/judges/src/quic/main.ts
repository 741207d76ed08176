/**
 * @module `npm run quic`: the pure engine's handshake in QUIC connections to aioquic, with an HTTP/3 GET in each.
 *
 *     npm run quic -- --engine pure-webcrypto --quick
 *
 * FERRULE_PYTHON names the Python that has aioquic. It exits with 2 where there is none.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { Command, Option } from 'commander';
import { PROVIDERS, providerOf, type ProviderName } from '../engines.ts';
import { writeFiles } from '../interop/peers.ts';
import { ABSENT, aioquicVersion, type Cell, cellsOf, KINDS, startServers, stopServers, tryCell } from './cells.ts';

interface Options {
  readonly engine: readonly ProviderName[];
  readonly quick?: true;
}

await new Command('quic')
  .description('Connects to aioquic over QUIC, with packets of this client and the handshake of the pure engine.')
  .addOption(new Option('--engine <name...>', 'only these').choices(PROVIDERS).default(PROVIDERS))
  .option('--quick', 'one cipher suite and one group')
  .action(main)
  .parseAsync();

async function main({ engine, quick = undefined }: Options): Promise<void> {
  const version = await aioquicVersion();
  if (version === undefined) {
    console.error(ABSENT);
    process.exitCode = 2;
    return;
  }
  console.log(`aioquic ${version}`);
  const directory = await mkdtemp(`${tmpdir()}/quic-`);
  try {
    await writeFiles(directory, KINDS);
    const good = new Map<string, number>();
    const all = new Map<string, number>();
    for (const kind of KINDS) {
      const servers = await startServers(kind, directory);
      try {
        for (const name of engine) {
          const crypto = await providerOf(name);
          for (const cell of cellsOf(kind, quick ?? false)) {
            all.set(name, (all.get(name) ?? 0) + 1);
            try {
              await tryCell(crypto, cell, servers);
              good.set(name, (good.get(name) ?? 0) + 1);
            } catch (error) {
              process.exitCode = 1;
              console.log(`  FAILED, ${name}: ${describe(cell)}: ${String(error)}`);
            }
          }
        }
      } finally {
        await stopServers(servers);
      }
    }
    for (const [name, count] of all) console.log(`${name}: ${good.get(name) ?? 0} of ${count}`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function describe({ way, kind, group, suite }: Cell): string {
  return `${way}, ${kind}, ${group}, 0x${suite.toString(16)}`;
}
