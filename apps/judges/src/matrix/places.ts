/** @module Runtimes that are not a command which runs a program: pages of browsers, and workerd. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Browser, visit } from '@ferrule/conformance/browser';
import { build } from 'esbuild';
import { freePort } from '../interop/process.ts';
import { startRelay } from './relay.ts';
import type { Answer, Order } from './rows.ts';

export type Ask = (order: Order) => Promise<readonly Answer[]>;

/** workerd's pipes are its TCP sockets; the order comes as a request, and the answers are the response. */
const WORKER = `import { connect } from 'cloudflare:sockets';
import { answers } from './piped.js';
const dial = (port) => Promise.resolve(connect({ hostname: '127.0.0.1', port }));
export default { fetch: async (request) => Response.json(await answers(await request.json(), dial)) };
`;

/** One bundle for browsers, of the packed packages in this folder. */
async function bundle(application: string, contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: application },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    external: ['cloudflare:sockets', '@ferrule/pure/crypto/node'],
    logLevel: 'error',
  });
  return outputFiles[0]?.text ?? '';
}

export function inPage(browser: Browser, application: string): Ask {
  return async (order) => {
    const relay = await startRelay();
    try {
      const task = { relay: relay.url, order };
      return (await visit(browser, await bundle(application, `import './page.js';`), task)) as readonly Answer[];
    } finally {
      relay.stop();
    }
  };
}

export function inWorkerd(program: string, application: string, flags: readonly string[]): Ask {
  return async (order) => {
    writeFileSync(join(application, 'bundle.js'), await bundle(application, WORKER));
    const workerd = await startWorkerd(program, application, flags);
    try {
      return (await workerd.ask(order)) as readonly Answer[];
    } finally {
      workerd.stop();
    }
  };
}

export interface Workerd {
  /** What it answers to a request with this as its body, JSON both. @throws Error when it ends or answers with an error. */
  ask(body: unknown): Promise<unknown>;
  stop(): void;
}

/** Serves the `bundle.js` of a folder. */
export async function startWorkerd(program: string, folder: string, flags: readonly string[]): Promise<Workerd> {
  const port = await freePort();
  writeFileSync(join(folder, 'config.capnp'), config(port, flags));
  const workerd = spawn(program, ['serve', 'config.capnp'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  return {
    ask: (body) => answered(workerd, `http://127.0.0.1:${port}/`, JSON.stringify(body)),
    stop: () => void workerd.kill(),
  };
}

async function answered(workerd: ChildProcess, url: string, body: string): Promise<unknown> {
  while (workerd.exitCode === null) {
    const response = await fetch(url, { method: 'POST', body }).catch(() => undefined);
    if (response?.ok === true) return response.json();
    if (response !== undefined) throw new Error(`workerd: ${response.status} ${await response.text()}`);
    await setTimeout(100);
  }
  throw new Error(`workerd ended with ${workerd.exitCode}`);
}

const config = (port: number, flags: readonly string[]): string => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main), (name = "internet", network = (allow = ["public", "private", "local"]))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [(name = "bundle.js", esModule = embed "bundle.js")],
  compatibilityDate = "2026-06-01",
  compatibilityFlags = [${flags.map((flag) => `"${flag}"`).join(', ')}],
  globalOutbound = "internet",
);
`;

/** What a program says of itself. */
export function versionOf(program: string): string | undefined {
  const { status, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return status === 0 ? /\d+[.-]\d+[.\d-]*/.exec(stdout)?.[0] : undefined;
}
