import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBrowser } from '@ferrule/conformance/browser';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { build } from 'vite';
import { expect } from 'vitest';
import { page as staticPage } from '../src/page.ts';
import { type Playground, startPlayground } from '../src/playground.ts';

/** Where Chromium is; `undefined` where none is installed. */
export function chromiumPath(): string | undefined {
  const browser = findBrowser('chromium');
  return browser && spawnSync('which', [browser.program], { encoding: 'utf8' }).stdout.trim();
}

export interface Stage {
  readonly url: string;
  /** A page that is ready, in a window of its own. */
  open(options?: BrowserContextOptions & { readonly url?: string }): Promise<Page>;
  close(): Promise<void>;
}

/** The playground and a browser. */
export async function stage(executablePath: string): Promise<Stage> {
  const playground: Playground = await startPlayground({ port: 0, allow: [] });
  const browser: Browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  return {
    url: playground.url,
    open: async ({ url = playground.url, ...options } = {}) => {
      const page = await browser.newPage(options);
      page.on('pageerror', (error) => expect.fail(`in the page: ${error.message}`));
      page.on('console', (message) => {
        if (message.type() === 'error') expect.fail(`in the console: ${message.text()}`);
      });
      await page.goto(url);
      await page.waitForSelector('html[data-ready]');
      return page;
    },
    close: async () => {
      await browser.close();
      await playground.close();
    },
  };
}

/** The files that `npm run build` writes, in `/some/folder/` of a host that serves nothing else. */
export async function staticSite(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'playground-'));
  const config = staticPage();
  await build({ ...config, logLevel: 'error', build: { ...config.build, outDir: folder } });
  const site = createServer((request, response) => {
    const [, name = ''] = /^\/some\/folder\/([\w./-]*)/.exec(request.url ?? '') ?? [];
    const type = { html: 'text/html', js: 'text/javascript', css: 'text/css' }[/\w+$/.exec(name)?.[0] ?? 'html'];
    readFile(join(folder, name || 'index.html')).then(
      (body) => response.writeHead(200, { 'content-type': type ?? 'application/octet-stream' }).end(body),
      () => response.writeHead(404).end(),
    );
  });
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  return {
    url: `http://127.0.0.1:${(site.address() as AddressInfo).port}/`,
    close: async () => {
      site.close();
      site.closeAllConnections();
      await rm(folder, { recursive: true });
    },
  };
}

/** Until what was begun is over. */
export async function done(page: Page): Promise<void> {
  await page.waitForSelector('html[data-state=done]');
}

/** Chooses one of a row of buttons as a person does. */
export async function choose(page: Page, name: string): Promise<void> {
  await page.getByText(name, { exact: true }).click();
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core has against the page, by rule and element. */
export async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { axe: run } = globalThis as unknown as {
      readonly axe: {
        run(): Promise<{ readonly violations: readonly Violation[]; readonly passes: readonly unknown[] }>;
      };
    };
    interface Violation {
      readonly id: string;
      readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
    }
    const { violations: found, passes } = await run.run();
    if (passes.length < 10) return ['axe-core looked at nothing'];
    return found.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary = '' }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`),
    );
  });
}

/** Keeps a picture where somebody asked for pictures. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env['FERRULE_SCREENSHOTS'];
  if (folder !== undefined) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
}
