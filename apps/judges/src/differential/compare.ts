/** @module Two traces side by side, and the differences that are known. */
import { KNOWN, type KnownDifference } from './known.ts';
import type { Trace } from './run.ts';

export interface Difference {
  readonly field: string;
  readonly native: unknown;
  readonly pure: unknown;
}

export function compare(native: Trace, pure: Trace): readonly Difference[] {
  const fields = [...new Set([...Object.keys(native), ...Object.keys(pure)])];
  return fields
    .filter((field) => JSON.stringify(native[field]) !== JSON.stringify(pure[field]))
    .map((field) => ({ field, native: native[field], pure: pure[field] }));
}

/** The row of the table that explains a difference. */
export const explanation = (scenario: string, { field }: Difference): KnownDifference | undefined =>
  KNOWN.find(
    (known) =>
      known.scenario.test(scenario) && known.fields.some((each) => field === each || field === `again ${each}`),
  );
