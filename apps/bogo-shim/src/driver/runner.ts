/** @module The runner as a child process. */
import { spawn } from 'node:child_process';
import { RunnerOutput, type Result } from './score.ts';

export interface RunnerOptions {
  readonly runner: string;
  readonly shim: string;
  /** Before the runner's own flags. */
  readonly shimFlags: readonly string[];
  /** The runner's configuration file. */
  readonly config: string;
  readonly workers: number;
  readonly tests: readonly string[];
}

/** The runner takes no longer list of names in one argument than the system takes: 128 KiB on Linux. */
const NAMES_AT_ONCE = 800;

/**
 * Runs the tests, showing on stderr how far it is. Ends with the runner, also on Ctrl-C. @throws Error when it cannot
 * run.
 */
export async function runRunner(options: RunnerOptions): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let i = 0; i < options.tests.length; i += NAMES_AT_ONCE) {
    await runSome(options, options.tests.slice(i, i + NAMES_AT_ONCE), (result) => {
      results.push(result);
      showProgress(results, options.tests.length);
    });
  }
  if (process.stderr.isTTY) process.stderr.write('\n');
  return results;
}

function runSome(options: RunnerOptions, tests: readonly string[], onResult: (result: Result) => void): Promise<void> {
  const { runner, shim, shimFlags, config, workers } = options;
  const child = spawn(
    runner,
    [
      '-shim-path',
      shim,
      '-shim-extra-flags',
      shimFlags.join(';'),
      '-shim-config',
      config,
      '-num-workers',
      String(workers),
      '-pipe',
      '-allow-unimplemented',
      '-test',
      tests.join(';'),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const output = new RunnerOutput(onResult);
  let said = 0;
  let complaints = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text.length;
    output.push(text);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  const stop = (): void => {
    child.kill('SIGTERM');
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (_code, signal) => {
      process.off('SIGINT', stop).off('SIGTERM', stop);
      output.end();
      if (signal !== null) reject(new Error(`the runner was stopped by ${signal}`));
      else if (said === 0) reject(new Error(`the runner ran no test: ${complaints.trim()}`));
      else resolve();
    });
  });
}

function showProgress(results: readonly Result[], total: number): void {
  const { length } = results;
  const line = `${length}/${total}, ${results.filter(({ outcome }) => outcome !== 'passed').length} not passed`;
  if (process.stderr.isTTY) process.stderr.write(`\r${line}`);
  else if (length % 100 === 0 || length === total) process.stderr.write(`${line}\n`);
}
