/**
 * @module `npm run browser`: @ferrule/web in pages of the browsers that are installed, over Wisp and over raw
 * WebSockets, before real servers on loopback under a private CA.
 *
 *     npm run browser                     all that are installed
 *     npm run browser -- firefox          one
 *     npm run browser -- --megabytes 8    eight times as much down and up, each at once; default 1
 *     npm run browser -- --only raw       checks whose names have this
 *     npm run browser -- --suite tuned    the pure engine's conformance suite in a page: webcrypto, tuned, noble
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { builtinModules } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { build, type Plugin } from 'esbuild';
import { FOR_PAGES } from './for-pages.ts';
import { MemoryWatch } from './memory.ts';
import { stage } from './servers.ts';
import { suiteFiles } from './suite/bundle.ts';
import { FarSide } from './suite/far.ts';
import { type Check, type Growth, SUITE_PROVIDERS, type SuiteProvider, type SuiteTask, type Task } from './task.ts';

interface Browser {
  readonly name: string;
  readonly programs: readonly string[];
  readonly options: (profile: string) => readonly string[];
}

const BROWSERS: readonly Browser[] = [
  {
    name: 'chromium',
    programs: ['chromium-headless-shell', 'chromium', 'google-chrome'],
    options: (profile) => [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      `--user-data-dir=${profile}`,
    ],
  },
  {
    name: 'firefox',
    programs: ['firefox-esr', 'firefox'],
    options: (profile) => ['--headless', '--no-remote', '--profile', profile],
  },
];
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** It is a bundle of its own. */
const besides: Plugin = {
  name: 'pg beside the page',
  setup: (bundler) =>
    bundler.onResolve({ filter: /\/postgres\.ts$/ }, () => ({ path: './postgres.js', external: true })),
};

/** What only pg needs of Node: its globals, and its modules. */
const forPg: Plugin = {
  name: 'modules of Node',
  setup(bundler) {
    bundler.onResolve({ filter: /^[a-z_/]+$/ }, ({ path }) =>
      builtinModules.includes(path) && !['events', 'buffer'].includes(path)
        ? { path: here('node-modules.ts') }
        : undefined,
    );
  },
};

/** Of one browser, milliseconds. */
const PATIENCE = 1_200_000;

const command = new Command('browser')
  .description('@ferrule/web in pages, over relays, before real servers.')
  .argument(
    '[browser...]',
    `${BROWSERS.map(({ name }) => name).join(', ')}; all that are installed where none is named`,
  )
  .option('--megabytes <n>', 'of each of the eight streams', Number, 1)
  .option('--only <text>', 'checks whose names have this, or groups of the suite')
  .option('--suite <provider...>', `in place of that the conformance suite, with ${SUITE_PROVIDERS.join(', ')}`)
  .parse();
const { args } = command;
const { megabytes, only, suite } = command.opts<{
  readonly megabytes: number;
  readonly only?: string;
  readonly suite?: readonly SuiteProvider[];
}>();

const scene = suite === undefined ? await stage(megabytes) : undefined;
const scripts = await (suite === undefined ? bundle() : suiteFiles());
try {
  for (const { name, programs, options } of BROWSERS.filter((each) => args.length === 0 || args.includes(each.name))) {
    const program = programs.find((each) => spawnSync('which', [each]).status === 0);
    if (program === undefined) {
      console.log(`skipped: ${name} is not installed`);
      continue;
    }
    const tell = (check: Check): void => {
      console.log(`${name}: ${lineOf(check)}`);
      if (check.failed !== undefined) process.exitCode = 1;
    };
    if (scene !== undefined)
      await visit(program, options, { files: scripts, task: { ...scene.task, only }, relay: scene.relay }, tell);
    for (const provider of suite ?? [])
      await visit(program, options, { files: scripts, task: { provider, only }, far: new FarSide() }, tell);
  }
} finally {
  await scene?.end();
}
process.exit();

