/**
 * @module `npm run node-tests`: the client tests of Node's own sources, with @ferrule/node/tls in place of node:tls.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import colors from 'picocolors';
import { type NodeTestResult, runNodeTests } from './run.ts';

interface Options {
  readonly source: string;
  readonly engine: 'native' | 'pure';
  readonly truncation: 'error' | 'end';
  readonly only: string;
  readonly jobs: number;
  readonly timeout: number;
  readonly register?: string;
  readonly json?: true;
}

await new Command('node-tests')
  .description("Runs the TLS and HTTPS client tests of a tree of Node's sources with ferrule in place of node:tls.")
  .requiredOption('--source <dir>', "a tree of Node's sources: Debian's source package nodejs has one")
  .addOption(new Option('--engine <name>', 'which engine').choices(['native', 'pure']).default('native'))
  .addOption(
    new Option('--truncation <what>', 'what an end without close_notify is').choices(['error', 'end']).default('end'),
  )
  .option('--only <text>', 'tests whose name has this', '')
  .option('--jobs <n>', 'how many at a time', positive, 2)
  .option('--timeout <ms>', 'for one test', positive, 30_000)
  .option('--register <file>', 'another preload')
  .option('--json', 'one JSON object on standard output')
  .addHelpText('after', '\nExample:\n  npm run node-tests -- --source ../nodejs-20.19.2 --engine pure --json')
  .action(run)
  .parseAsync();

async function run(options: Options): Promise<void> {
  const { engine, json, register, ...rest } = options;
  const source = resolve(options.source);
  if (!existsSync(join(source, 'test', 'parallel')))
    throw new InvalidArgumentError(`--source: ${source} has no test/parallel`);
  const results = await runNodeTests({
    ...rest,
    source,
    backend: engine,
    register: register === undefined ? undefined : resolve(register),
    told: (result) => (json ? undefined : tell(result)),
  });
  const of = (outcome: NodeTestResult['outcome']): readonly NodeTestResult[] =>
    results.filter((result) => result.outcome === outcome);
  const classes = Object.fromEntries(counted(of('failed')));
  const counts = { passed: of('passed').length, failed: of('failed').length, unsuited: of('unsuited').length };
  if (json)
    console.log(
      JSON.stringify(
        { schema: 'ferrule.node-tests/1', engine, truncation: options.truncation, ...counts, classes, results },
        undefined,
        2,
      ),
    );
  else console.log(`${engine}: ${counts.passed} passed, ${counts.failed} failed, ${counts.unsuited} unsuited`, classes);
}

function tell({ test, outcome, class: name, said }: NodeTestResult): void {
  if (outcome === 'failed') console.log(`${colors.red('✗')} ${test} [${name}] ${said}`);
}

function positive(value: string): number {
  const parsed = Number(value);
  if (!Number.isInteger(parsed) || parsed < 1) throw new InvalidArgumentError('not a positive integer');
  return parsed;
}

function counted(failed: readonly NodeTestResult[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { class: name = 'other' } of failed) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
