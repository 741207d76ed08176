/** @module `npm run faults`: every face of a connection, on either engine, behind a network that does its worst. */
import { Command, InvalidArgumentError, Option } from 'commander';
import colors from 'picocolors';
import { judge, type Verdict } from './judge.ts';
import { planOf } from './plan.ts';
import { FAULTS, type PlantedFault } from './plant.ts';

interface Options {
  readonly minutes: number;
  readonly seed?: number;
  readonly first: number;
  readonly engine?: 'native' | 'pure';
  readonly plant?: PlantedFault;
  readonly json?: true;
}

const program = new Command('faults')
  .description(
    'Runs cases from seeds: what a face told of its bytes must be true at the other end, and everything ends.',
  )
  .option('--minutes <n>', 'how long', number, 1)
  .option('--seed <n>', 'this case alone, with what was told', number)
  .option('--first <n>', 'the first seed', number, 1)
  .addOption(new Option('--engine <name>', 'only this one').choices(['native', 'pure']))
  .addOption(new Option('--plant <fault>', 'judge faces with this fault, to see it found').choices(FAULTS))
  .option('--json', 'one JSON object on standard output')
  .addHelpText(
    'after',
    '\nExamples:\n  npm run faults -- --minutes 10 --json\n  npm run faults -- --engine native --seed 17',
  )
  .action(run);

await program.parseAsync();

async function run({ minutes, seed, first, engine, plant, json }: Options): Promise<void> {
  const engines = engine === undefined ? (['native', 'pure'] as const) : [engine];
  const until = performance.now() + minutes * 60_000;
  const findings: (Verdict & { readonly seed: number; readonly engine: string })[] = [];
  let cases = 0;
  for (let next = seed ?? first; cases === 0 || (seed === undefined && performance.now() < until); next++) {
    for (const each of engines) {
      const verdict = await judge(planOf(next), each, plant);
      cases++;
      if (verdict.wrong.length > 0) findings.push({ seed: next, engine: each, ...verdict });
      if (json === undefined && (verdict.wrong.length > 0 || seed !== undefined))
        console.log(`${colors.red(`seed ${next}, ${each}`)}: ${JSON.stringify(verdict)}`);
    }
  }
  if (json)
    console.log(JSON.stringify({ schema: 'ferrule.faults/1', node: process.version, cases, findings }, undefined, 2));
  else console.log(`${cases} cases, ${findings.length} wrong`);
  process.exitCode = findings.length > 0 ? 1 : 0;
}

function number(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('Expected a positive number.');
  return value;
}
