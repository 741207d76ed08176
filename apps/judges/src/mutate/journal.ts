/**
 * @module What is known of each mutant so far: one line of JSON for each thing that happened, in a file that all
 * workers add to.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/** How many tests one mutant may survive before no more are tried. */
const MOST_TESTS = 60;

type Line =
  | { readonly event: 'reached' | 'foreign'; readonly mutants: readonly string[] }
  | { readonly event: 'begun' | 'killed' | 'survived' | 'spoiled'; readonly mutant: string; readonly test: string };

/** What a journal tells. */
export interface Findings {
  readonly reached: Set<string>;
  readonly foreign: Set<string>;
  /** By which test. */
  readonly killed: Map<string, string>;
  /** Kills that are to be confirmed, by test. */
  readonly spoiled: Map<string, string>;
  /** How many tests met it and passed. */
  readonly survived: Map<string, number>;
  /** The one under which the worker was, if it never said how that ended. */
  readonly unfinished: { readonly mutant: string; readonly test: string } | undefined;
}

export class Journal {
  readonly #path: string;
  readonly #findings: Findings;
  /** Only these are tried; all where it is empty. */
  readonly #wanted: ReadonlySet<string>;

  constructor(
    path: string,
    wanted: readonly string[] = JSON.parse(process.env['FERRULE_MUTANTS'] ?? '[]') as string[],
  ) {
    this.#path = path;
    this.#wanted = new Set(wanted);
    this.#findings = readJournal(path);
  }

  reached(mutants: readonly string[]): void {
    this.#news('reached', this.#findings.reached, mutants);
  }
  foreign(mutants: readonly string[]): void {
    this.#news('foreign', this.#findings.foreign, mutants);
  }
  #news(event: 'reached' | 'foreign', known: Set<string>, mutants: readonly string[]): void {
    const fresh = mutants.filter((mutant) => !known.has(mutant));
    for (const mutant of fresh) known.add(mutant);
    if (fresh.length > 0) this.#write({ event, mutants: fresh });
  }

  /** Whether this mutant is to be tried by this test. */
  begin(mutant: string, test: string): boolean {
    const { killed, spoiled, survived } = this.#findings;
    if (
      (this.#wanted.size > 0 && !this.#wanted.has(mutant)) ||
      killed.has(mutant) ||
      spoiled.has(mutant) ||
      (survived.get(mutant) ?? 0) >= MOST_TESTS
    )
      return false;
    this.#write({ event: 'begun', mutant, test });
    return true;
  }

  end(mutant: string, test: string, killed: boolean): void {
    if (killed) this.#findings.killed.set(mutant, test);
    else this.#findings.survived.set(mutant, (this.#findings.survived.get(mutant) ?? 0) + 1);
    this.#write({ event: killed ? 'killed' : 'survived', mutant, test });
  }

  spoiled(mutant: string, test: string): void {
    this.#findings.spoiled.set(mutant, test);
    this.#write({ event: 'spoiled', mutant, test });
  }

  #write(line: Line): void {
    appendFileSync(this.#path, `${JSON.stringify(line)}\n`);
  }
}

export function readJournal(path: string): Findings {
  const found: { -readonly [K in keyof Findings]: Findings[K] } = {
    reached: new Set(),
    foreign: new Set(),
    killed: new Map(),
    spoiled: new Map(),
    survived: new Map(),
    unfinished: undefined,
  };
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
  for (const text of lines) {
    if (text === '') continue;
    const line = JSON.parse(text) as Line;
    if ('mutants' in line) for (const mutant of line.mutants) found[line.event].add(mutant);
    else {
      const { event, mutant, test } = line;
      found.unfinished = event === 'begun' ? { mutant, test } : undefined;
      if (event === 'killed') found.killed.set(mutant, test);
      else if (event === 'survived') found.survived.set(mutant, (found.survived.get(mutant) ?? 0) + 1);
      else if (event === 'spoiled') {
        found.spoiled.set(mutant, test);
        found.killed.delete(mutant);
      }
    }
  }
  return found;
}
