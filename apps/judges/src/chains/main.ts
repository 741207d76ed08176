/** @module `npm run chains`: random chains before every judge that this machine has. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import colors from 'picocolors';
import { engine } from '../engines.ts';
import { askEngine, askX509 } from './engines.ts';
import { judgeChains, type Ask, type Finding } from './judge.ts';
import type { Judge } from './compare.ts';
import { PEER_NAMES, PEERS, type Peer } from './peers.ts';

interface Options {
  readonly seed: number;
  readonly count: number;
  readonly json?: true;
}

const program = new Command('chains')
  .description(
    'Makes random chains of certificates and shows them to @ferrule/x509, to both engines in handshakes, and to the verifiers of OpenSSL, Go and pyca/cryptography.',
  )
  .option('--seed <n>', 'which chains', integer, 1)
  .option('--count <n>', 'how many', integer, 2000)
  .option('--json', 'one JSON object on standard output')
  .addHelpText('after', '\nExamples:\n  npm run chains -- --count 500\n  npm run chains -- --json --seed 2')
  .action(main);

await program.parseAsync();

async function main({ seed, count, json }: Options): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'ferrule-chains-'));
  const [native, pure] = [await engine('native'), await engine('pure')];
  const judges: Partial<Record<Judge, Ask>> = {
    x509: askX509,
    pure: (chain) => askEngine(pure, chain),
    native: (chain) => askEngine(native, chain),
  };
  const peers: Peer[] = [];
  const missing: string[] = [];
  for (const name of PEER_NAMES) {
    const peer = await PEERS[name](directory);
    if (peer === undefined) missing.push(name);
    else {
      peers.push(peer);
      judges[name] = peer.ask;
    }
  }
  const report = await judgeChains(judges, seed, count, (done) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${done}/${count} `);
  });
  for (const peer of peers) await peer.stop();
  await rm(directory, { recursive: true });
  const versions = [native.name, pure.name, ...peers.map(({ version }) => version)];
  if (missing.length > 0) console.error(`skipped, not installed here: ${missing.join(', ')}`);
  if (json) {
    const plain = (finding: Finding): unknown => ({ ...finding, row: finding.row?.name });
    console.log(
      JSON.stringify(
        {
          schema: 'ferrule.chains/1',
          versions,
          missing,
          ...report,
          unexplained: report.unexplained.map(plain),
          explained: report.explained.map(plain),
          stale: report.stale.map(({ name }) => name),
        },
        undefined,
        2,
      ),
    );
  } else {
    for (const { times, kind, title, seed: first } of report.unexplained)
      console.log(`${colors.red('✗')} ${kind}: ${title} (${times} chains, the first is ${first})`);
    for (const { name } of report.stale) console.log(`${colors.red('stale')} ${name}`);
    console.log(
      `${count} chains, accepted by ${Object.entries(report.accepted)
        .map(([judge, times]) => `${judge}: ${times}`)
        .join(', ')}; ${report.unexplained.length} unexplained disagreements, ${report.explained.length} known ones`,
    );
  }
  process.exitCode = report.unexplained.length > 0 || report.stale.length > 0 ? 1 : 0;
}

function integer(value: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < 0) throw new InvalidArgumentError('A number is needed.');
  return number;
}
