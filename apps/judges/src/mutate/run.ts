/** @module One mutation run: vitest over instrumented sources, group of tests by group, until each mutant is killed or has survived. */
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readJournal } from './journal.ts';
import type { Mutant } from './sites.ts';
import { mutantsOf, ROOT, type Target, type Tests } from './targets.ts';

export interface Outcome {
  /** All of them, without the operands that are no booleans. */
  readonly mutants: readonly Mutant[];
  /** By which test. */
  readonly killed: ReadonlyMap<string, string>;
  /** What no test even exercises, or none fails for. */
  readonly survivors: readonly Survivor[];
}
export interface Survivor extends Mutant {
  /** How many tests it made a difference to, and passed; 0: none ever comes there. */
  readonly tests: number;
}

const CONFIG = join(ROOT, 'apps/judges/vitest.mutate.config.ts');

/** A worker in which nothing has happened for so long, in milliseconds, is one that a mutant drives in circles. */
const STALLED = 60_000;

/**
 * @param wanted - try only these mutants; undefined: all.
 * @param tests - in place of the target's.
 */
export async function mutate(target: Target, wanted?: readonly string[], tests: readonly Tests[] = target.tests, log: (line: string) => void = () => undefined): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'ferrule-mutate-'));
  const journal = join(folder, 'journal');
  try {
    for (const group of tests) {
      log(`${group.folder}: ${group.files.join(' ')}`);
      await runGroup(target, group, journal, wanted);
    }
    for (const [mutant, test] of readJournal(journal).spoiled) await confirm(target, tests, journal, mutant, test);
    return outcomeOf(target, journal, wanted);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function outcomeOf(target: Target, journal: string, wanted: readonly string[] | undefined): Outcome {
  const { foreign, killed, survived } = readJournal(journal);
  const mutants = mutantsOf(target).filter(({ id }) => !foreign.has(id) && (wanted === undefined || wanted.includes(id)));
  const survivors = mutants.filter(({ id }) => !killed.has(id)).map((mutant) => ({ ...mutant, tests: survived.get(mutant.id) ?? 0 }));
  return { mutants, killed, survivors };
}

/** A worker that stalls counts as a kill, and the group begins anew without that mutant. */
async function runGroup(target: Target, group: Tests, journal: string, wanted: readonly string[] | undefined): Promise<void> {
  for (let spoiled = -1; ; ) {
    await vitest(target, group, journal, { FERRULE_MUTANTS: JSON.stringify(wanted ?? []) });
    const found = readJournal(journal);
    const stalled = found.unfinished !== undefined;
    if (found.unfinished !== undefined) record(journal, 'killed', found.unfinished.mutant, found.unfinished.test);
    if (!stalled && found.spoiled.size === Math.max(spoiled, 0)) return;
    if (!stalled && spoiled === found.spoiled.size) return;
    spoiled = found.spoiled.size;
  }
}

/** A mutant that broke later tests: its test by itself, in a process in which nothing else was ever active. */
async function confirm(target: Target, tests: readonly Tests[], journal: string, mutant: string, test: string): Promise<void> {
  const [file = '', ...names] = test.split(' > ');
  const group = tests.find(({ files }) => files.some((part) => file.includes(part)));
  if (group === undefined) return;
  const status = await vitest(target, { folder: group.folder, files: [file] }, journal, { FERRULE_MUTANT: mutant }, ['-t', escapePattern(names.slice(1).join(' '))]);
  record(journal, status === 0 ? 'survived' : 'killed', mutant, test);
}

const escapePattern = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

function record(journal: string, event: 'killed' | 'survived', mutant: string, test: string): void {
  appendFileSync(journal, `${JSON.stringify({ event, mutant, test })}\n`);
}

function vitest(target: Target, group: Tests, journal: string, env: NodeJS.ProcessEnv, args: readonly string[] = []): Promise<number | null> {
  const child = spawn(
    process.execPath,
    [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--config', CONFIG, '--root', join(ROOT, group.folder), '--reporter', 'dot', ...args, ...group.files],
    { cwd: join(ROOT, group.folder), stdio: process.env['FERRULE_MUTATE_VERBOSE'] === undefined ? 'ignore' : 'inherit', detached: true, env: { ...process.env, FERRULE_MUTATE: journal, FERRULE_MUTATE_ENGINE: target.engine, ...env } },
  );
  return new Promise((resolve, reject) => {
    const began = Date.now();
    const watch = setInterval(() => {
      const last = Math.max(began + 60_000, existsSync(journal) ? statSync(journal).mtimeMs : 0);
      if (Date.now() - last > STALLED && readJournal(journal).unfinished !== undefined && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, 2_000);
    child.on('error', reject);
    child.on('exit', (status) => {
      clearInterval(watch);
      resolve(status);
    });
  });
}
