/** @module `npm run orders`: the model-based judge, target after target. */
import { Command, InvalidArgumentError, Option } from 'commander';
import colors from 'picocolors';
import { FAULTS, type Fault } from './plant.ts';
import { run, Player, type Found, type Report } from './run.ts';
import { sequenceFrom, type Sequence } from './sequence.ts';
import { target as loadTarget, TARGET_NAMES, type TargetName } from './targets.ts';

interface Options {
  readonly minutes: number;
  readonly target: readonly TargetName[];
  readonly seed: number;
  readonly replay?: number | Sequence;
  readonly shrinks: number;
  readonly plant?: Fault;
  readonly json?: true;
}

const program = new Command('orders')
  .description(
    'Plays random orders of calls, callbacks and events on engines and faces, beside a model that knows what must come of them.',
  )
  .option('--minutes <n>', 'how long, over all targets together', positive, 10)
  .addOption(new Option('--target <name...>', 'which targets').choices(TARGET_NAMES).default(TARGET_NAMES))
  .option('--seed <n>', 'the first seed; each sequence has the next', integer, 1)
  .option('--shrinks <n>', 'how many sequences shrinking may play, per finding', integer, 400)
  .option(
    '--replay <seed or sequence>',
    'plays one sequence on each target, and shows each step: a seed, or the JSON of a finding',
    replayed,
  )
  .addOption(new Option('--plant <fault>', 'play engines with this fault, to see it found').choices(FAULTS))
  .option('--json', 'one JSON object on standard output')
  .addHelpText(
    'after',
    '\nExamples:\n  npm run orders -- --minutes 30 --target native\n  npm run orders -- --target pure-node --replay 4711',
  )
  .action(main);

async function main({ minutes, target: targets, seed, shrinks, replay, plant, json }: Options): Promise<void> {
  const progress = (line: string): void => console.error(colors.dim(line));
  if (replay !== undefined) {
    for (const target of targets) await replayOn(target, replay, plant);
    return;
  }
  const reports: Report[] = [];
  for (const target of targets) {
    const report = await run(target, { seconds: (minutes * 60) / targets.length, seed, shrinks, plant }, progress);
    reports.push(report);
    if (json === undefined) console.log(summary(report));
  }
  if (json) console.log(JSON.stringify({ schema: 'ferrule.orders/1', node: process.version, reports }, undefined, 2));
  process.exitCode = reports.some(({ findings }) => findings.length > 0) ? 1 : 0;
}

async function replayOn(target: TargetName, replay: number | Sequence, plant: Fault | undefined): Promise<void> {
  const sequence = typeof replay === 'number' ? sequenceFrom(replay, (await loadTarget(target)).recipes) : replay;
  console.log(JSON.stringify(sequence));
  const player = new Player();
  const { rule, detail, trace } = await player.play({ target, sequence, plant }, 60_000);
  player.end();
  for (const line of trace) console.log(line);
  console.log(
    rule === undefined ? colors.green(`✓ ${target}: every rule was kept`) : colors.red(`✗ ${target}: ${detail}`),
  );
  if (rule !== undefined) process.exitCode = 1;
}

function summary({ target, seconds, sequences, findings }: Report): string {
  const mark = findings.length > 0 ? colors.red('✗') : colors.green('✓');
  return [
    `${mark} ${target}: ${sequences} sequences in ${seconds} s, ${findings.length} findings`,
    ...findings.map(story),
  ].join('\n');
}

const story = ({ rule, seed, after, count, detail, sequence, trace }: Found): string =>
  [
    `  ${rule} (${count} times, first seed ${seed} after ${after.toFixed(1)} s)`,
    `    ${detail.split('\n')[0] ?? ''}`,
    `    --replay '${JSON.stringify(sequence)}'`,
    ...trace.map((line) => `      ${line}`),
  ].join('\n');

function positive(value: string): number {
  const parsed = Number(value);
  if (!(parsed > 0)) throw new InvalidArgumentError('not a positive number');
  return parsed;
}

function integer(value: string): number {
  const parsed = Number(value);
  if (!Number.isInteger(parsed) || parsed < 0) throw new InvalidArgumentError('not an integer from 0');
  return parsed;
}

function replayed(value: string): number | Sequence {
  return value.startsWith('{') ? (JSON.parse(value) as Sequence) : integer(value);
}

await program.parseAsync();
