/** @module What one run has found out, as JSON: written, read again, and compared. */
import { readFileSync } from 'node:fs';
import type { Metric, Row } from './rows.ts';
import type { Figures } from './tasks.ts';

/** Grows when a reader of the old form would misread the new one. */
export const VERSION = 1;

export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export interface RowResult {
  readonly id: string;
  readonly group: Row['group'];
  readonly title: string;
  readonly metrics: Readonly<Record<string, Metric>>;
  /** By subject and metric. */
  readonly figures: Readonly<Record<string, Readonly<Record<string, Spread>>>>;
  /** By subject: why it has no figures. */
  readonly failures: Readonly<Record<string, string>>;
}

export interface Result {
  readonly version: number;
  readonly date: string;
  readonly node: string;
  readonly openssl: string;
  readonly cpu: string;
  readonly cores: number;
  /** The load average when it began, one minute. */
  readonly load: number;
  readonly rounds: number;
  readonly quick: boolean;
  /** Id and title, in the order of tables. */
  readonly subjects: readonly { readonly id: string; readonly title: string }[];
  readonly rows: readonly RowResult[];
}

/** Minimum, median and maximum of each metric, of the figures of several rounds. */
export function spread(rounds: readonly Figures[]): Record<string, Spread> {
  const metrics = Object.keys(rounds[0] ?? {});
  return Object.fromEntries(
    metrics.map((metric) => {
      const sorted = rounds.map((figures) => figures[metric] ?? Number.NaN).toSorted((a, b) => a - b);
      const at = (index: number): number => sorted[index] ?? Number.NaN;
      return [metric, { min: at(0), median: at(sorted.length >> 1), max: at(sorted.length - 1) }];
    }),
  );
}

/** @throws TypeError for a file that is not a result of this version. */
export function readResult(file: string): Result {
  const value = JSON.parse(readFileSync(file, 'utf8')) as Partial<Result> | null;
  if (value?.version !== VERSION || !Array.isArray(value.rows))
    throw new TypeError(`${file}: not a result of version ${VERSION} of this benchmark`);
  return value as Result;
}

/** Three digits, and no more than whole ones from a hundred on. */
export const digits = (n: number): string =>
  Math.abs(n) >= 100 ? Math.round(n).toLocaleString('en') : n.toFixed(Math.abs(n) >= 10 ? 1 : 2);
