/**
 * @module `npm run interop`: both engines against other people's servers, over the whole matrix, compared cell by cell.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import type { Backend } from '@ferrule/contract';
import { Command, Option } from 'commander';
import { engine, ENGINE_NAMES, type EngineName } from '../engines.ts';
import { KINDS, settings } from './matrix.ts';
import { PEERS, writeFiles } from './peers.ts';
import { isGood, trySetting, type Cell } from './run.ts';

interface Options {
  readonly engine?: readonly EngineName[];
  readonly peer?: readonly string[];
  readonly quick?: true;
  readonly json?: true;
}

const program = new Command('interop')
  .description(
    "Connects to other people's TLS servers, where they are installed, in every combination that they can do, and compares what the engines say.",
  )
  .addOption(
    new Option(
      '--engine <name...>',
      'only these engines; one alone is compared with nothing (default: pure and native)',
    ).choices(ENGINE_NAMES),
  )
  .option('--peer <text...>', 'only servers whose name has this text')
  .option('--quick', 'one cipher suite per server, no client authentication')
  .option('--json', 'one JSON object on standard output')
  .addHelpText(
    'after',
    '\nExamples:\n  npm run interop\n  npm run interop -- --engine native --peer openssl --quick\n  npm run interop -- --engine pure-webcrypto --json',
  )
  .action(main);

await program.parseAsync();

async function main(options: Options): Promise<void> {
  const engines = new Map<string, Backend>();
  for (const name of options.engine ?? (['pure', 'native'] as const)) engines.set(name, await engine(name));
  const log = (line: string): void => void (options.json ?? console.log(line));
  const directory = await mkdtemp(`${tmpdir()}/interop-`);
  const cells: Cell[] = [];
  const peers: { name: string; version: string | undefined; broken: string[] }[] = [];
  try {
    await writeFiles(directory, KINDS);
    for (const peer of PEERS.filter(({ name }) => options.peer?.some((wanted) => name.includes(wanted)) ?? true)) {
      const version = await peer.present(directory);
      const broken: string[] = [];
      peers.push({ name: peer.name, version, broken });
      if (version === undefined) {
        log(`${peer.name}: not installed`);
        continue;
      }
      const own: Cell[] = [];
      for (const setting of settings()) {
        if (options.quick && setting.clientAuth) continue;
        try {
          own.push(...(await trySetting(engines, peer, setting, directory, options.quick === undefined)));
        } catch (error) {
          broken.push(`${JSON.stringify(setting)}: the server does not start: ${String(error)}`);
        }
      }
      cells.push(...own);
      log(`${peer.name} (${version})`);
      for (const name of engines.keys()) log(`  ${name}: ${summary(own, name)}`);
      if (engines.size > 1)
        log(`  ${own.filter(({ differences }) => differences.length > 0).length} cells in which they differ`);
      for (const line of [...broken, ...own.filter((cell) => !isGood(cell)).map(describe)]) log(`  ${line}`);
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  const bad = cells.filter((cell) => !isGood(cell));
  if (options.json) {
    const tried = Object.fromEntries(
      [...engines.keys()].map((name) => [
        name,
        PEERS.map((peer) => ({
          peer: peer.name,
          ...counts(
            cells.filter((cell) => cell.peer === peer.name),
            name,
          ),
        })),
      ]),
    );
    console.log(
      JSON.stringify(
        {
          schema: 'ferrule.interop/2',
          engines: [...engines].map(([name, backend]) => ({ name, engine: backend.engine })),
          peers,
          tried,
          bad,
        },
        undefined,
        1,
      ),
    );
  }
  process.exitCode = bad.length > 0 || peers.some(({ broken }) => broken.length > 0) ? 1 : 0;
}

interface Counts {
  readonly passed: Readonly<Record<string, number>>;
  readonly tried: Readonly<Record<string, number>>;
  /** Reasons for which cells were not tried, and how many. */
  readonly untried: Readonly<Record<string, number>>;
}

function counts(cells: readonly Cell[], name: string): Counts {
  const passed: Record<string, number> = { 'TLSv1.3': 0, 'TLSv1.2': 0 };
  const tried: Record<string, number> = { 'TLSv1.3': 0, 'TLSv1.2': 0 };
  const untried: Record<string, number> = {};
  for (const { version, errors, untried: reasons } of cells) {
    const reason = reasons[name];
    if (reason !== undefined) {
      untried[reason] = (untried[reason] ?? 0) + 1;
      continue;
    }
    tried[version] = (tried[version] ?? 0) + 1;
    if (errors[name] === undefined) passed[version] = (passed[version] ?? 0) + 1;
  }
  return { passed, tried, untried };
}

function summary(cells: readonly Cell[], name: string): string {
  const { passed, tried, untried } = counts(cells, name);
  const versions = ['TLSv1.3', 'TLSv1.2'].map((version) => `${version} ${passed[version]} of ${tried[version]}`);
  return [...versions, ...Object.entries(untried).map(([reason, count]) => `${count} not tried: ${reason}`)].join(', ');
}

function describe({ version, group, kind, suite, clientAuth, way, errors, differences }: Cell): string {
  const what = [...Object.entries(errors).map(([name, error]) => `${name}: ${error}`), ...differences].join('; ');
  return `${version} ${group} ${suite} ${kind}${clientAuth ? ' client-auth' : ''}, ${way}: ${what}`;
}
