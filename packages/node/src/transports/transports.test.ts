import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { createServer as createTlsServer } from 'node:tls';
import { inspect, promisify } from 'node:util';
import { pki } from '@ferrule/conformance/pki';
import { httpProxy, socksProxy } from '@ferrule/conformance/server';
import { TlsError } from '@ferrule/result';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocketServer, createWebSocketStream } from 'ws';
import { TlsConnector } from '../duplex/index.ts';
import { dial, dialer, parseRoute } from './index.ts';

const closing: { close(): unknown }[] = [];
afterAll(() => {
  for (const each of closing) each.close();
});
function kept<T extends { close(): unknown }>(each: T): T {
  closing.push(each);
  return each;
}

async function listen(server: Server, path?: string): Promise<number> {
  kept(server);
  server.listen(path === undefined ? { port: 0, host: '127.0.0.1' } : { path });
  await once(server, 'listening');
  return path === undefined ? (server.address() as AddressInfo).port : 0;
}

/** Greets first, echoes in capitals, and ends when its client does. */
const greeter = (): Server =>
  createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    socket.write('hello ');
    socket.on('data', (chunk) => socket.write(chunk.toString().toUpperCase()));
    socket.on('end', () => socket.end());
  });

async function conversation(stream: Duplex): Promise<string> {
  stream.end('world');
  return text(stream);
}

