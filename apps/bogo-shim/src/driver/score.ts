/** @module From the runner's lines to figures: what passed, what did not and was known to, what nobody expected. */
import { matcher, type Test } from './tests.ts';

export type Outcome = 'passed' | 'failed' | 'unimplemented';

export interface Result {
  readonly name: string;
  readonly outcome: Outcome;
  /** What the runner says about a failure. */
  readonly detail: string;
}

/** By why they do not pass: names of tests, or globs over names. */
export type Expectations = Readonly<Record<string, readonly string[]>>;

export interface Tally {
  readonly total: number;
  readonly passed: number;
  readonly failed: number;
  readonly unimplemented: number;
}

export interface Score {
  readonly tiers: Readonly<Record<string, Tally>>;
  /** By `tier / group`. */
  readonly groups: Readonly<Record<string, Tally>>;
  /** Did not pass, and no expectation says why. */
  readonly unexpected: readonly Result[];
  /** Did not pass, with the reason of its expectation. */
  readonly known: readonly (Result & { readonly reason: string })[];
  /** Expectations of tests that were run and passed all the same. */
  readonly stale: readonly string[];
  /** Selected, and the runner said nothing about them. */
  readonly missing: readonly string[];
}

export function score(tests: readonly Test[], results: readonly Result[], expectations: Expectations): Score {
  const byName = new Map(results.map((result) => [result.name, result]));
  const rules = Object.entries(expectations).flatMap(([reason, globs]) =>
    globs.map((glob) => ({ glob, reason, fits: matcher(glob), ran: 0, failed: 0 })),
  );
  const tiers = new Map<string, Counts>();
  const groups = new Map<string, Counts>();
  const unexpected: Result[] = [];
  const known: (Result & { reason: string })[] = [];
  const missing: string[] = [];
  for (const test of tests) {
    const result = byName.get(test.name);
    if (result === undefined) {
      missing.push(test.name);
      continue;
    }
    count(tiers, test.tier, result.outcome);
    count(groups, `${test.tier} / ${test.group}`, result.outcome);
    const rule = rules.find(({ fits }) => fits(test.name));
    if (rule !== undefined) rule.ran++;
    if (result.outcome === 'passed') continue;
    if (rule === undefined) unexpected.push(result);
    else {
      rule.failed++;
      known.push({ ...result, reason: rule.reason });
    }
  }
  const stale = rules.filter(({ ran, failed }) => ran > failed).map(({ glob }) => glob);
  return {
    tiers: Object.fromEntries(tiers),
    groups: Object.fromEntries([...groups].sort()),
    unexpected,
    known,
    stale,
    missing,
  };
}

/** A run is good when everything passed but what was known, and nothing known passed. */
export const isGood = ({ unexpected, stale, missing }: Score): boolean =>
  unexpected.length + stale.length + missing.length === 0;

type Counts = { -readonly [K in keyof Tally]: Tally[K] };

function count(into: Map<string, Counts>, key: string, outcome: Outcome): void {
  const counts = into.get(key) ?? { total: 0, passed: 0, failed: 0, unimplemented: 0 };
  counts.total++;
  counts[outcome]++;
  into.set(key, counts);
}

const LINE = /^(PASSED|FAILED|UNIMPLEMENTED) \((.+)\)$/;
const OUTCOMES: Readonly<Record<string, Outcome>> = {
  PASSED: 'passed',
  FAILED: 'failed',
  UNIMPLEMENTED: 'unimplemented',
};

/** Reads the runner's output as it comes: one line says how a test ended, those after a failure say why. */
export class RunnerOutput {
  readonly #onResult: (result: Result) => void;
  #rest = '';
  #current: { name: string; outcome: Outcome; detail: string[] } | undefined;

  constructor(onResult: (result: Result) => void) {
    this.#onResult = onResult;
  }

  push(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) this.#line(line);
  }

  end(): void {
    if (this.#rest !== '') this.#line(this.#rest);
    this.#report();
  }

  #line(line: string): void {
    const [, word, name] = LINE.exec(line) ?? [];
    if (line === 'PASS' || line === 'FAIL') return; // Of the whole run
    if (word === undefined || name === undefined) {
      this.#current?.detail.push(line);
      return;
    }
    this.#report();
    this.#current = { name, outcome: OUTCOMES[word]!, detail: [] };
    if (this.#current.outcome === 'passed') this.#report();
  }

  #report(): void {
    const current = this.#current;
    this.#current = undefined;
    if (current !== undefined) this.#onResult({ ...current, detail: current.detail.join('\n').trim() });
  }
}
