/** @module A script in a page of a headless browser, for what only a browser can show. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PAGE = '<!doctype html><script type="module" src="/script.js"></script>';

export type BrowserName = 'chromium' | 'firefox';

/** One that is installed. */
export interface Browser {
  readonly name: BrowserName;
  readonly program: string;
}

interface Kind {
  readonly programs: readonly string[];
  readonly options: (profile: string) => readonly string[];
}

const KINDS: Readonly<Record<BrowserName, Kind>> = {
  chromium: {
    programs: ['chromium-headless-shell', 'chromium', 'google-chrome'],
    options: (profile) => [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      `--user-data-dir=${profile}`,
      '--remote-debugging-port=0',
    ],
  },
  firefox: {
    programs: ['firefox-esr', 'firefox'],
    options: (profile) => ['--headless', '--no-remote', '--profile', profile],
  },
};

/** `undefined` where none of that name is installed. */
export function findBrowser(name: BrowserName): Browser | undefined {
  const program = KINDS[name].programs.find((each) => spawnSync('which', [each]).status === 0);
  return program === undefined ? undefined : { name, program };
}

/**
 * Opens a page on loopback, which makes it a secure context with a `crypto.subtle`, and waits for its report.
 *
 * @param script - an ES module without imports. It may fetch `/task`, and must POST its report, as JSON, to `/report`.
 * @param task - what `/task` answers, as JSON.
 */
export async function visit({ name, program }: Browser, script: string, task?: unknown): Promise<unknown> {
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
  const profile = await mkdtemp(join(tmpdir(), `${name}-`));
  // Of Firefox: no page of its own at the first start
  await writeFile(join(profile, 'user.js'), 'user_pref("browser.aboutwelcome.enabled", false);\n');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const page = spawn(program, [...KINDS[name].options(profile), url], { stdio: 'ignore' });
  try {
    return await answered;
  } finally {
    page.kill('SIGKILL');
    await once(page, 'exit');
    server.close();
    server.closeAllConnections();
    await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}
