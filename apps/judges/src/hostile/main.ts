/** @module `npm run hostile`: an engine against every wrong server. */
import { Command, Option } from 'commander';
import colors from 'picocolors';
import { engine, ENGINE_NAMES, type EngineName } from '../engines.ts';
import { BEHAVIOURS, fault, observe } from './judge.ts';
import { knownOf } from './known.ts';

interface Options {
  readonly engine: EngineName;
  readonly only?: string;
  readonly json?: true;
}

const program = new Command('hostile')
  .description(
    'Puts an engine before a server that is wrong in every way we know, and judges reason, alert and silence.',
  )
  .addOption(new Option('--engine <name>', 'which engine').choices(ENGINE_NAMES).default('pure'))
  .option('--only <text>', 'only behaviours whose name has this text')
  .option('--json', 'one JSON object on standard output')
  .addHelpText(
    'after',
    '\nExamples:\n  npm run hostile -- --engine native\n  npm run hostile -- --engine pure --only Finished --json',
  )
  .action(run);

await program.parseAsync();

async function run(options: Options): Promise<void> {
  const backend = await engine(options.engine);
  const rows = [];
  for (const behaviour of BEHAVIOURS) {
    const title = `${behaviour.version}: ${behaviour.name}`;
    if (options.only !== undefined && !title.includes(options.only)) continue;
    const known = knownOf(backend, behaviour);
    const observed = await observe(backend, behaviour);
    const wrong = fault(behaviour, observed, known?.expect);
    rows.push({
      behaviour: title,
      ok: wrong === undefined,
      ...(wrong && { fault: wrong }),
      ...(known && { known: known.reason }),
      observed,
    });
    if (options.json === undefined && wrong !== undefined) console.log(`${colors.red('✗')} ${title}: ${wrong}`);
  }
  const passed = rows.filter(({ ok, known }) => ok && known === undefined).length;
  const listed = rows.filter(({ ok, known }) => ok && known !== undefined).length;
  const failed = rows.length - passed - listed;
  if (options.json)
    console.log(
      JSON.stringify(
        { schema: 'ferrule.hostile/1', engine: backend.engine, passed, known: listed, failed, rows },
        undefined,
        2,
      ),
    );
  else console.log(`${backend.engine}: ${passed} right, ${listed} known differences, ${failed} wrong`);
  process.exitCode = failed > 0 ? 1 : 0;
}
