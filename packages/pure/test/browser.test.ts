/** The WebCrypto provider in headless Chromium, where that is installed. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import type { Report } from './browser/provider.ts';

const browser = await firstInstalled(['chromium-headless-shell', 'chromium', 'google-chrome']);
if (browser === undefined) console.log('skipped: no Chromium is installed');

it.skipIf(browser === undefined)('the WebCrypto provider does in Chromium what noble does', async () => {
  const report = await visit(browser as string, await bundle());
  expect(report.groups).toEqual(['x25519', 'secp256r1', 'secp384r1', 'secp521r1'].map((name) => ({ name, agrees: true, refusesZero: true })));
  expect(report.aeads.map(({ name }) => name)).toEqual(['AES-128-GCM', 'AES-256-GCM', 'ChaCha20-Poly1305']);
  for (const aead of report.aeads) expect(aead).toMatchObject({ same: true, opens: true, refuses: true });
  expect(report.aeads[0]?.sync).toBe(false);
  expect(report.signs).toBe(true);
  expect(report.decompressors).toContain('zlib');
}, 60_000);

/** Nothing but what the page's script needs, and nothing of Node: a bundle that does is refused by esbuild. */
async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('./browser/provider.ts', import.meta.url))],
    bundle: true, format: 'esm', platform: 'browser', conditions: ['@ferrule/source'], write: false, logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}

/** Loopback is a secure context, so that there is a crypto.subtle. */
async function visit(program: string, script: string): Promise<Report> {
  let answer: (report: Report) => void = () => undefined;
  const answered = new Promise<Report>((resolve) => (answer = resolve));
  const server = createServer((request, response) => {
    if (request.method === 'POST') {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString())).on('end', () => answer(JSON.parse(body) as Report));
      response.end();
    } else if (request.url === '/script.js') response.setHeader('content-type', 'text/javascript').end(script);
    else response.setHeader('content-type', 'text/html').end('<!doctype html><script type="module" src="/script.js"></script>');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const profile = await mkdtemp(`${tmpdir()}/chromium-`);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const page = spawn(program, ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${profile}`, '--remote-debugging-port=0', url], { stdio: 'ignore' });
  try {
    return await answered;
  } finally {
    page.kill('SIGKILL');
    await once(page, 'exit');
    server.close();
    server.closeAllConnections();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function firstInstalled(programs: readonly string[]): Promise<string | undefined> {
  for (const program of programs) {
    const found = await promisify(execFile)('which', [program]).catch(() => undefined);
    if (found !== undefined) return program;
  }
  return undefined;
}
