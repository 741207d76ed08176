/**
 * @module Node's own client tests, with `@ferrule/node/tls` in the place of node:tls. The tests stay where they are: in
 * a tree of Node's sources that the caller names.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { classOf, isClientTest } from './classes.ts';
import { builtPreload, type Ran, runNode } from './process.ts';

export interface NodeTestsOptions {
  /** A tree of Node's sources, with `test/parallel`. */
  readonly source: string;
  readonly backend: 'native' | 'pure';
  /** What an end without close_notify is; node:tls takes it for an orderly end. */
  readonly truncation: 'error' | 'end';
  /** Only tests whose name has this. */
  readonly only: string;
  /** How many run at a time. */
  readonly jobs: number;
  /** Milliseconds for one test. */
  readonly timeout: number;
  /** The preload; default: that of the built package. */
  readonly register: string | undefined;
  readonly told: (result: NodeTestResult) => void;
}

export interface NodeTestResult {
  readonly test: string;
  /** `unsuited`: with node:tls itself it does not pass here either, or says that it skips. */
  readonly outcome: 'passed' | 'failed' | 'unsuited';
  /** Of a failure: what the test needs that is not here, or `other`. */
  readonly class?: string;
  /** Of a failure: its first line that says something. */
  readonly said?: string;
}

/** Runs each client test with node:tls first: only what passes there counts. */
export async function runNodeTests(options: NodeTestsOptions): Promise<readonly NodeTestResult[]> {
  const folder = join(options.source, 'test', 'parallel');
  const waiting = readdirSync(folder)
    .filter((name) => /^test-(tls|https)-.*\.m?js$/.test(name) && name.includes(options.only))
    .map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }))
    .filter(({ text }) => isClientTest(text));
  const results: NodeTestResult[] = [];
  const work = async (job: number): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const result = await judge(options, folder, next.name, next.text, job);
      results.push(result);
      options.told(result);
    }
  };
  await Promise.all(Array.from({ length: options.jobs }, (_, job) => work(job)));
  return results.toSorted((a, b) => a.test.localeCompare(b.test));
}

async function judge(
  options: NodeTestsOptions,
  folder: string,
  name: string,
  text: string,
  job: number,
): Promise<NodeTestResult> {
  const flags = /^\/\/ Flags: (.*)$/m.exec(text)?.[1]?.split(' ') ?? [];
  const run = (env: NodeJS.ProcessEnv): Promise<Ran> =>
    runNode([...flags, join(folder, name)], {
      env: { TEST_THREAD_ID: String(job + 1), ...env },
      timeout: options.timeout,
    });
  const plain = await run({});
  if (plain.status !== 0 || /^1\.\.0 # Skipped/m.test(plain.said)) return { test: name, outcome: 'unsuited' };
  const register = options.register ?? builtPreload();
  const ours = await run({
    NODE_OPTIONS: `--import=${register}`,
    FERRULE_BACKEND: options.backend,
    FERRULE_TRUNCATION: options.truncation,
  });
  if (ours.status === 0) return { test: name, outcome: 'passed' };
  return { test: name, outcome: 'failed', class: classOf(name, text), said: firstWords(ours) };
}

function firstWords({ status, said }: Ran): string {
  if (status === null) return 'it did not end';
  const lines = said.split('\n');
  return (
    lines.find((line) => /^\s*[A-Za-z]*(Error|AssertionError)\b.*:/.test(line)) ??
    lines.find((line) => /Mismatched|must be|throw/.test(line)) ??
    lines.find((line) => line.trim() !== '') ??
    'it said nothing'
  )
    .trim()
    .slice(0, 200);
}
