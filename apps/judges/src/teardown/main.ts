/** @module `npm run teardown`: workers are terminated at random moments of every operation of the native engine. */
import { Command, InvalidArgumentError } from 'commander';
import colors from 'picocolors';
import { OPERATION_NAMES } from './names.ts';
import { teardown } from './run.ts';

interface Options {
  readonly count: number;
  readonly seed: number;
  readonly node: string;
  readonly json?: true;
}

const program = new Command('teardown')
  .description(
    'Terminates worker threads at random moments of every operation of the native engine; the process has to live on.',
  )
  .option('--count <n>', 'how many terminations, over all operations', positive, 500)
  .option('--seed <n>', 'of the moments', positive, 1)
  .option('--node <path>', 'another Node.js', process.execPath)
  .option('--json', 'one JSON object on standard output')
  .addHelpText(
    'after',
    `\nOperations: ${OPERATION_NAMES.join(', ')}\n\nExamples:\n  npm run teardown -- --count 1000 --json`,
  )
  .action(run);

await program.parseAsync();

async function run({ count, seed, node, json }: Options): Promise<void> {
  const report = await teardown({ count, seed, node });
  if (json) console.log(JSON.stringify({ schema: 'ferrule.teardown/1', ...report }, undefined, 2));
  else for (const fault of report.faults) console.log(`${colors.red('✗')} ${fault}`);
  if (json === undefined)
    console.log(
      `Node ${report.node}, ${report.engine}: ${report.terminations} terminations, ${report.faults.length} faults`,
    );
  process.exitCode = report.faults.length > 0 ? 1 : 0;
}

function positive(value: string): number {
  const parsed = Number(value);
  if (!Number.isInteger(parsed) || parsed < 1) throw new InvalidArgumentError('not a positive integer');
  return parsed;
}
