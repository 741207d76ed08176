/** @module The command, run as people run it. */
import { spawn } from 'node:child_process';
import type { Server } from 'node:net';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Ctrl-C when this server is connected to. */
  readonly interruptOn?: Server;
  /** Told of stdout once there is some; Ctrl-C when it settles. */
  readonly whenSpoken?: (stdout: string) => Promise<unknown>;
}

/** Those of whoever runs the tests have no say. */
const withoutProxies = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/_proxy$/i.test(name)));

export function ferrule(args: readonly string[], { input = '', env = {}, interruptOn, whenSpoken }: RunOptions = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--conditions=@ferrule/source', '--import', 'tsx', main, ...args], { env: { ...withoutProxies, ...env } });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    interruptOn?.once('connection', () => child.kill('SIGINT'));
    if (whenSpoken) child.stdout.once('data', (chunk: Buffer) => void whenSpoken(chunk.toString()).finally(() => child.kill('SIGINT')));
    // a command may end before it has read all of it
    child.stdin.on('error', () => {}).end(input);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
