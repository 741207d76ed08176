/**
 * @module Real servers with TLS under the test PKI, each on free loopback ports, in a directory of its own, ended by
 * its pid.
 */
import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pki } from '@ferrule/conformance/pki';
import { idOf, isRoot, program, type Recipe } from './recipe.ts';
import { DATA_SERVERS, type DataServer } from './recipes-data.ts';
import { MAIL_AND_CHAT_SERVERS, type MailOrChatServer } from './recipes-mail-chat.ts';

export type ServerName = DataServer | MailOrChatServer;
const RECIPES: Readonly<Record<ServerName, Recipe>> = { ...DATA_SERVERS, ...MAIL_AND_CHAT_SERVERS };
export const serverNames: readonly ServerName[] = Object.keys(RECIPES) as ServerName[];

export interface RunningServer {
  /** By the name that its recipe gives it; most have `plain`, `tls` or both. */
  port(name: string): number;
  stop(): Promise<void>;
}

/** Why this server cannot be started here; `undefined` when it can. */
export function missing(name: ServerName): string | undefined {
  const { programs, debian, needsRoot, directoryIn } = RECIPES[name];
  const absent = programs.filter((each) => program(each) === undefined);
  if (absent.length > 0) return `${absent.join(' and ')} not installed; in Debian: ${debian}`;
  if (directoryIn !== undefined && !process.env[directoryIn]) return `${directoryIn} does not say where it is`;
  return needsRoot && !isRoot ? 'it can only be started by root' : undefined;
}

/** @throws Error when the server does not listen within fifty seconds. */
export async function start(name: ServerName): Promise<RunningServer> {
  const recipe = RECIPES[name];
  const directory = mkdtempSync(join(tmpdir(), `ferrule-${name}-`));
  const [root, leaf] = [await pki('root'), await pki('rsa')];
  const files = { cert: join(directory, 'cert.pem'), key: join(directory, 'key.pem'), ca: join(directory, 'ca.pem') };
  writeFileSync(files.cert, leaf.chainPem);
  writeFileSync(files.key, leaf.keyPem, { mode: 0o600 });
  writeFileSync(files.ca, root.certificatePem);
  const ports = new Map(await Promise.all(recipe.listens.map(async (each) => [each, await freePort()] as const)));
  const port = (which: string): number => {
    const found = ports.get(which);
    if (found === undefined) throw new Error(`${name} has no port ${which}`);
    return found;
  };
  const { command, args, user, ownGroup = false, perConnection } = recipe.prepare({ directory, ...files, port });
  const launch = (stdio: StdioOptions): ChildProcess =>
    spawn(command, args, {
      stdio,
      cwd: directory,
      detached: ownGroup,
      ...(user && { uid: idOf(user, '-u'), gid: idOf(user, '-g') }),
    });
  const running = perConnection
    ? await serveEach(port('plain'), launch)
    : await untilListening(name, [...ports.values()], launch);
  return {
    port,
    stop: async () => {
      await running.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A server that runs by itself. */
async function untilListening(
  name: string,
  ports: readonly number[],
  launch: (stdio: StdioOptions) => ChildProcess,
): Promise<{ stop(): Promise<void> }> {
  const child = launch(['ignore', 'pipe', 'pipe']);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-2000)));
  try {
    await Promise.race([
      Promise.all(ports.map((each) => listening(each, child))),
      new Promise((_, reject) =>
        child.once('error', reject).once('exit', (code) => reject(new Error(`it ended with ${code}`))),
      ),
    ]);
  } catch (error) {
    await ended(child);
    throw new Error(`${name}: ${error instanceof Error ? error.message : 'failed'}: ${said}`, { cause: error });
  }
  return { stop: () => ended(child) };
}

/** One process for each connection, as inetd(8) does it. */
async function serveEach(
  port: number,
  launch: (stdio: StdioOptions) => ChildProcess,
): Promise<{ stop(): Promise<void> }> {
  const children: ChildProcess[] = [];
  const inetd = net.createServer({ pauseOnConnect: true }, (socket) => {
    children.push(launch([socket, socket, 'ignore']));
    socket.destroy();
  });
  inetd.listen(port, '127.0.0.1');
  await once(inetd, 'listening');
  return {
    stop: async () => {
      inetd.close();
      await Promise.all(children.map(ended));
    },
  };
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const impatient = setTimeout(() => child.kill('SIGKILL'), 5000);
    child.once('exit', () => {
      clearTimeout(impatient);
      resolve();
    });
    child.kill('SIGTERM');
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = net.createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as net.AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

async function listening(port: number, child: ChildProcess): Promise<void> {
  for (const deadline = Date.now() + 50_000; Date.now() < deadline && child.exitCode === null;) {
    const open = await new Promise<boolean>((resolve) => {
      const probe = net.connect(port, '127.0.0.1', () => resolve(true)).once('error', () => resolve(false));
      probe.once('connect', () => probe.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('it does not listen');
}