async function relay(lead: (url: string) => number): Promise<number> {
  const server = kept(
    new WebSocketServer({
      port: 0,
      host: '127.0.0.1',
      verifyClient: ({ req }: { req: IncomingMessage }) => lead(req.url ?? '') !== 0,
    }),
  );
  server.on('connection', (ws, { url = '' }) => {
    const stream = createWebSocketStream(ws);
    stream.on('error', () => {});
    follow(lead(url), stream);
  });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function follow(port: number, stream: Duplex): void {
  void dial(undefined, { host: '127.0.0.1', port }).then((onward) => onward.pipe(stream).pipe(onward));
}

describe('dial()', () => {
  let port = 0;
  const folder = mkdtempSync(join(tmpdir(), 'ferrule-transports-'));
  beforeAll(async () => void (port = await listen(greeter())));
  afterAll(() => rmSync(folder, { recursive: true }));

  const steps: string[] = [];
  const to = { host: 'nowhere.test', port: 25 };
  const along = (url: string): Promise<Duplex> =>
    dial(parseRoute(url), to, { onStep: (step) => void steps.splice(steps.length, 0, step) });
  const program = (code: string): string => `exec:${process.execPath} -e "${code}"`;
  const nc = (where: string): string =>
    program(
      `const s = require('net').connect({port: ${where}, host: '127.0.0.1', allowHalfOpen: true}); process.stdin.pipe(s).pipe(process.stdout)`,
    );

  it('connects directly to another address with tcp:, and to a unix socket', async () => {
    const path = join(folder, 'sock');
    await listen(greeter(), path);
    for (const url of [`tcp://127.0.0.1:${port}`, `unix:${path}`])
      expect(await conversation(await along(url))).toBe('hello WORLD');
  });

  it('goes through a SOCKS5 proxy, which looks names up', async () => {
    const proxy = kept(await socksProxy(() => port));
    expect(await conversation(await along(`socks5://127.0.0.1:${proxy.port}`))).toBe('hello WORLD');
    expect(proxy.targets).toEqual(['nowhere.test:25']);
    expect(steps.splice(0)).toEqual(expect.arrayContaining(['proxy TCP', 'SOCKS5']));
  });

  it('loses no server data in the same packet as the answer of the proxy', async () => {
    const [socks, http] = [
      kept(await socksProxy(() => (stream) => void stream.end('at once'))),
      kept(await httpProxy(() => (stream) => void stream.end('at once'))),
    ];
    for (const url of [`socks5://127.0.0.1:${socks.port}`, `http://127.0.0.1:${http.port}`]) {
      const stream = await along(url);
      // A late reader still gets it
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(await text(stream)).toBe('at once');
    }
  });

  it('gives credentials to a SOCKS5 proxy and to an HTTP proxy', async () => {
    const credentials = { username: 'me', password: 'p@ss' };
    const basic = `Basic ${Buffer.from('me:p@ss').toString('base64')}`;
    const socks = kept(await socksProxy(() => port, credentials));
    const http = kept(await httpProxy((_target, authorization) => (authorization === basic ? port : { refusal: 407 })));
    for (const [scheme, proxy] of [
      ['socks5', socks],
      ['http', http],
    ] as const) {
      expect(await conversation(await along(`${scheme}://me:p%40ss@127.0.0.1:${proxy.port}`))).toBe('hello WORLD');
      for (const given of ['', 'me:wrong@'])
        await expect(along(`${scheme}://${given}127.0.0.1:${proxy.port}`)).rejects.toMatchObject({
          code: 'PROXY_AUTHENTICATION_REQUIRED',
        });
    }
  });

  it('goes through an HTTP proxy with CONNECT', async () => {
    const proxy = kept(await httpProxy(() => port));
    expect(await conversation(await along(`http://127.0.0.1:${proxy.port}`))).toBe('hello WORLD');
    expect(proxy.targets).toEqual(['nowhere.test:25']);
  });

  it.each([
    [
      'interim answers before the final one',
      [
        'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r',
        '\nHTTP/1.1 200',
        ' OK\r\nVia: x\r\n\r\nhello',
      ],
      'hello',
    ],
    ['a final answer without a reason', ['HTTP/1.0 200\r\n\r\nhello'], 'hello'],
    ['a refusal after an interim answer', ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 No\r\n\r\n'], 'PROXY_REFUSED'],
    ['101, which nobody asked for', ['HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n'], 'PROXY_REFUSED'],
    ['interim answers without end', ['HTTP/1.1 100 Continue\r\n\r\n'.repeat(1000)], 'PROXY_MALFORMED'],
    ['a head without end', ['HTTP/1.1 200 OK\r\n', 'X: y\r\n'.repeat(5000)], 'PROXY_MALFORMED'],
    ['HTTP/2', ['HTTP/2 200 OK\r\n\r\n'], 'PROXY_MALFORMED'],
    ['an end after an interim answer', ['HTTP/1.1 100 Continue\r\n\r\n', undefined], 'PROXY_CLOSED'],
  ] as const)('takes from an HTTP proxy %s', async (_what, parts, expected) => {
    const answer = async (socket: Socket): Promise<void> => {
      for (const part of parts) {
        if (part === undefined) socket.end();
        else socket.write(part);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    const proxy = createServer((socket) => void socket.on('error', () => {}).once('data', () => void answer(socket)));
    const attempt = along(`http://127.0.0.1:${await listen(proxy)}`);
    if (expected !== 'hello') return expect(attempt).rejects.toMatchObject({ code: expected });
    const stream = await attempt;
    expect(String((await once(stream, 'data'))[0])).toBe(expected);
    stream.destroy();
  });

  it('gives a proxy names in ASCII, and no others', async () => {
    for (const [scheme, proxy] of [
      ['socks5', kept(await socksProxy(() => port))],
      ['http', kept(await httpProxy(() => port))],
    ] as const) {
      const route = parseRoute(`${scheme}://127.0.0.1:${proxy.port}`);
      const stream = await dial(route, { host: 'bücher.example', port: 25 });
      expect(await conversation(stream)).toBe('hello WORLD');
      for (const host of ['a b', 'x\r\nX: y', '', 'ü'.repeat(400), 'a'.repeat(256), 'a/b', 'a@b']) {
        const error: unknown = await dial(route, { host, port: 25 }).catch((reason: unknown) => reason);
        expect([error instanceof TypeError, (error as Error).message]).toEqual([
          true,
          expect.stringMatching(/^host: (must be a non-empty string|.* is not a host name)/),
        ]);
      }
      expect(proxy.targets).toEqual(['xn--bcher-kva.example:25']);
    }
  });

  it('sends a SOCKS5 proxy credentials as bytes, and reveals them to no one else', async () => {
    const credentials = { username: 'mé', password: 'pässwört' };
    const proxy = kept(await socksProxy(() => port, credentials));
    const way = (username: string, password: string): string =>
      `socks5://${encodeURIComponent(username)}:${encodeURIComponent(password)}@127.0.0.1:${proxy.port}`;
    expect(await conversation(await along(way('mé', 'pässwört')))).toBe('hello WORLD');
    for (const [username, password] of [
      ['mé', 'hunter2'],
      ['mé', `hunter2${'ü'.repeat(128)}`],
      ['hunter2', ''],
    ] as const) {
      const error: unknown = await along(way(username, password)).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(Error);
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('hunter2');
    }
    const dead = await listen(
      createServer((socket) => void socket.on('error', () => {}).once('data', () => socket.resetAndDestroy())),
    );
    const error: unknown = await along(`socks5://me:hunter2@127.0.0.1:${dead}`).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'PROXY_CLOSED' });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('hunter2');
  });

  it('goes over a WebSocket, whose URL names the destination', async () => {
    const urls: string[] = [];
    const port1 = await relay((url) => (urls.push(url), port));
    const stream = await along(`ws://127.0.0.1:${port1}/to/{host}?port={port}`);
    const answer = new Promise<string>((resolve) => {
      let heard = '';
      stream.on('data', (chunk: Buffer) => (heard += chunk.toString()) === 'hello WORLD' && resolve(heard));
    });
    stream.write('world');
    expect(await answer).toBe('hello WORLD');
    stream.destroy();
    expect(new Set(urls)).toEqual(new Set(['/to/nowhere.test?port=25']));
  });

  it('goes over the standard streams of a program, and ends it', async () => {
    expect(await conversation(await along(nc(String(port))))).toBe('hello WORLD');
    const pidFile = join(folder, 'pid');
    const stream = await along(
      program(
        `require('fs').writeFileSync('${pidFile}', String(process.pid)); process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)`,
      ),
    );
    while (!existsSync(pidFile)) await new Promise((resolve) => setTimeout(resolve, 10));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const pid = Number(readFileSync(pidFile, 'utf8'));
    stream.destroy();
    const gone = (): boolean => {
      try {
        process.kill(pid, 0);
        return false;
      } catch {
        return true;
      }
    };
    while (!gone()) await new Promise((resolve) => setTimeout(resolve, 20));
  });

  it('lets a program forward its data after an orderly end', async () => {
    let got = 0;
    const server = createServer(
      { allowHalfOpen: true },
      (socket) =>
        void socket
          .on('data', (chunk) => (got += chunk.length))
          .on('error', () => {})
          .end('bye'),
    );
    const sink = await listen(server);
    const all = once(server, 'connection').then(([socket]) => once(socket as Duplex, 'end'));
    // It reads everything at once, and forwards it later
    const late = `const s = require('net').connect({port: ${sink}, host: '127.0.0.1', allowHalfOpen: true}); s.pipe(process.stdout); const all = []; process.stdin.on('data', (c) => all.push(c)).on('end', () => setTimeout(() => s.end(Buffer.concat(all)), 300))`;
    const stream = await along(program(late));
    stream.resume().end(Buffer.alloc(300_000));
    await once(stream, 'close');
    await all;
    expect(got).toBe(300_000);
  });

  it('lets no untrusted host name become an option or a command', async () => {
    for (const host of ['-oProxyCommand=x', '$(id)', 'a b', 'a;b', 'a`b`']) {
      await expect(dial(parseRoute('exec:ssh -W {host}:{port} jump'), { host, port: 1 })).rejects.toThrow(
        /is not a host name/,
      );
    }
  });

  it.each<[string, () => Promise<string>, string, RegExp]>([
    [
      'a proxy that is not there',
      async () => `http://127.0.0.1:${await nobody()}`,
      'PROXY_UNREACHABLE',
      /Nothing listens/,
    ],
    [
      'an HTTP proxy that refuses',
      async () => `http://127.0.0.1:${kept(await httpProxy(() => ({ refusal: 403 }))).port}`,
      'PROXY_REFUSED',
      /may not allow/,
    ],
    [
      'an HTTP proxy that does not get there',
      async () => `http://127.0.0.1:${kept(await httpProxy(() => ({ refusal: 502 }))).port}`,
      'TRANSPORT_ERROR',
      /may see another DNS/,
    ],
    [
      'an HTTP proxy that hangs up',
      async () => `http://127.0.0.1:${await listen(createServer((socket) => socket.end()))}`,
      'PROXY_CLOSED',
      /its log/,
    ],
    [
      'a SOCKS5 proxy where an HTTP proxy is expected',
      async () => `http://127.0.0.1:${await listen(createServer((socket) => socket.end(Buffer.from([5, 0xff]))))}`,
      'PROXY_MALFORMED',
      /scheme and port/,
    ],
    [
      'a SOCKS5 proxy that refuses',
      async () => `socks5://127.0.0.1:${kept(await socksProxy(() => ({ refusal: 2 }))).port}`,
      'PROXY_REFUSED',
      /may not allow/,
    ],
    [
      'a SOCKS5 proxy with a reply of its own',
      async () => `socks5://127.0.0.1:${kept(await socksProxy(() => ({ refusal: 99 }))).port}`,
      'PROXY_REFUSED',
      /may not allow/,
    ],
    [
      'a SOCKS5 proxy that does not get there',
      async () => `socks5://127.0.0.1:${kept(await socksProxy(() => ({ refusal: 5 }))).port}`,
      'TRANSPORT_ERROR',
      /may see another DNS/,
    ],
    [
      'a SOCKS5 proxy that hangs up',
      async () =>
        `socks5://127.0.0.1:${await listen(createServer((socket) => void socket.once('data', () => socket.end())))}`,
      'PROXY_CLOSED',
      /its log/,
    ],
    [
      'an HTTP proxy where SOCKS5 is expected',
      async () => `socks5://127.0.0.1:${kept(await httpProxy(() => 1)).port}`,
      'PROXY_MALFORMED',
      /scheme and port/,
    ],
    [
      'a relay that refuses',
      async () => `ws://127.0.0.1:${await relay(() => 0)}`,
      'PROXY_AUTHENTICATION_REQUIRED',
      /percent-encoded/,
    ],
    [
      'a relay that is none',
      async () => `ws://127.0.0.1:${kept(await httpProxy(() => 1)).port}`,
      'PROXY_REFUSED',
      /may not allow/,
    ],
    ['a program that is not there', async () => 'exec:no-such-program-at-all', 'PROXY_UNREACHABLE', /PATH/],
  ])('names the cause and what to try: %s', async (_title, url, code, hint) => {
    const error: unknown = await along(await url()).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code });
    expect((error as TlsError).message).not.toMatch(/undefined/);
    expect((error as TlsError).hint).toMatch(hint);
  });

  it('does not reveal the arguments of a program that cannot be started', async () => {
    const error = await dial(parseRoute('exec:/nonexistent --password hunter2'), { host: 'x', port: 1 }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code: 'PROXY_UNREACHABLE', cause: { code: 'ENOENT' } });
    expect(inspect(error)).not.toContain('hunter2');
  });

  it('leaves no connection to a relay whose URL the package ws rejects', async () => {
    const relay = createServer();
    const port = await listen(relay);
    const gone = once(relay, 'connection').then(([socket]) => once((socket as Socket).resume(), 'close'));
    await expect(dial(parseRoute(`ws://127.0.0.1:${port}/#x`), { host: 'x', port: 1 })).rejects.toThrow(TypeError);
    await gone;
  });

  it('distinguishes a program that fails from a server that ends', async () => {
    const failing = await along(program('process.exit(3)'));
    failing.on('error', () => {});
    failing.resume().write('something');
    const [error] = (await once(failing, 'error')) as [TlsError];
    expect([error.code, error.message]).toEqual(['PROXY_CLOSED', expect.stringMatching(/ended with code 3/)]);
    const ending = await along(program('process.exit(0)'));
    ending.write('something');
    expect(await text(ending)).toBe('');
  });

  it('breaks a half-open connection whose other half fails', async () => {
    const server = createServer(
      { allowHalfOpen: true },
      (socket) =>
        void socket
          .on('error', () => {})
          .end('the end')
          .once('data', () => socket.resetAndDestroy()),
    );
    const stream = dialer(`tcp://127.0.0.1:${await listen(server)}`)(to);
    stream.resume();
    await once(stream, 'end');
    const broken = once(stream, 'error');
    stream.write('more');
    const again = setInterval(() => stream.write('and more'), 10);
    expect(((await broken) as [NodeJS.ErrnoException])[0].code).toMatch(/ECONNRESET|EPIPE/);
    clearInterval(again);
  });

  it.each(['http', 'socks5', 'ws'])(
    'gives up a proxy that says nothing when the signal says so: %s',
    async (scheme) => {
      const silent = createServer((socket) => void socket.on('error', () => {}).resume());
      const aborting = new AbortController();
      const attempt = dial(parseRoute(`${scheme}://127.0.0.1:${await listen(silent)}`), to, {
        signal: aborting.signal,
      });
      silent.once(
        'connection',
        (socket) => setTimeout(() => aborting.abort(new Error('enough')), 20) && socket.on('data', () => {}),
      );
      await expect(attempt).rejects.toMatchObject({ code: 'ABORTED' });
      while ((await new Promise<number>((resolve) => silent.getConnections((_error, count) => resolve(count)))) > 0)
        await new Promise((resolve) => setTimeout(resolve, 10));
    },
  );
});

