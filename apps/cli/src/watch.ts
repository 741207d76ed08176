/** @module `ferrule watch`, and lists of hosts: many servers, a line each, in the order in which they were named. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { createInterface } from 'node:readline';
import { certificateFacts } from './certificates.ts';
import { Exit, worst } from './exit.ts';
import { inspect, type InspectCommandOptions, type Inspection } from './inspect.ts';
import { documentJson, inspectionJson } from './json.ts';
import { familyOf } from './options.ts';
import { colorsFor, watchLine, wrongLine } from './report.ts';
import { nameOfTarget, parseTarget, type Target } from './target.ts';
import { shown, TargetError, UsageError } from './usage.ts';

export interface ListOptions extends InspectCommandOptions {
  /** How many servers at a time. */
  readonly concurrency: number;
  /** Fewer days than these are a failure. */
  readonly minDays?: number;
  /** Each address of a name is a server. */
  readonly eachAddress?: boolean;
}

/** One server of a list; `wrong` says why a line names none. */
export type Listed = Target | WrongLine;
export interface WrongLine {
  /** Counted from 1. */
  readonly line: number;
  readonly text: string;
  readonly wrong: string;
}

/** What a server of the list came to, and how it is told. */
interface Result {
  readonly exit: Exit;
  readonly told: string;
}

/**
 * Exit code: the worst of the list. A line that names no server is a result, too, and does not stop the others; Ctrl-C
 * stops the list, also while it is still being read.
 * @throws UsageError for an empty list.
 */
export async function listCommand(
  targets: AsyncIterable<Listed>,
  options: ListOptions,
  signal: AbortSignal,
): Promise<void> {
  const { concurrency, eachAddress, via } = options;
  if (eachAddress === true && via !== undefined && via !== 'direct')
    throw new UsageError('--each-address: --via leads elsewhere');
  let [begun, done, free] = [0, 0, concurrency];
  let printed = Promise.resolve();
  let exit: Exit = Exit.ok;
  const waiting: (() => void)[] = [];
  const progress = process.stderr.isTTY
    ? (): void => void process.stderr.write(`\r${done} of ${begun}\u001b[K`)
    : (): void => {};
  for await (const target of eachAddress === true ? addressesOf(targets, familyOf(options)) : targets) {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    if (signal.aborted) break;
    free--;
    begun++;
    const asked = resultOf(target, options, signal).finally(() => {
      free++;
      done++;
      waiting.shift()?.();
    });
    const before = printed;
    printed = Promise.all([asked, before]).then(([result]) => {
      exit = worst(exit, result.exit);
      if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
      process.stdout.write(result.told);
      progress();
    });
    printed.catch(() => {});
  }
  await printed;
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  if (begun === 0 && !signal.aborted) throw new UsageError('the list is empty: no line names a server');
  process.exitCode = signal.aborted ? Exit.interrupted : exit;
}

async function resultOf(target: Listed, options: ListOptions, signal: AbortSignal): Promise<Result> {
  const { json, minDays = Number.NEGATIVE_INFINITY } = options;
  const colors = colorsFor(process.stdout);
  if ('wrong' in target) {
    const { text, line, wrong } = target;
    const error = {
      code: 'NOT_A_SERVER',
      what: `line ${line}: ${wrong}`,
      hint: 'Correct the line, or begin it with #.',
    };
    const document = {
      target: text,
      line,
      ok: false,
      exitCode: Exit.usage,
      error: { name: 'UsageError', message: wrong, ...error },
    };
    return { exit: Exit.usage, told: json === true ? documentJson(document, true) : wrongLine(target, colors) };
  }
  let inspection: Inspection;
  try {
    inspection = await inspect(target, options, signal);
  } catch (error) {
    const { line } = target;
    if (line === undefined || !(error instanceof TargetError)) throw error;
    return resultOf({ line, text: nameOfTarget(target), wrong: error.message }, options, signal);
  }
  // Whoever pressed Ctrl-C knows
  if (inspection.exit === Exit.interrupted) return { exit: Exit.interrupted, told: '' };
  const daysLeft = daysLeftOf(inspection);
  const soon = inspection.exit === Exit.ok && daysLeft !== undefined && daysLeft < minDays;
  const exit = soon ? Exit.expiring : inspection.exit;
  return {
    exit,
    told: json === true ? inspectionJson({ ...inspection, exit }, true) : watchLine(inspection, exit, daysLeft, colors),
  };
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
 * Those of the command line; `-` stands for those on stdin, one a line, where `#` begins a comment, each as soon as its
 * line is there.
 * @throws UsageError for what the command line itself names.
 */
export async function* targetsOf(named: readonly string[], signal: AbortSignal): AsyncGenerator<Listed, void> {
  if (named.filter((name) => name === '-').length > 1) throw new UsageError('stdin (-) can be read once only');
  for (const name of named) if (name !== '-') targetNamed(name);
  for (const name of named) {
    if (name === '-') yield* linesOfStdin(signal);
    else yield targetNamed(name);
  }
}

/** For each name all of its addresses; what has none is left to fail as itself. */
async function* addressesOf(targets: AsyncIterable<Listed>, family: 4 | 6 | undefined): AsyncGenerator<Listed, void> {
  for await (const target of targets) {
    const addresses =
      'wrong' in target || target.route !== undefined || isIP(target.host) !== 0
        ? []
        : await lookup(target.host, { all: true, ...(family && { family }) }).catch(() => []);
    if (addresses.length === 0) yield target;
    else for (const { address } of addresses) yield { ...(target as Target), address };
  }
}

function targetNamed(name: string): Target {
  try {
    return parseTarget(name);
  } catch (error) {
    throw new UsageError(`${shown(name)}: ${(error as Error).message}`);
  }
}

async function* linesOfStdin(signal: AbortSignal): AsyncGenerator<Listed, void> {
  const lines = createInterface({ input: process.stdin, crlfDelay: Infinity });
  const stop = (): void => {
    lines.close();
    process.stdin.destroy();
  };
  signal.addEventListener('abort', stop);
  let number = 0;
  try {
    for await (const line of lines) {
      number++;
      const text = line.replace(/#.*/, '').trim();
      if (text === '') continue;
      try {
        yield { ...parseTarget(text), line: number };
      } catch (error) {
        yield { line: number, text, wrong: (error as Error).message };
      }
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
