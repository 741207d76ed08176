import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pki } from '@ferrule/conformance/pki';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'ferrule-interrupt-'));
const ca = join(folder, 'root.pem');
let server: Server;
let port = 0;

beforeAll(async () => {
  writeFileSync(ca, (await pki('root')).certificatePem);
  const { keyPem, chainPem } = await pki('p256');
  // a page that never ends
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
  const child = spawn(process.execPath, ['--conditions=@ferrule/source', '--import', 'tsx', main, ...args, '--ca', ca]);
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
    expect(said).toMatch(/^the beginning✗ .*in the middle of the page\n +code +UNEXPECTED_EOF/);
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
