/** @module Starting programs of others, and stopping exactly those. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { promisify } from 'node:util';

export interface Running {
  readonly port: number;
  stop(): Promise<void>;
}

/** What a program prints, or `undefined` where it is not installed or fails. */
export async function output(
  program: string,
  args: readonly string[],
  directory?: string,
): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await promisify(execFile)(program, args, { timeout: 300_000, cwd: directory });
    return stdout + stderr;
  } catch {
    return undefined;
  }
}

/** A port of loopback that was free just now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A server, with what it printed until it was ready. */
export interface Started extends Running {
  readonly printed: string;
}

/**
 * Starts a server that prints where it listens: `ready` finds the port, or the port is given and tried until it
 * answers.
 */
export async function start(program: string, args: readonly string[], ready: RegExp | number): Promise<Started> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let printed = '';
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${program} ended with ${code}: ${printed.slice(-300)}`)));
  });
  failed.catch(() => undefined);
  const port = new Promise<number>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        printed += chunk.toString('latin1');
        if (typeof ready !== 'number') {
          const found = ready.exec(printed)?.[1];
          if (found !== undefined) resolve(Number(found));
        }
      });
    }
    if (typeof ready === 'number') void answering(ready, () => child.exitCode !== null).then(() => resolve(ready));
  });
  try {
    const listening = await Promise.race([port, failed, timeout(program)]);
    return { port: listening, printed, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function answering(port: number, dead: () => boolean): Promise<void> {
  while (!dead()) {
    const socket = connect(port, '127.0.0.1');
    const open = await new Promise<boolean>((resolve) =>
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false)),
    );
    socket.destroy();
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const timeout = (program: string): Promise<never> =>
  new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`${program} does not listen`)), 120_000).unref();
  });
