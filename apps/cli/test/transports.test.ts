import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import type { Duplex } from 'node:stream';
import { pki } from '@ferrule/conformance/pki';
import { httpProxy, socksProxy } from '@ferrule/conformance/server';
import { starttlsForPort } from '@ferrule/starttls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { ferrule } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'ferrule-transports-'));
const ca = join(folder, 'root.pem');
const closing: { close(): unknown }[] = [];
let port = 0;

beforeAll(async () => {
  writeFileSync(ca, (await pki('root')).certificatePem);
  const { keyPem, chainPem } = await pki('p256');
  port = await listen(
    createTlsServer(
      { key: keyPem, cert: chainPem, allowHalfOpen: true },
      (socket) => void socket.on('error', () => {}).pipe(socket),
    ),
  );
});
afterAll(() => {
  for (const each of closing) each.close();
  rmSync(folder, { recursive: true });
});

function kept<T extends { close(): unknown }>(each: T): T {
  closing.push(each);
  return each;
}

async function listen(server: Server, where: object = { port: 0, host: '127.0.0.1' }): Promise<number> {
  kept(server).listen(where);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function onward(stream: Duplex): void {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  stream.on('error', () => socket.destroy());
  stream.pipe(socket.on('error', () => stream.destroy())).pipe(stream);
}

async function relay(): Promise<number> {
  const server = kept(new WebSocketServer({ port: 0, host: '127.0.0.1' }));
  server.on('connection', (ws) => onward(createWebSocketStream(ws)));
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A program that is a connection to the server. */
const nc = (where: string): string =>
  `exec:${process.execPath} -e "const s = require('net').connect({port: ${where}, host: '127.0.0.1', allowHalfOpen: true}); process.stdin.pipe(s).pipe(process.stdout)"`;

interface Report {
  readonly ok: boolean;
  readonly via?: string;
  readonly remote?: string;
  readonly handshake: readonly { readonly label: string }[];
}

describe('ferrule --via', () => {
  it.each<[string, string, () => Promise<string>, string]>([
    [
      'socks5:',
      'SOCKS5',
      async () =>
        `socks5://me:secret@127.0.0.1:${kept(await socksProxy(() => port, { username: 'me', password: 'secret' })).port}`,
      'server.test:443',
    ],
    [
      'http:',
      'CONNECT',
      async () =>
        `http://me:secret@127.0.0.1:${kept(await httpProxy((_to, given) => (given === undefined ? { refusal: 407 } : port))).port}`,
      'server.test:443',
    ],
    ['ws:', 'WebSocket', async () => `ws://127.0.0.1:${await relay()}/{host}?secret={port}`, 'server.test:443'],
    ['exec:', 'exec', async () => nc('{port}'), 'PORT'],
    ['tcp:', 'TCP', async () => `tcp://127.0.0.1:${port}`, 'server.test:443'],
    [
      'unix:',
      'unix socket',
      async () => {
        await listen(createServer({ allowHalfOpen: true }, onward), { path: join(folder, 'server.sock') });
        return `unix:${join(folder, 'server.sock')}`;
      },
      'server.test:443',
    ],
  ])('%s leads to a server whose name is verified, and tells no secrets', async (_scheme, step, url, target) => {
    const host = target === 'PORT' ? `server.test:${port}` : target;
    const { code, stdout, stderr } = await ferrule(['inspect', host, '--via', await url(), '--ca', ca, '--json']);
    const report = JSON.parse(stdout) as Report;
    expect([code, stderr, report.ok]).toEqual([0, '', true]);
    expect(report.handshake.map(({ label }) => label)).toContain(step);
    expect(stdout).not.toContain('secret');
    expect(report.via).toMatch(/^(socks5|http|ws|exec|tcp|unix):/);
  });

  it('takes ways as targets, and asks who should be there', async () => {
    const way = nc(String(port));
    const [well, unnamed, proxy] = await Promise.all([
      ferrule(['get', 'https://server.test/', '--via', way, '--ca', ca, '--timeout', '0.001']),
      ferrule(['inspect', way]),
      ferrule(['inspect', 'socks5://127.0.0.1:1080']),
    ]);
    expect(well.code).toBe(124);
    expect([unnamed.code, unnamed.stderr]).toEqual([2, expect.stringMatching(/--servername: required: .* exec:/)]);
    expect([proxy.code, proxy.stderr]).toEqual([2, expect.stringMatching(/given with --via/)]);
    const named = await ferrule(['connect', way, '--servername', 'server.test', '--ca', ca, '--pipe'], {
      input: 'ping',
    });
    expect([named.code, named.stdout]).toEqual([0, 'ping']);
    expect(named.stderr).toMatch(/via +exec:/);
  });
});

describe('the proxy of the environment', () => {
  it('leads where TLS begins at once, unless NO_PROXY or --via says otherwise', async () => {
    const proxy = kept(await httpProxy(() => port));
    const HTTPS_PROXY = `127.0.0.1:${proxy.port}`;
    const ask = (target: string, env: object, ...more: string[]) =>
      ferrule(['connect', target, '--ca', ca, '--timeout', '5', ...more], { env: { ...env } });
    const led = await Promise.all([
      ask('server.test', { HTTPS_PROXY }),
      ask('server.test', { https_proxy: `http://${HTTPS_PROXY}` }),
      ask('server.test', { ALL_PROXY: `http://${HTTPS_PROXY}` }),
    ]);
    expect(led.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(led[0].stdout).toMatch(new RegExp(`via +http://${HTTPS_PROXY}\n`));
    expect(proxy.targets).toEqual(['server.test:443', 'server.test:443', 'server.test:443']);
    const straight = await Promise.all([
      ask('server.test', { HTTPS_PROXY, NO_PROXY: 'other.test,.test' }),
      ask('server.test', { HTTPS_PROXY }, '--via', 'direct'),
      ask(`localhost:${port}`, { HTTPS_PROXY }),
      ask('server.test', { HTTPS_PROXY }, '--starttls', 'smtp'),
    ]);
    // The name is in no DNS
    expect(straight.map(({ code }) => code)).toEqual([13, 13, 0, 13]);
    expect(proxy.targets).toHaveLength(3);
  });

  it('is a usage error where it cannot be used', async () => {
    const { code, stderr } = await ferrule(['connect', 'server.test'], {
      env: { HTTPS_PROXY: 'https://me:secret@proxy.test:443' },
    });
    expect([code, stderr]).toEqual([2, expect.stringMatching(/HTTPS_PROXY.*TLS to the proxy/)]);
    expect(stderr).not.toContain('secret');
  });
});

/** What a server says first, and what the client says to that; in hexadecimal where it is no text. */
const DIALOGUES: Readonly<Record<number, readonly [greeting: string | Buffer, answer: RegExp]>> = {
  21: ['220 ready\r\n', /^AUTH TLS\r\n/],
  23: [Buffer.from('fffd2e', 'hex'), /^\xff\xfb\x2e/],
  24: ['220 mail.test LMTP\r\n', /^LHLO /],
  25: ['220 mail.test ESMTP\r\n', /^EHLO /],
  110: ['+OK\r\n', /^STLS\r\n/],
  119: ['200 news.test\r\n', /^CAPABILITIES\r\n/],
  143: ['* OK mail.test\r\n', /CAPABILITY\r\n/],
  389: ['', /1\.3\.6\.1\.4\.1\.1466\.20037/],
  587: ['220 mail.test ESMTP\r\n', /^EHLO /],
  2525: ['220 mail.test ESMTP\r\n', /^EHLO /],
  3306: [mysqlGreeting(), /^\x20\0\0\x01/],
  3389: ['', /^\x03\0\0\x13/],
  4190: ['"IMPLEMENTATION" "test"\r\n"STARTTLS"\r\nOK\r\n', /^STARTTLS\r\n/],
  4222: ['INFO {"tls_required":true}\r\n', /^\x16\x03/],
  5222: ['', /xmlns='jabber:client'/],
  5269: ['', /xmlns='jabber:server'/],
  5432: ['', /^\0\0\0\x08\x04\xd2\x16\x2f/],
  6667: ['', /^STARTTLS\r\n/],
  443: ['', /^\x16\x03/],
  993: ['', /^\x16\x03/],
};

describe('--starttls', () => {
  it('is guessed from the port, for each that has a protocol of its own', async () => {
    const known = Array.from({ length: 65_536 }, (_, port) => port).filter(
      (port) => starttlsForPort(port) !== undefined,
    );
    expect(
      Object.keys(DIALOGUES)
        .map(Number)
        .filter((port) => ![443, 993].includes(port)),
    ).toEqual(known);
    const heard: Record<string, string> = {};
    const proxy = kept(
      await httpProxy((target) => (stream) => {
        stream.write(DIALOGUES[Number(target.split(':')[1])]?.[0] ?? '');
        stream.on('error', () => {});
        stream.once('data', (chunk: Buffer) => {
          heard[target] = chunk.toString('latin1');
          stream.end();
        });
      }),
    );
    const input = Object.keys(DIALOGUES)
      .map((port) => `server.test:${port}\n`)
      .join('');
    const { stdout } = await ferrule(['watch', '-', '--via', `http://127.0.0.1:${proxy.port}`, '--timeout', '10'], {
      input,
    });
    for (const [port, [, answer]] of Object.entries(DIALOGUES))
      expect(heard[`server.test:${port}`], `port ${port}: ${stdout}`).toMatch(answer);
  });
});

describe('Ctrl-C', () => {
  it('ends what leads to the server too, with 130 and nothing left', async () => {
    const before = readdirSync(folder);
    const pid = join(folder, 'pid');
    const silent = createServer((socket) => void socket.on('error', () => {}).resume());
    const where = await listen(silent);
    const program = `exec:${process.execPath} -e "require('fs').writeFileSync('${pid}', String(process.pid)); ${nc(String(where)).split('"')[1] ?? ''}"`;
    const interrupted = await ferrule(['connect', 'server.test', '--via', program, '--ca', ca], {
      interruptOn: silent,
    });
    expect([interrupted.code, interrupted.stdout]).toEqual([130, '']);
    expect(() => process.kill(Number(readFileSync(pid, 'utf8')), 0)).toThrow(/ESRCH/);
    rmSync(pid);
    expect(readdirSync(folder)).toEqual(before);
  });

  it.each(['http', 'socks5', 'ws'])('does not wait for a proxy that says nothing: %s', async (scheme) => {
    const silent = createServer((socket) => void socket.on('error', () => {}).resume());
    const { code } = await ferrule(
      ['inspect', 'server.test', '--via', `${scheme}://127.0.0.1:${await listen(silent)}`],
      { interruptOn: silent },
    );
    expect(code).toBe(130);
  });

  it('closes the door of a tunnel: its unix socket is gone', async () => {
    const proxy = kept(await socksProxy(() => port));
    const path = join(folder, 'door.sock');
    let answer = '';
    const { code, stdout, stderr } = await ferrule(
      ['tunnel', 'server.test:6380', '--listen', path, '--via', `socks5://127.0.0.1:${proxy.port}`, '--ca', ca],
      {
        whenSpoken: async () => {
          const socket: Socket = connect(path);
          socket.write('ping');
          answer = String((await once(socket, 'data'))[0]);
          socket.destroy();
        },
      },
    );
    expect([code, stdout, stderr, answer]).toEqual([0, `${path}\n`, '', 'ping']);
    expect(proxy.targets).toEqual(['server.test:6380']);
    expect(existsSync(path)).toBe(false);
  });
});

/** A greeting of protocol 10 whose capabilities have CLIENT_SSL. */
function mysqlGreeting(): Buffer {
  const payload = Buffer.concat([
    Buffer.from([10]),
    Buffer.from('8.0.0-test\0'),
    Buffer.alloc(4),
    Buffer.alloc(8, 1),
    Buffer.from([0, 0xff, 0xff, 33, 2, 0, 0xff, 0xc1, 21]),
    Buffer.alloc(10),
    Buffer.alloc(12, 1),
    Buffer.from('\0mysql_native_password\0'),
  ]);
  return Buffer.concat([Buffer.from([payload.length, 0, 0, 0]), payload]);
}
