/** @module `npm run floods`: an engine against every flood, and what it took of each. */
import { Command, Option } from 'commander';
import colors from 'picocolors';
import { engine, ENGINE_NAMES, type EngineName } from '../engines.ts';
import { FLOODS, titleOf } from '@ferrule/wrong-servers/floods';
import { fault, flooded } from './judge.ts';

interface Options {
  readonly engine: EngineName;
  readonly only?: string;
  readonly json?: true;
}

const program = new Command('floods')
  .description(
    'Sends an engine the cheapest message of each kind without end, in each phase, and counts what it takes before it says no.',
  )
  .addOption(new Option('--engine <name>', 'which engine').choices(ENGINE_NAMES).default('pure'))
  .option('--only <text>', 'only floods whose name has this text')
  .option('--json', 'one JSON object on standard output')
  .addHelpText(
    'after',
    '\nExamples:\n  npm run floods -- --engine native\n  npm run floods -- --engine pure --only tickets --json',
  )
  .action(run);

await program.parseAsync();

async function run(options: Options): Promise<void> {
  const backend = await engine(options.engine);
  const rows = [];
  for (const flood of FLOODS) {
    const title = titleOf(flood);
    if (options.only !== undefined && !title.includes(options.only)) continue;
    const outcome = await flooded(backend, flood);
    if (outcome === 'unsupported') continue;
    const wrong = fault(flood, outcome);
    rows.push({ flood: title, ok: wrong === undefined, ...(wrong && { fault: wrong }), outcome });
    const { code, stopped, messages, bytes } = outcome;
    if (options.json === undefined)
      console.log(
        `${wrong === undefined ? colors.green('✓') : colors.red('✗')} ${title}: ${messages} messages, ${bytes} bytes, then ${code ?? (stopped ? 'it reads no more' : 'nothing')}`,
      );
  }
  const failed = rows.filter(({ ok }) => !ok).length;
  if (options.json)
    console.log(
      JSON.stringify(
        { schema: 'ferrule.floods/1', engine: backend.engine, passed: rows.length - failed, failed, rows },
        undefined,
        2,
      ),
    );
  else console.log(`${backend.engine}: ${rows.length - failed} ended, ${failed} did not`);
  process.exitCode = failed > 0 ? 1 : 0;
}
