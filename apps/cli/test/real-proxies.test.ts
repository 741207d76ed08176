/** Proxies that others made, where they are installed (Debian: tinyproxy, microsocks, websockify, netcat-openbsd). */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer, type Server } from 'node:tls';
import { pki } from '@ferrule/conformance/pki';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ferrule } from './run.ts';

function installed(program: string): boolean {
  const has = spawnSync('which', [program]).status === 0;
  if (!has) console.info(`skipped: ${program} is not installed`);
  return has;
}

const folder = mkdtempSync(join(tmpdir(), 'ferrule-real-proxies-'));
const ca = join(folder, 'root.pem');
const running: ChildProcess[] = [];
let server: Server;
let port = 0;

beforeAll(async () => {
  writeFileSync(ca, (await pki('root')).certificatePem);
  const { keyPem, chainPem } = await pki('p256');
  server = createTlsServer({ key: keyPem, cert: chainPem }, (socket) => void socket.on('error', () => {}).pipe(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
afterAll(async () => {
  server.close();
  for (const child of running) {
    const gone = child.exitCode ?? child.signalCode ?? once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
  rmSync(folder, { recursive: true });
});

async function freePort(): Promise<number> {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port: free } = holder.address() as AddressInfo;
  holder.close();
  return free;
}

/** Resolves when it takes connections. */
async function start(program: string, args: (port: number) => readonly string[]): Promise<number> {
  const its = await freePort();
  const child = spawn(program, args(its), { stdio: 'ignore' });
  running.push(child);
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`);
    const socket = connect(its, '127.0.0.1');
    const up = await new Promise<boolean>((resolve) =>
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false)),
    );
    socket.destroy();
    if (up) return its;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const inspect = (via: string, ...more: readonly string[]) =>
  ferrule(['inspect', `localhost:${port}`, '--via', via, '--ca', ca, ...more]);

describe.skipIf(!installed('tinyproxy'))('tinyproxy', () => {
  it('is an HTTP proxy: it leads with the right password, wants one, and refuses what its rules forbid', async () => {
    const proxy = await start('tinyproxy', (its) => {
      const config = join(folder, 'tinyproxy.conf');
      writeFileSync(
        config,
        `Port ${its}\nListen 127.0.0.1\nTimeout 60\nMaxClients 10\nBasicAuth me secret\nConnectPort ${port}\n`,
      );
      return ['-d', '-c', config];
    });
    const [led, asked, refused] = await Promise.all([
      inspect(`http://me:secret@127.0.0.1:${proxy}`),
      inspect(`http://127.0.0.1:${proxy}`),
      ferrule(['inspect', 'localhost:1', '--via', `http://me:secret@127.0.0.1:${proxy}`]),
    ]);
    expect([led.code, asked.code, refused.code]).toEqual([0, 11, 11]);
    expect(led.stdout).toMatch(/█ +CONNECT\n/);
    expect(asked.stdout).toMatch(/PROXY_AUTHENTICATION_REQUIRED/);
    expect(refused.stdout).toMatch(/PROXY_REFUSED/);
  });
});

describe.skipIf(!installed('microsocks'))('microsocks', () => {
  it('is a SOCKS5 proxy: it leads with the right password, wants one, and says when nobody listens', async () => {
    const proxy = await start('microsocks', (its) => [
      '-i',
      '127.0.0.1',
      '-p',
      String(its),
      '-u',
      'me',
      '-P',
      'secret',
    ]);
    const [led, asked, nobody] = await Promise.all([
      inspect(`socks5://me:secret@127.0.0.1:${proxy}`),
      inspect(`socks5://127.0.0.1:${proxy}`),
      ferrule(['inspect', 'localhost:1', '--via', `socks5://me:secret@127.0.0.1:${proxy}`]),
    ]);
    expect([led.code, asked.code, nobody.code]).toEqual([0, 11, 2]);
    expect(led.stdout).toMatch(/█ +SOCKS5\n/);
    expect(asked.stdout).toMatch(/PROXY_AUTHENTICATION_REQUIRED/);
    expect(nobody.stdout).toMatch(/connection refused/);
  });
});

describe.skipIf(!installed('websockify'))('websockify', () => {
  it('is a relay: TLS goes through its WebSocket', async () => {
    const relay = await start('websockify', (its) => [`127.0.0.1:${its}`, `127.0.0.1:${port}`]);
    const { code, stdout } = await inspect(`ws://127.0.0.1:${relay}/`);
    expect(code).toBe(0);
    expect(stdout).toMatch(/█ +WebSocket\n/);
  });
});

describe.skipIf(!installed('nc'))('nc', () => {
  it('is a program whose standard streams are a connection', async () => {
    const [led, nobody] = await Promise.all([
      inspect('exec:nc {host} {port}'),
      ferrule(['inspect', 'localhost:1', '--via', 'exec:nc {host} {port}']),
    ]);
    expect([led.code, nobody.code]).toEqual([0, 11]);
    expect(nobody.stdout).toMatch(/ended with code 1/);
  });
});
