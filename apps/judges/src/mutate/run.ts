/**
 * @module One mutation run: vitest over instrumented sources, group of tests by group, until each mutant is killed or
 * has survived.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EQUIVALENT } from './equivalent.ts';
import { readJournal } from './journal.ts';
import { buildMutants, nativeMutants } from './native.ts';
import type { Mutant } from './sites.ts';
import { instrumentFile, ROOT, sourcesOf, type Target, type Tests } from './targets.ts';

export interface Outcome {
  /** All that were tried, without the operands that are not booleans. */
  readonly mutants: readonly Mutant[];
  /** By which test. */
  readonly killed: ReadonlyMap<string, string>;
  /** What no test even exercises, or none fails for, and is not known to make no difference. */
  readonly survivors: readonly Survivor[];
  /** Of those that are said to make no difference. */
  readonly equivalent: readonly string[];
  /** Rows of equivalent.ts that are wrong: a test notices the mutant after all, or there is none of that name. */
  readonly wrongRows: readonly string[];
}
export interface Survivor extends Mutant {
  /** How many tests it made a difference to, and passed; 0: none ever comes there. */
  readonly tests: number;
}

const CONFIG = join(ROOT, 'apps/judges/vitest.mutate.config.ts');

/** A worker in which nothing has happened for so long, in milliseconds, is one that a mutant drives in circles. */
const STALLED = 60_000;

/** Every mutant of a target, also those that turn out to be none. */
export const mutantsOf = (target: Target): readonly Mutant[] =>
  target.engine === 'native'
    ? nativeMutants().mutants
    : sourcesOf(target).flatMap((path) => [...instrumentFile(path).mutants]);

/** The same ones for the same seed, whatever else there is. */
export function sample(ids: readonly string[], count: number, seed: string): string[] {
  const place = (id: string): string => createHash('sha256').update(`${seed}\n${id}`).digest('hex');
  return ids
    .map((id) => [place(id), id] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, count)
    .map(([, id]) => id);
}

/** @param wanted - try only these mutants; undefined: all. */
export async function mutate(
  target: Target,
  wanted?: readonly string[],
  log: (line: string) => void = () => undefined,
): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'ferrule-mutate-'));
  const run: Run = {
    target,
    journal: join(folder, 'journal'),
    wanted,
    env: target.engine === 'native' ? { FERRULE_NATIVE_ADDON: buildMutants(folder) } : {},
  };
  try {
    for (const group of target.tests) {
      log(`${group.folder}: ${group.files.join(' ')}`);
      await runGroup(run, group);
    }
    for (const [mutant, test] of readJournal(run.journal).spoiled) await confirm(run, mutant, test);
    return outcomeOf(run);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Run {
  readonly target: Target;
  readonly journal: string;
  readonly wanted: readonly string[] | undefined;
  readonly env: Readonly<Record<string, string>>;
}

function outcomeOf({ target, journal, wanted }: Run): Outcome {
  const { foreign, killed, survived } = readJournal(journal);
  const all = mutantsOf(target).filter(({ id }) => !foreign.has(id));
  const mutants = all.filter(({ id }) => wanted === undefined || wanted.includes(id));
  const left = mutants.filter(({ id }) => !killed.has(id));
  const rows = Object.keys(EQUIVALENT).filter((id) => id.startsWith(`${target.engine}/`));
  return {
    mutants,
    killed,
    survivors: left
      .filter(({ id }) => EQUIVALENT[id] === undefined)
      .map((mutant) => ({ ...mutant, tests: survived.get(mutant.id) ?? 0 })),
    equivalent: left.filter(({ id }) => EQUIVALENT[id] !== undefined).map(({ id }) => id),
    wrongRows: rows.filter((id) => killed.has(id) || !all.some((mutant) => mutant.id === id)),
  };
}

/**
 * A worker that stalls counts as a kill; then, or when a mutant broke what follows, the group begins anew without that
 * mutant.
 */
async function runGroup(run: Run, group: Tests): Promise<void> {
  for (let before = readJournal(run.journal).spoiled.size; ;) {
    await vitest(run, group, { FERRULE_MUTANTS: JSON.stringify(run.wanted ?? []) });
    const { unfinished, spoiled } = readJournal(run.journal);
    if (unfinished !== undefined) record(run.journal, 'killed', unfinished.mutant, unfinished.test);
    if (unfinished === undefined && spoiled.size === before) return;
    before = spoiled.size;
  }
}

/** A mutant that broke later tests: its test by itself, in a process in which nothing else was ever active. */
async function confirm(run: Run, mutant: string, test: string): Promise<void> {
  const [file = '', ...names] = test.split(' > ');
  const group = run.target.tests.find(
    ({ folder, files }) => existsSync(join(ROOT, folder, file)) && files.some((part) => file.includes(part)),
  );
  if (group === undefined) return;
  const only = names.join(' ').replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const status = await vitest(
    run,
    { folder: group.folder, files: [file], only: `^${only}$` },
    { FERRULE_MUTANT: mutant },
  );
  record(run.journal, status === 0 ? 'survived' : 'killed', mutant, test);
}

function record(journal: string, event: 'killed' | 'survived', mutant: string, test: string): void {
  appendFileSync(journal, `${JSON.stringify({ event, mutant, test })}\n`);
}

function vitest(
  { target, journal, env }: Run,
  { folder, files, only }: Tests,
  more: NodeJS.ProcessEnv,
): Promise<number | null> {
  const args = [
    'run',
    '--config',
    CONFIG,
    '--root',
    join(ROOT, folder),
    '--reporter',
    'dot',
    ...(only === undefined ? [] : ['-t', only]),
    ...files,
  ];
  const child = spawn(process.execPath, [join(ROOT, 'node_modules/vitest/vitest.mjs'), ...args], {
    cwd: join(ROOT, folder),
    stdio: process.env['FERRULE_MUTATE_VERBOSE'] === undefined ? 'ignore' : 'inherit',
    detached: true,
    env: { ...process.env, FERRULE_MUTATE: journal, FERRULE_MUTATE_ENGINE: target.engine, ...env, ...more },
  });
  return new Promise((resolve, reject) => {
    const watch = setInterval(() => {
      const quiet = existsSync(journal) && Date.now() - statSync(journal).mtimeMs > STALLED;
      if (quiet && readJournal(journal).unfinished !== undefined && child.pid !== undefined)
        process.kill(-child.pid, 'SIGKILL');
    }, 2_000);
    child.on('error', reject);
    child.on('exit', (status) => {
      clearInterval(watch);
      resolve(status);
    });
  });
}
