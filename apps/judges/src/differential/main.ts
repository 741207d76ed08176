/** @module `npm run differential`: both engines through every scenario, side by side. */
import { Command, Option } from 'commander';
import colors from 'picocolors';
import { engine, type EngineName } from '../engines.ts';
import { Differential, type Verdict } from './judge.ts';
import { SCENARIOS } from './rows.ts';

/** A scenario is played without ever waiting for a promise. */
const ANSWERS_AT_ONCE: readonly EngineName[] = ['pure', 'pure-noble'];

interface Options {
  readonly pure: EngineName;
  readonly only?: string;
  readonly json?: true;
}

const program = new Command('differential')
  .description(
    'Runs every scenario on the native and on the pure engine against the same server, and compares all that can be seen.',
  )
  .addOption(
    new Option('--pure <name>', 'which pure engine to hold against the native one')
      .choices(ANSWERS_AT_ONCE)
      .default('pure'),
  )
  .option('--only <text>', 'only scenarios whose name has this text')
  .option('--json', 'one JSON object on standard output')
  .addHelpText('after', '\nExamples:\n  npm run differential\n  npm run differential -- --only resumption --json')
  .action(main);

await program.parseAsync();

async function main(options: Options): Promise<void> {
  const differential = new Differential(await engine('native'), await engine(options.pure));
  const chosen = SCENARIOS.filter(({ name }) => options.only === undefined || name.includes(options.only));
  const verdicts: Verdict[] = [];
  for (const [index, scenario] of chosen.entries()) {
    if (process.stderr.isTTY) process.stderr.write(`\r${index + 1}/${chosen.length} `);
    const verdict = await differential.judge(scenario);
    verdicts.push(verdict);
    if (options.json === undefined) report(verdict);
  }
  const stale = options.only === undefined ? differential.stale : [];
  const bad = verdicts.filter(({ unexplained, broken }) => unexplained.length > 0 || broken !== undefined).length;
  const explained = verdicts.filter((verdict) => verdict.explained.length > 0).length;
  if (options.json) {
    console.log(
      JSON.stringify(
        {
          schema: 'ferrule.differential/1',
          scenarios: chosen.length,
          different: bad,
          explained,
          stale: stale.map(({ reason }) => reason),
          verdicts: verdicts.filter(
            (each) => each.unexplained.length + each.explained.length > 0 || each.broken !== undefined,
          ),
        },
        undefined,
        2,
      ),
    );
  } else {
    for (const { reason } of stale) console.log(`${colors.red('stale')} ${reason}`);
    console.log(`${chosen.length} scenarios, ${bad} with unexplained differences, ${explained} with known ones`);
  }
  process.exitCode = bad > 0 || stale.length > 0 ? 1 : 0;
}

function report({ scenario, unexplained, broken }: Verdict): void {
  if (broken !== undefined) console.log(`${colors.red('✗')} ${scenario}: ${broken}`);
  for (const { field, native, pure } of unexplained)
    console.log(
      `${colors.red('✗')} ${scenario}: ${field}: native ${JSON.stringify(native)}, pure ${JSON.stringify(pure)}`,
    );
}
