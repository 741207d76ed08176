/** @module Which of the runner's tests there are to run, and to which tier and group each belongs. */
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

export type Tier = 'core' | 'optional';

export interface Test {
  readonly name: string;
  readonly tier: Tier;
  /** What it is about, in the words of the list; `basics` when the list says nothing. */
  readonly group: string;
  /** The peer must be refused. */
  readonly mustFail: boolean;
}

/**
 * Reads a list of tests: JSON, perhaps gzipped, an array of `{name, tier, features?, shouldFail}`. Tests of other tiers are
 * left out.
 * @throws Error when there is no such file, or it is something else.
 */
export function readTests(path: string): readonly Test[] {
  if (!existsSync(path)) throw new Error(`no list of tests at ${path}: set FERRULE_VECTORS or give --list FILE`);
  const file = readFileSync(path);
  const rows: unknown = JSON.parse((path.endsWith('.gz') ? gunzipSync(file) : file).toString('utf8'));
  if (!Array.isArray(rows)) throw new Error(`${path}: no array`);
  return rows.map((row) => testOf(row, path)).filter((test) => test !== undefined);
}

function testOf(row: unknown, path: string): Test | undefined {
  const { name, tier, features, shouldFail } = row as { name?: unknown; tier?: unknown; features?: unknown; shouldFail?: unknown };
  if (typeof name !== 'string' || typeof tier !== 'string') throw new Error(`${path}: a row has no name or tier`);
  if (tier !== 'core' && tier !== 'optional') return undefined;
  const first = Array.isArray(features) ? features.map(String).find((feature) => !feature.startsWith('~')) : undefined;
  return { name, tier, group: first ?? 'basics', mustFail: shouldFail === true };
}

/** The tests of a tier (`all` is both) whose name fits a pattern with `*` and `?`. */
export function select(tests: readonly Test[], tier: Tier | 'all', pattern: string | undefined): readonly Test[] {
  const fits = pattern === undefined ? (): boolean => true : matcher(pattern);
  return tests.filter((test) => (tier === 'all' || test.tier === tier) && fits(test.name));
}

/** A glob as a predicate: `*` any characters, `?` one, `;` between alternatives. */
export function matcher(pattern: string): (name: string) => boolean {
  const alternatives = pattern.split(';').map((glob) => glob.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.'));
  const expression = new RegExp(`^(?:${alternatives.join('|')})$`);
  return (name) => expression.test(name);
}
