/** @module Steps with progress on stderr, the programs they run, and an end that leaves nothing behind. */
import { type ChildProcess, spawn } from 'node:child_process';

export interface StepResult {
  readonly step: string;
  readonly ok: boolean;
  readonly seconds: number;
  /** What a failed step said, or what one that passed has to tell. */
  readonly said?: string;
}

export const results: StepResult[] = [];
const children = new Set<ChildProcess>();
let interrupted = false;

/** Runs one step; one that fails is noted, and the rehearsal goes on. Answers whether it passed. */
export async function step(name: string, body: () => Promise<string | void>): Promise<boolean> {
  if (interrupted) throw new Interrupted();
  const began = performance.now();
  const outcome = await body().then(
    (said) => ({ ok: true, ...(said !== undefined && { said }) }),
    (error: unknown) => ({ ok: false, said: error instanceof Error ? error.message : String(error) }),
  );
  if (interrupted) throw new Interrupted();
  const result = { step: name, seconds: Math.round((performance.now() - began) / 100) / 10, ...outcome };
  results.push(result);
  const { ok, seconds, said } = result;
  process.stderr.write(`${ok ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)${said === undefined ? '' : `: ${said}`}\n`);
  return ok;
}

/** A step without which the rest would say nothing. */
export async function need(name: string, body: () => Promise<string | void>): Promise<void> {
  if (!(await step(name, body))) throw new Error(`the rehearsal ends here: ${name} failed`);
}

export class Interrupted extends Error {}

/** Ctrl-C and SIGTERM end every program that was started; the step that waits for one then ends too. */
export function endOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      interrupted = true;
      for (const child of children) end(child);
    });
}

/** The environment without what `npm run` puts there for the script that it runs. */
export const plainEnv: NodeJS.ProcessEnv = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)),
);

export interface RunOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly minutes?: number;
}

/**
 * Runs a program to its end, without a shell. Answers its stdout.
 * @throws Error with the last lines of what it printed, when its exit code is not 0 or its time is over
 */
export function run(command: string, args: readonly string[], { cwd, env, minutes = 10 }: RunOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = start(command, args, { cwd, env });
    let [stdout, all] = ['', ''];
    child.stdout?.on('data', (data: Buffer) => {
      stdout += data.toString();
      all += data.toString();
    });
    child.stderr?.on('data', (data: Buffer) => (all += data.toString()));
    const limit = setTimeout(() => end(child), minutes * 60_000);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(limit);
      if (code === 0) return resolve(stdout);
      const shown = [command.split('/').at(-1), ...args].join(' ').slice(0, 200);
      reject(new Error(`${shown} ended with ${code ?? signal}\n${all.trim().split('\n').slice(-25).join('\n')}`));
    });
  });
}

/** Starts a program in a process group of its own, so that its children end with it. */
export function start(command: string, args: readonly string[], { cwd, env }: RunOptions): ChildProcess {
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  children.add(child);
  child.once('close', () => children.delete(child));
  return child;
}

export function end(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGTERM');
  } catch {
    // It has ended in the meantime
  }
}
