/** @module A script in a page of headless Chromium, for what only a browser can show. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';

const PAGE = '<!doctype html><script type="module" src="/script.js"></script>';

/** The Chromium that is installed, by name; `undefined` where none is. */
export const findChromium = (): string | undefined =>
  ['chromium-headless-shell', 'chromium', 'google-chrome'].find((name) => spawnSync('which', [name]).status === 0);

/**
 * Opens a page on loopback, which makes it a secure context with a `crypto.subtle`, and waits for its report.
 *
 * @param script - an ES module without imports. It may fetch `/task`, and must POST its report, as JSON, to `/report`.
 * @param task - what `/task` answers, as JSON.
 */
export async function visit(program: string, script: string, task?: unknown): Promise<unknown> {
  const server = createServer();
  const answered = new Promise<unknown>((resolve) => {
    server.on('request', (request, response) => {
      if (request.method === 'POST') {
        let body = '';
        request.on('data', (chunk: Buffer) => (body += chunk.toString())).on('end', () => resolve(JSON.parse(body)));
        response.end();
      } else if (request.url === '/task') response.end(JSON.stringify(task ?? null));
      else if (request.url === '/script.js') response.setHeader('content-type', 'text/javascript').end(script);
      else response.setHeader('content-type', 'text/html').end(PAGE);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const profile = await mkdtemp(`${tmpdir()}/chromium-`);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const page = spawn(
    program,
    ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${profile}`, '--remote-debugging-port=0', url],
    { stdio: 'ignore' },
  );
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
