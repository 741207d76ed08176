import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { pki } from '@ferrule/conformance/pki';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMAND } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'ferrule-interrupt-'));
const ca = join(folder, 'root.pem');
let server: Server;
let port = 0;

beforeAll(async () => {
  writeFileSync(ca, (await pki('root')).certificatePem);
  const { keyPem, chainPem } = await pki('p256');
  // A page that never ends
  server = createServer({ key: keyPem, cert: chainPem }, (_request, response) => void response.write('the beginning'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

/** Its stdin stays open, as a terminal's does; Ctrl-C once it has said something. */
const interrupted = (args: readonly string[]): Promise<Ended> => ended(args, (child) => void child.kill('SIGINT'));

interface Ended {
  readonly code: number | null;
  readonly killed: string | null;
  readonly said: string;
}

async function ended(args: readonly string[], whenSpoken: (child: ChildProcess) => void = () => {}): Promise<Ended> {
  const child = spawn(process.execPath, [...COMMAND, ...args, '--ca', ca]);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data'), once(child, 'exit')]);
  const closed = once(child, 'close') as Promise<[number | null, string | null]>;
  whenSpoken(child);
  const [code, killed] = await closed;
  return { code, killed, said };
}

describe('ferrule get', () => {
  it('says so when a page is cut off', async () => {
    const { keyPem, chainPem } = await pki('p256');
    const cut = createServer({ key: keyPem, cert: chainPem }, (_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('the beginning', () => response.socket?.end());
    });
    cut.listen(0, '127.0.0.1');
    await once(cut, 'listening');
    const { code, said } = await ended(['get', `https://localhost:${(cut.address() as AddressInfo).port}/`]);
    cut.close();
    expect(code).toBe(4);
    expect(said).toMatch(/^the beginning✗ .*the page is incomplete: .*\n +code +UNEXPECTED_EOF/);
  });
});

describe('ferrule get, of a page that ends', () => {
  const LENGTH = 'HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n';
  const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nd\r\n';
  const BARE = 'HTTP/1.1 200 OK\r\n\r\n';
  type End = 'close_notify' | 'FIN' | 'RST';
  it.each<[string, string, End, number]>([
    ['has all of its length, whatever follows', `${LENGTH}the beginning`, 'FIN', 0],
    ['is shorter than its length', `${LENGTH}the begin`, 'close_notify', 4],
    ['is shorter than its length, without close_notify', `${LENGTH}the begin`, 'FIN', 4],
    ['has all of its chunks', `${CHUNKED}the beginning\r\n0\r\n\r\n`, 'FIN', 0],
    ['lacks its last chunk', `${CHUNKED}the beginning\r\n`, 'close_notify', 4],
    ['lacks its last chunk, without close_notify', `${CHUNKED}the beginning\r\n`, 'FIN', 4],
    ['has no length, with close_notify', `${BARE}the beginning`, 'close_notify', 0],
    ['has no length, without close_notify', `${BARE}the beginning`, 'FIN', 4],
    ['has no length, with a reset', `${BARE}the beginning`, 'RST', 13],
  ])('%s', async (_what, page, how, expected) => {
    const { keyPem, chainPem } = await pki('p256');
    let end = (): unknown => undefined;
    const cut = createTcpServer((raw) => {
      const secure = new TLSSocket(raw, { isServer: true, key: keyPem, cert: chainPem });
      secure.on('error', () => undefined).once('data', () => secure.write(page));
      end = () => (how === 'close_notify' ? secure.end() : how === 'FIN' ? raw.end() : raw.resetAndDestroy());
    });
    cut.listen(0, '127.0.0.1');
    await once(cut, 'listening');
    const { code, said } = await ended(['get', `https://localhost:${(cut.address() as AddressInfo).port}/`], () =>
      end(),
    );
    cut.close();
    expect(said).toMatch(expected === 0 ? /^the beginning$/ : /^the begin(ning)?✗ /);
    expect(code).toBe(expected);
  });
});

describe('Ctrl-C', () => {
  it.each([
    ['connect --pipe, while a person types', ['connect', 'localhost:PORT', '--pipe'], /is verified/],
    ['get, in the middle of a page', ['get', 'https://localhost:PORT/'], /^the beginning/],
    ['inspect, while it listens', ['inspect', 'localhost:PORT', '--wait', '60', '--trace'], /ClientHello/],
  ] as const)('ends %s, with 130', async (_title, args, said) => {
    const outcome = await interrupted(args.map((word) => word.replace('PORT', String(port))));
    expect(outcome).toMatchObject({ code: 130, killed: null });
    expect(outcome.said).toMatch(said);
    expect(outcome.said).not.toMatch(/ at .*\.ts:\d+|ABORTED/);
  });
});
