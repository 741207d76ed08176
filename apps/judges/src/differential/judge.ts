/** @module Every scenario on both engines. */
import type { Backend } from '@ferrule/contract';
import { compare, explanation, type Difference } from './compare.ts';
import { KNOWN, type KnownDifference } from './known.ts';
import { run, type Trace } from './run.ts';
import type { Scenario } from './scenario.ts';

export interface Verdict {
  readonly scenario: string;
  readonly unexplained: readonly Difference[];
  readonly explained: readonly (Difference & { readonly reason: string })[];
  /** An engine threw, or a connection hung. */
  readonly broken: string | undefined;
}

export class Differential {
  readonly #native: Backend;
  readonly #pure: Backend;
  readonly #used = new Set<KnownDifference>();

  constructor(native: Backend, pure: Backend) {
    this.#native = native;
    this.#pure = pure;
  }

  async judge(scenario: Scenario): Promise<Verdict> {
    let traces: readonly [Trace, Trace];
    try {
      traces = [await run(this.#native, scenario), await run(this.#pure, scenario)];
    } catch (error) {
      return {
        scenario: scenario.name,
        unexplained: [],
        explained: [],
        broken: error instanceof Error ? error.message : String(error),
      };
    }
    const unexplained: Difference[] = [];
    const explained: (Difference & { reason: string })[] = [];
    for (const difference of compare(...traces)) {
      const known = explanation(scenario.name, difference);
      if (known === undefined) unexplained.push(difference);
      else {
        this.#used.add(known);
        explained.push({ ...difference, reason: known.reason });
      }
    }
    return { scenario: scenario.name, unexplained, explained, broken: undefined };
  }

  /** Rows of the table that explained nothing; meaningful after all scenarios. */
  get stale(): readonly KnownDifference[] {
    return KNOWN.filter((known) => !this.#used.has(known));
  }
}