describe('a connector with a dialer', () => {
  it.each(['socks5', 'http', 'ws'] as const)('makes connections through %s, lazy ones too', async (scheme) => {
    const { keyPem, chainPem } = await pki('p256');
    const port = await listen(
      createTlsServer({ key: keyPem, cert: chainPem }, (socket) => void socket.on('error', () => {}).pipe(socket)),
    );
    const way =
      scheme === 'ws'
        ? await relay(() => port)
        : kept(await (scheme === 'http' ? httpProxy : socksProxy)(() => port)).port;
    const connector = new TlsConnector({
      ca: (await pki('root')).certificatePem,
      dial: dialer(`${scheme}://127.0.0.1:${way}`),
    });
    for (const duplex of [
      connector.duplex({ host: 'server.test', port: 443 }),
      connector.duplex({ lazy: true, servername: 'server.test' }).connect(443, 'server.test'),
    ]) {
      duplex.write('ping');
      expect(String((await once(duplex, 'data'))[0])).toBe('ping');
      expect(duplex.authorized).toBe(true);
      duplex.destroy();
    }
    await connector.dispose();
  });

  it('destroys a connection with the reason of the proxy', async () => {
    const proxy = kept(await httpProxy(() => ({ refusal: 403 })));
    const connector = new TlsConnector({ dial: dialer(`http://127.0.0.1:${proxy.port}`) });
    const duplex = connector.duplex({ host: 'server.test', port: 443 });
    const [error] = (await once(duplex, 'error')) as [unknown];
    expect(error).toMatchObject({ code: 'PROXY_REFUSED' });
    expect(TlsError.is(error)).toBe(true);
    await connector.dispose();
  });
});