function lineOf({ name, failed, figures, milliseconds }: Check): string {
  const more = figures === undefined ? '' : `: ${figures}`;
  return failed === undefined ? `${name}, ${milliseconds} ms${more}` : `FAILED, ${name}, ${milliseconds} ms: ${failed}`;
}

/** The page and its worker, each with all that they need, and what of the page is pg's. */
async function bundle(): Promise<ReadonlyMap<string, string>> {
  const bundles = await Promise.all([
    build({
      ...FOR_PAGES,
      entryPoints: [here('page.ts'), here('worker.ts')],
      splitting: true,
      plugins: [besides],
      // As the published package is built
      define: { Buffer: 'Uint8Array' },
    }),
    build({
      ...FOR_PAGES,
      entryPoints: [here('postgres.ts')],
      inject: [here('globals.ts')],
      external: ['pg-native', 'pg-cloudflare'],
      define: { global: 'globalThis' },
      plugins: [forPg],
    }),
  ]);
  return new Map(bundles.flatMap(({ outputFiles }) => outputFiles.map(({ path, text }) => [path, text] as const)));
}

interface Visit {
  readonly files: ReadonlyMap<string, string>;
  readonly task: Task | SuiteTask;
  /** Process id of the relay. */
  readonly relay?: number;
  /** What the page asks of Node. */
  readonly far?: FarSide;
}

async function visit(
  program: string,
  options: Browser['options'],
  { files, task, relay, far }: Visit,
  tell: (check: Check) => void,
): Promise<void> {
  let watches: { readonly relay: MemoryWatch; readonly browser: MemoryWatch } | undefined;
  const memory = (url: string | undefined): Growth | undefined => {
    const growth = watches && { relay: watches.relay.end(), browser: watches.browser.end() };
    watches =
      url === '/memory/begin'
        ? { relay: new MemoryWatch(relay as number), browser: new MemoryWatch(page.pid as number) }
        : undefined;
    return growth;
  };
  const site = createServer();
  const done = new Promise<void>((resolve) =>
    site.on('request', (request, response) => {
      // Shared memory is for pages that are cross-origin isolated
      response.setHeader('cross-origin-opener-policy', 'same-origin');
      response.setHeader('cross-origin-embedder-policy', 'require-corp');
      const script = files.get(request.url ?? '');
      if (request.url?.startsWith('/far') === true) void far?.answer(request, response);
      else if (request.method === 'POST') {
        let body = '';
        request.on('data', (chunk: Buffer) => (body += chunk.toString()));
        request.on('end', () => {
          if (request.url?.startsWith('/memory/') === true)
            return void response.end(JSON.stringify(memory(request.url) ?? null));
          response.end();
          if (request.url === '/end') resolve();
          else tell(JSON.parse(body) as Check);
        });
      } else if (request.url === '/task') response.end(JSON.stringify(task));
      else if (script !== undefined) response.setHeader('content-type', 'text/javascript').end(script);
      else
        response
          .setHeader('content-type', 'text/html')
          .end('<!doctype html><script type="module" src="/page.js"></script>');
    }),
  );
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  const profile = await mkdtemp(join(tmpdir(), 'ferrule-browser-'));
  // Of Firefox: no page of its own at the first start
  await writeFile(join(profile, 'user.js'), 'user_pref("browser.aboutwelcome.enabled", false);\n');
  const url = `http://127.0.0.1:${(site.address() as AddressInfo).port}/`;
  const page = spawn(program, [...options(profile), url], { stdio: 'ignore' });
  const late = setTimeout(() => page.kill('SIGKILL'), PATIENCE);
  try {
    const isDone = await Promise.race([done.then(() => true), once(page, 'exit').then(() => false)]);
    if (!isDone) tell({ name: 'the page', failed: 'ended early', milliseconds: 0 });
  } finally {
    memory(undefined);
    clearTimeout(late);
    page.kill('SIGKILL');
    site.close();
    site.closeAllConnections();
    await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}
