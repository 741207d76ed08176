/**
 * @module A check: one claim about an engine, and how it is proved. Plain functions, so that the checks can be checked.
 */
import type { Backend, Feature } from '@ferrule/contract';

export interface Check {
  /** A sentence about behaviour. */
  readonly title: string;
  /** Rejects when the claim does not hold. */
  run(backend: Backend): Promise<unknown>;
  /** Runs only on a backend that lists it; {@link describeBackend} proves separately that the others refuse. */
  readonly feature?: Feature;
}

export interface CheckGroup {
  readonly title: string;
  readonly checks: readonly Check[];
}

/** A group as a table of titles and proofs. */
export const group = (
  title: string,
  checks: Readonly<Record<string, Check['run'] | Omit<Check, 'title'>>>,
  feature?: Feature,
): CheckGroup => ({
  title,
  checks: Object.entries(checks).map(([name, check]) => ({
    ...(feature && { feature }),
    ...(typeof check === 'function' ? { run: check } : check),
    title: name,
  })),
});

/** A proof that calls the engine without ever awaiting it: for engines that list `synchronous`. */
export const atOnce = (run: Check['run']): Omit<Check, 'title'> => ({ run, feature: 'synchronous' });
