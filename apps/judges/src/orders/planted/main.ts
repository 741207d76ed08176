/** @module `npm run orders:planted`: whether the judge of orders finds the faults that there were, when they are back. */
import { Command } from 'commander';
import colors from 'picocolors';
import { PUT_BACK } from './faults.ts';
import { findAgain, type Outcome } from './put-back.ts';

interface Options {
  readonly fault?: string;
  readonly seconds: string;
  readonly seed: string;
  readonly json?: true;
}

const program = new Command('orders:planted')
  .description('Puts each fault back that ferrule had, and plays random orders until it is found.')
  .option('--fault <text>', 'only faults whose name contains this')
  .option('--seconds <n>', 'the most that each may take on each of its targets', '120')
  .option('--seed <n>', 'the first seed', '1')
  .option('--json', 'one JSON object on standard output')
  .addHelpText(
    'after',
    `\nFaults:\n${PUT_BACK.map(({ name, targets }) => `  ${name} (${targets.join(', ')})`).join('\n')}`,
  )
  .action(main);

async function main({ fault = '', seconds, seed, json }: Options): Promise<void> {
  const outcomes: Outcome[] = [];
  for (const each of PUT_BACK.filter(({ name }) => name.includes(fault))) {
    const found = await findAgain(each, { seconds: Number(seconds), seed: Number(seed) }, (line) =>
      console.error(colors.dim(line)),
    );
    outcomes.push(...found);
    if (json === undefined) for (const outcome of found) console.log(summary(outcome));
  }
  if (json)
    console.log(JSON.stringify({ schema: 'ferrule.orders-planted/1', node: process.version, outcomes }, undefined, 2));
  if (outcomes.length === 0 || outcomes.some(({ after }) => after === undefined)) process.exitCode = 1;
}

const summary = ({ fault, target, after, sequences, detail }: Outcome): string =>
  after === undefined
    ? colors.red(`✗ ${target}: not found in ${sequences} sequences: ${fault}`)
    : `${colors.green('✓')} ${target}: ${fault}\n    found after ${after.toFixed(1)} s, in ${sequences} sequences: ${detail ?? ''}`;

await program.parseAsync();