async function nobody(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  server.close();
  await once(server, 'close');
  return port;
}

describe('unref() of a Duplex on a route lets the process end', () => {
  /** A process that connects, calls unref(), and must exit by itself. */
  const ends = (route: string, then = ''): Promise<unknown> => {
    const code = `
      import { TlsConnector } from '@ferrule/node/duplex';
      import { dialer } from '@ferrule/node/transports';
      const stream = dialer(${JSON.stringify(route)})({ host: 'server.test', port: 443 });
      ${then}
      new TlsConnector({ backend: 'pure', handshakeTimeout: 0 }).duplex({ stream, servername: 'server.test' }).unref();`;
    const args = ['--conditions=@ferrule/source', '--import', 'tsx', '--input-type=module', '-e', code];
    return promisify(execFile)(process.execPath, args, { timeout: 25_000 });
  };

  it.each(['http', 'socks5', 'ws', 'tcp'])('while the proxy is asked, by %s', async (scheme) => {
    const port = await listen(createServer((socket) => void socket.on('error', () => {}).resume()));
    await ends(`${scheme}://127.0.0.1:${port}`);
  });

  it('when the relay has connected, by ws', async () => {
    const silent = await listen(createServer((socket) => void socket.on('error', () => {}).resume()));
    const port = await relay(() => silent);
    await ends(`ws://127.0.0.1:${port}`, "await new Promise((resolve) => stream.once('connect', resolve));");
  });
});
