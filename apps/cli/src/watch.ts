/** @module `ferrule watch`, and lists of hosts: many servers, a line each, in the order in which they were named. */
import { text } from 'node:stream/consumers';
import { InvalidArgumentError } from 'commander';
import { certificateFacts } from './certificates.ts';
import { Exit } from './exit.ts';
import { inspect, type InspectCommandOptions, type Inspection } from './inspect.ts';
import { inspectionJson } from './json.ts';
import { colorsFor, watchLine } from './report.ts';
import { parseTarget, type Target } from './target.ts';

export interface ListOptions extends InspectCommandOptions {
  /** How many servers at a time. */
  readonly concurrency: number;
  /** Fewer days than these are a failure. */
  readonly minDays?: number;
}

/** Exit code: that of the first server that is not well, in the order of the list. */
export async function listCommand(
  targets: readonly Target[],
  options: ListOptions,
  signal: AbortSignal,
): Promise<void> {
  const { concurrency, json, minDays = Number.NEGATIVE_INFINITY } = options;
  const colors = colorsFor(process.stdout);
  let done = 0;
  const progress = process.stderr.isTTY
    ? (): void => void process.stderr.write(`\r${done} of ${targets.length}\u001b[K`)
    : (): void => {};
  let [printed, free]: [Promise<void>, number] = [Promise.resolve(), concurrency];
  const waiting: (() => void)[] = [];
  progress();
  for (const target of targets) {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    if (signal.aborted) break;
    free--;
    const inspected = inspect(target, options, signal).finally(() => {
      free++;
      done++;
      waiting.shift()?.();
    });
    const before = printed;
    printed = Promise.all([inspected, before]).then(([inspection]) => {
      const daysLeft = daysLeftOf(inspection);
      const exit =
        inspection.exit === Exit.ok && daysLeft !== undefined && daysLeft < minDays ? Exit.expiring : inspection.exit;
      process.exitCode ??= exit === Exit.ok ? undefined : exit;
      if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
      process.stdout.write(
        json === true ? inspectionJson({ ...inspection, exit }, true) : watchLine(inspection, exit, daysLeft, colors),
      );
      progress();
    });
    printed.catch(() => {});
  }
  await printed;
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
}

/** Of the certificate of the chain that expires first. */
function daysLeftOf({ chain }: Inspection): number | undefined {
  const days = chain.flatMap((der) => {
    try {
      return [certificateFacts(der).daysLeft];
    } catch {
      return [];
    }
  });
  return days.length === 0 ? undefined : Math.min(...days);
}

/**
 * Those of the command line; `-` stands for those on stdin, one a line, where `#` begins a comment. @throws
 * InvalidArgumentError
 */
export async function targetsOf(named: readonly string[]): Promise<readonly Target[]> {
  const names: string[] = [];
  for (const name of named) {
    if (name !== '-') names.push(name);
    else
      names.push(
        ...(await text(process.stdin))
          .split('\n')
          .map((line) => line.replace(/#.*/, '').trim())
          .filter((line) => line !== ''),
      );
  }
  return names.map((name) => {
    try {
      return parseTarget(name);
    } catch (error) {
      throw error instanceof InvalidArgumentError ? new TypeError(`${name}: ${error.message}`) : error;
    }
  });
}

export function count(value: string): number {
  const number = Number(value);
  if (!(Number.isInteger(number) && number >= 1 && number <= 10_000))
    throw new InvalidArgumentError('Expected an integer from 1 to 10000.');
  return number;
}
