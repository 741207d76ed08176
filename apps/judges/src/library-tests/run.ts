/**
 * @module The own tests of libraries, with node:tls and with `@ferrule/node/tls` in its place: as many pass with the one
 * as with the other.
 */
import { join } from 'node:path';
import { builtPreload, runNode } from '../node-tests/process.ts';
import type { Suite, Told } from './suites.ts';

export type Engine = 'native' | 'pure';

export interface LibraryTestsOptions {
  readonly suite: Suite;
  /** A checkout with its dependencies installed. */
  readonly source: string;
  readonly engines: readonly Engine[];
  /** Only files whose name has this. */
  readonly only: string;
  /** Milliseconds for one file. */
  readonly timeout: number;
  /** How often a file in which a test does not pass is run again: these are tests of timers and ports, too. */
  readonly again: number;
  readonly told: (result: FileResult) => void;
}

/** Of one file with one TLS. */
export interface FileResult extends Told {
  readonly file: string;
  readonly tls: 'node:tls' | Engine;
  /** Those of `passed` that passed only when they were run again. */
  readonly late: readonly string[];
  /** Where it ended with another code than 0, or not in time. */
  readonly ended?: string;
}

/** What a file has passed that ends with code 0. */
const TO_THE_END = 'to the end';

/** One file after the other, each with node:tls first. */
export async function runLibraryTests(options: LibraryTestsOptions): Promise<readonly FileResult[]> {
  const { suite, source, engines, only, told } = options;
  const files = suite.files(source).filter((file) => file.includes(only));
  const server = await suite.start?.(source);
  const results: FileResult[] = [];
  try {
    for (const file of files)
      for (const tls of ['node:tls', ...engines] as const) {
        const result = await runFile(options, file, tls, server?.env ?? {});
        results.push(result);
        told(result);
      }
  } finally {
    await server?.stop();
  }
  return results;
}

async function runFile(
  { suite, source, timeout, again }: LibraryTestsOptions,
  file: string,
  tls: FileResult['tls'],
  where: NodeJS.ProcessEnv,
): Promise<FileResult> {
  const env = {
    ...where,
    ...(tls !== 'node:tls' && {
      NODE_OPTIONS: `--import=${builtPreload()}`,
      FERRULE_BACKEND: tls,
      FERRULE_TRUNCATION: 'end',
    }),
  };
  const cwd = join(source, suite.folder ?? '');
  const passed = new Set<string>();
  const late = new Set<string>();
  for (let attempt = 0; ; attempt++) {
    const { status, output } = await runNode(suite.args(source, file), { env, timeout, cwd });
    const told = suite.told(output);
    // Of some the end is all that they say
    for (const title of [...told.passed, ...(status === 0 ? [TO_THE_END] : [])]) {
      if (attempt > 0 && !passed.has(title)) late.add(title);
      passed.add(title);
    }
    const failed = told.failed.filter((title) => !passed.has(title));
    if (attempt < again && (failed.length > 0 || status !== 0)) continue;
    const ended = status === null ? 'it did not end' : status === 0 ? undefined : `it ended with ${status}`;
    return { file, tls, passed: [...passed], failed, late: [...late], ...(ended !== undefined && { ended }) };
  }
}

/** The tests that pass with node:tls and not with this engine, each with its file. */
export function lost(results: readonly FileResult[], engine: Engine): readonly string[] {
  const of = (tls: FileResult['tls']): readonly string[] =>
    results
      .filter((result) => result.tls === tls)
      .flatMap(({ file, passed }) => passed.map((title) => `${file}: ${title}`));
  const ours = new Set(of(engine));
  return of('node:tls').filter((test) => !ours.has(test));
}
