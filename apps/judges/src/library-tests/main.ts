/**
 * @module `npm run library-tests`: the own tests of ws, undici and node-postgres, with node:tls and with
 * @ferrule/node/tls in its place.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import colors from 'picocolors';
import { type Engine, type FileResult, lost, runLibraryTests } from './run.ts';
import { type SuiteName, SUITES } from './suites.ts';

interface Options {
  readonly source: string;
  readonly engine: Engine | 'both';
  readonly only: string;
  readonly timeout: number;
  readonly again: number;
  readonly json?: true;
}

await new Command('library-tests')
  .description("Runs a library's own tests with node:tls, and with ferrule in its place.")
  .addArgument(new Argument('<library>', 'whose tests').choices(Object.keys(SUITES)))
  .requiredOption('--source <dir>', 'a checkout of it, with its dependencies installed')
  .addOption(new Option('--engine <name>', 'which engine').choices(['native', 'pure', 'both']).default('both'))
  .option('--only <text>', 'files whose name has this', '')
  .option('--timeout <ms>', 'for one file', whole, 120_000)
  .option('--again <n>', 'how often a file is run again in which a test does not pass', whole, 1)
  .option('--json', 'one JSON object on standard output')
  .addHelpText('after', '\nExample:\n  npm run library-tests -- ws --source ../ws --engine pure')
  .action(run)
  .parseAsync();

async function run(library: SuiteName, { engine, json, source: given, ...rest }: Options): Promise<void> {
  const source = resolve(given);
  if (!existsSync(join(source, 'package.json')))
    throw new InvalidArgumentError(`--source: ${source} has no package.json`);
  const engines = engine === 'both' ? (['native', 'pure'] as const) : [engine];
  const results = await runLibraryTests({
    ...rest,
    suite: SUITES[library],
    source,
    engines,
    told: (result) => (json ? undefined : tell(result)),
  });
  const counts = ['node:tls' as const, ...engines].map((tls) => {
    const of = results.filter((result) => result.tls === tls);
    const count = (key: 'passed' | 'failed' | 'late'): number => of.reduce((sum, each) => sum + each[key].length, 0);
    return {
      tls,
      passed: count('passed'),
      failed: count('failed'),
      late: count('late'),
      lost: tls === 'node:tls' ? [] : lost(results, tls),
    };
  });
  if (json)
    return console.log(
      JSON.stringify(
        { schema: 'ferrule.library-tests/1', library, node: process.version, counts, results },
        undefined,
        2,
      ),
    );
  for (const { tls, passed, failed, late, lost } of counts) {
    console.log(`${library}, ${tls}: ${passed} passed (${late} when run again), ${failed} failed`);
    for (const test of lost) console.log(`${colors.red('✗')} ${test}`);
  }
}

function tell({ file, tls, passed, failed, ended }: FileResult): void {
  const sign = failed.length === 0 && ended === undefined ? colors.green('✓') : colors.red('✗');
  console.log(`${sign} ${file} ${tls}: ${passed.length} passed${ended === undefined ? '' : `, ${ended}`}`);
  for (const title of failed) console.log(`    ${title}`);
}

function whole(value: string): number {
  const parsed = Number(value);
  if (!Number.isInteger(parsed) || parsed < 0) throw new InvalidArgumentError('not a whole number');
  return parsed;
}
