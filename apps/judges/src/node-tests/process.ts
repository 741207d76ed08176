/** @module A process of Node that runs a test of somebody else's, with or without the preload. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The preload as it is built: the tests' processes know nothing of TypeScript, which this one resolves to. */
export const builtPreload = (): string =>
  fileURLToPath(import.meta.resolve('@ferrule/node/register').replace('/src/register.ts', '/dist/register.js'));

export interface Ran {
  /** `null`: it did not end in time. */
  readonly status: number | null;
  /** On both of its streams. */
  readonly said: string;
  /** On its standard output. */
  readonly output: string;
}

/** The most that is kept of what a test says, characters. */
const MOST = 1_048_576;

export interface RunOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds. */
  readonly timeout: number;
  readonly cwd?: string;
}

export function runNode(args: readonly string[], { env, timeout, cwd }: RunOptions): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ...env },
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout,
      killSignal: 'SIGKILL',
    });
    let [said, output] = ['', ''];
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        if (said.length >= MOST) return;
        said += text;
        if (stream === child.stdout) output += text;
      });
    child.on('close', (status) => resolve({ status, said, output }));
  });
}
