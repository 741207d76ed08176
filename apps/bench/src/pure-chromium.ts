/** @module The same in headless Chromium, where that is installed. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Figures } from './pure-measure.ts';
import type { Recording } from './pure-replay.ts';

/** What the page is to do, as JSON. */
export interface PageTask {
  readonly anchor: readonly number[];
  readonly received: readonly number[];
  readonly count: number;
  readonly rounds: number;
}

/** One row, by the clock; none where there is no Chromium. */
export async function inChromium({ options, received }: Recording, count: number, rounds: number): Promise<Record<string, Figures>> {
  const program = ['chromium-headless-shell', 'chromium', 'google-chrome'].find((name) => spawnSync('which', [name]).status === 0);
  if (program === undefined) return {};
  const anchor = [...(options.trustAnchors?.[0] as Uint8Array)];
  const report = await visit(program, await bundle(), { anchor, received: [...received], count, rounds });
  if ('error' in report) throw new Error(`in Chromium: ${String(report['error'])}`);
  return { 'WebCrypto in headless Chromium, AES-128-GCM': report };
}

async function bundle(): Promise<string> {
  const entry = fileURLToPath(new URL('pure-page.ts', import.meta.url));
  const { outputFiles } = await build({
    entryPoints: [entry], bundle: true, format: 'esm', platform: 'browser', conditions: ['@ferrule/source'], write: false, logLevel: 'silent',
  }); // prettier-ignore
  return outputFiles[0]?.text ?? '';
}

/** Loopback is a secure context, so that there is a crypto.subtle. */
async function visit(program: string, script: string, task: PageTask): Promise<Figures> {
  const server = createServer();
  const answered = new Promise<Figures>((resolve) => {
    server.on('request', (request, response) => {
      if (request.method === 'POST') {
        let body = '';
        request.on('data', (chunk: Buffer) => (body += chunk.toString())).on('end', () => resolve(JSON.parse(body) as Figures));
        response.end();
      } else if (request.url === '/task') response.end(JSON.stringify(task));
      else if (request.url === '/script.js') response.setHeader('content-type', 'text/javascript').end(script);
      else response.setHeader('content-type', 'text/html').end('<!doctype html><script type="module" src="/script.js"></script>');
    });
  });
  server.listen(0, '127.0.0.1');
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
