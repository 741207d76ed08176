/** @module The command, run as people run it. */
import { spawn } from 'node:child_process';
import type { Server } from 'node:net';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Where the command runs has none of its own. */
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/**
 * Node's arguments that run the command: as it is published where turbo runs the tests, which has just built it, else
 * from source. The first starts in a fifth of the time.
 */
export const COMMAND: readonly string[] =
  process.env['TURBO_HASH'] === undefined
    ? ['--conditions=@ferrule/source', '--import', tsx, at('../src/main.ts')]
    : [at('../dist/main.js')];

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

export function ferrule(
  args: readonly string[],
  { input = '', env = {}, interruptOn, whenSpoken }: RunOptions = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...COMMAND, ...args], { env: { ...withoutProxies, ...env } });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    interruptOn?.once('connection', () => child.kill('SIGINT'));
    if (whenSpoken)
      child.stdout.once(
        'data',
        (chunk: Buffer) => void whenSpoken(chunk.toString()).finally(() => child.kill('SIGINT')),
      );
    // A command may end before it has read all of it
    child.stdin.on('error', () => {}).end(input);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
