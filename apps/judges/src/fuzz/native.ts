/** @module The addon under the same inputs, in a process of its own. */
import { fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ChildMessage } from './native-child.ts';
import { Findings } from './run.ts';

const SILENCE = 30_000;

export interface NativeReport {
  readonly target: 'native';
  readonly minutes: number;
  readonly executions: number;
  /** Resident at the end, MiB. */
  readonly memory: number;
  readonly restarts: number;
  readonly findings: readonly string[];
}

/** Runs until the time is over; a process that dies or falls silent is a finding, and another takes its place. */
export async function fuzzNative(
  seconds: number,
  dir: string,
  worldFile: string,
  progress: (line: string) => void,
): Promise<NativeReport> {
  const findings = new Findings(join(dir, 'findings'), 'native');
  const current = join(dir, 'native-current');
  const started = Date.now();
  const until = started + seconds * 1000;
  let executions = 0;
  let memory = 0;
  let restarts = 0;
  while (Date.now() < until) {
    const before = executions;
    const child = fork(
      join(dirname(fileURLToPath(import.meta.url)), 'native-child.ts'),
      [dir, worldFile, current, String(until)],
      { execArgv: process.execArgv },
    );
    let heard = Date.now();
    const timer = setInterval(() => {
      if (Date.now() - heard > SILENCE) child.kill('SIGKILL');
    }, 1_000);
    child.on('message', (message: ChildMessage) => {
      heard = Date.now();
      if (message.kind === 'finding') findings.add(Buffer.from(message.input, 'hex'), message.message, message.stack);
      else {
        executions = before + message.executions;
        memory = message.heap;
        progress(
          `native: ${executions} inputs, ${findings.names.length} findings, ${(memory / 2 ** 20).toFixed(0)} MiB`,
        );
      }
    });
    const ended = await new Promise<string>((resolve) =>
      child.once('exit', (code, signal) => resolve(signal ?? String(code))),
    );
    clearInterval(timer);
    if (ended === '0') break;
    restarts++;
    findings.add(
      existsSync(current) ? readFileSync(current) : new Uint8Array(0),
      `the process ended with ${ended}`,
      '',
    );
    // One that cannot even begin would be begun for ever.
    if (executions === before) break;
  }
  return {
    target: 'native',
    minutes: Math.round((Date.now() - started) / 6_000) / 10,
    executions,
    memory: Math.round(memory / 2 ** 20),
    restarts,
    findings: findings.names,
  };
}
