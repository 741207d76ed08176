/** @module `npm run fuzz`: coverage-guided fuzzing of our targets, one after the other, and what came of it. */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';
import colors from 'picocolors';
import { instrument } from './instrument.ts';
import { openWorld } from './make-world.ts';
import { fuzzNative } from './native.ts';
import { fuzz, type Report } from './run.ts';
import { TARGET_NAMES, TARGETS, type TargetName } from './targets.ts';

interface Options {
  readonly minutes: number;
  readonly target?: readonly TargetName[];
  readonly engine: 'pure' | 'native';
  readonly dir: string;
  readonly json?: true;
}

const here = dirname(fileURLToPath(import.meta.url));

const program = new Command('fuzz')
  .description(
    'Coverage-guided fuzzing of the pure engine and of everything that parses, from a corpus of our own connections.',
  )
  .option('--minutes <n>', 'how long, over all targets together', positive, 60)
  .addOption(new Option('--target <name...>', 'which targets').choices(TARGET_NAMES))
  .addOption(
    new Option(
      '--engine <name>',
      'native: the addon, with what the pure engine has found worth keeping, and children of that',
    )
      .choices(['pure', 'native'])
      .default('pure'),
  )
  .option('--dir <path>', 'where corpus and findings are kept from run to run', join(here, '../../.fuzz'))
  .option('--json', 'one JSON object on standard output')
  .addHelpText(
    'after',
    '\nExamples:\n  npm run fuzz -- --minutes 5 --target certificates\n  npm run fuzz -- --minutes 60 --json',
  )
  .action(run);

async function run({ minutes, target: names = TARGET_NAMES, engine, dir, json }: Options): Promise<void> {
  mkdirSync(dir, { recursive: true });
  const worldFile = join(dir, 'world.json');
  const world = await openWorld(worldFile);
  const progress = (line: string): void => console.error(colors.dim(line));
  if (engine === 'native') {
    const report = await fuzzNative(minutes * 60, dir, worldFile, progress);
    const { executions, memory, findings } = report;
    console.log(
      json
        ? JSON.stringify({ schema: 'ferrule.fuzz/1', node: process.version, reports: [report] }, undefined, 2)
        : `native: ${executions} inputs, ${memory} MiB, ${findings.length} findings${list(findings)}`,
    );
    process.exitCode = findings.length > 0 ? 1 : 0;
    return;
  }
  const bundle = join(dir, 'targets.mjs');
  const instrumented = await instrument(bundle);
  const reports: Report[] = [];
  const shares = names.map((name) => TARGETS[name](world).share);
  const all = shares.reduce((sum, share) => sum + share, 0);
  for (const [index, name] of names.entries()) {
    const report = await fuzz(
      name,
      (minutes * 60 * (shares[index] ?? 1)) / all,
      { dir, worldFile, world, bundle, instrumented },
      progress,
    );
    reports.push(report);
    if (json === undefined) console.log(summary(report));
  }
  if (json) console.log(JSON.stringify({ schema: 'ferrule.fuzz/1', node: process.version, reports }, undefined, 2));
  process.exitCode = reports.some(({ findings }) => findings.length > 0) ? 1 : 0;
}

function summary({ target, minutes, executions, blocks, features, corpus, heap, findings }: Report): string {
  const mark = findings.length > 0 ? colors.red('✗') : colors.green('✓');
  const growth = `blocks ${blocks.begin} → ${blocks.end}, features ${features.begin} → ${features.end}, corpus ${corpus.begin} → ${corpus.end}`;
  return `${mark} ${target}: ${minutes} min, ${executions} inputs, ${growth}, ${heap} MiB, ${findings.length} findings${list(findings)}`;
}

const list = (findings: readonly string[]): string => findings.map((each) => `\n    ${each}`).join('');

function positive(value: string): number {
  const parsed = Number(value);
  if (!(parsed > 0)) throw new InvalidArgumentError('not a positive number');
  return parsed;
}

await program.parseAsync();
