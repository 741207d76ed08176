/** @module Everything that the one command starts: the demonstration server, the relay, and the site of the page. */
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { DemonstrationFacts } from './behaviours.ts';
import { startDemonstration } from './demonstration.ts';
import { page } from './page.ts';
import { startRelay } from './relay.ts';

export interface PlaygroundOptions {
  /** Of the page; 0: any that is free. */
  readonly port: number;
  /** Destinations of your own that the relay connects to, `host:port` each. */
  readonly allow: readonly string[];
}

export interface Playground {
  /** `http://127.0.0.1:5173/` */
  readonly url: string;
  close(): Promise<void>;
}

/** All of it on loopback. @throws Error where a port is taken, or the relay refuses a destination. */
export async function startPlayground({ port, allow }: PlaygroundOptions): Promise<Playground> {
  const files = new Map<string, Served>();
  const site = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const served = files.get(pathname === '/' ? '/index.html' : pathname);
    // A page of another site that has a name for this address must not read what is here
    if (served === undefined || request.headers.host !== new URL(url).host) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': served.type, 'cache-control': 'no-store' }).end(served.body);
  });
  const url = await listening(site, port);
  const closing: (() => unknown)[] = [() => site.close(), () => site.closeAllConnections()];
  const close = async (): Promise<void> => {
    for (const each of closing.splice(0).reverse()) await each();
  };
  try {
    const building = built();
    // Whoever waits for it hears of it
    building.catch(() => {});
    const demonstration = await startDemonstration();
    closing.push(() => demonstration.close());
    const { host, ca, port: honest, ports } = demonstration;
    const ours = [honest, ...Object.values(ports)].map((each) => `${host}:${each}`);
    const relay = await startRelay([...ours, ...allow], url.slice(0, -1));
    closing.push(() => relay.close());
    const facts: DemonstrationFacts = { relay: relay.url, ca, host, port: honest, ports, allow };
    for (const [path, served] of await building) files.set(path, served);
    files.set('/demonstration.json', { type: 'application/json', body: JSON.stringify(facts) });
    return { url, close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Served {
  readonly type: string;
  readonly body: string | Uint8Array;
}

/** The page, built in memory: the same files as `npm run build` writes. */
async function built(): Promise<ReadonlyMap<string, Served>> {
  const { build } = await import('vite');
  const config = page();
  const result = await build({ ...config, logLevel: 'error', build: { ...config.build, write: false } });
  const [{ output }] = (Array.isArray(result) ? result : [result]) as [
    {
      readonly output: readonly {
        readonly fileName: string;
        readonly code?: string;
        readonly source?: string | Uint8Array;
      }[];
    },
  ];
  return new Map(
    output.map(({ fileName, code, source }) => [
      `/${fileName}`,
      {
        type: TYPES[/\.(\w+)$/.exec(fileName)?.[1] ?? ''] ?? 'application/octet-stream',
        body: fileName === 'index.html' ? marked(String(source)) : (code ?? source ?? ''),
      },
    ]),
  );
}

/** So that the page knows that there is a demonstration server to ask for. */
const marked = (html: string): string =>
  html.replace('<title>', '<meta name="demonstration" content="./demonstration.json" />\n    <title>');

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

async function listening(site: Server, port: number): Promise<string> {
  site.listen(port, '127.0.0.1');
  await once(site, 'listening');
  return `http://127.0.0.1:${(site.address() as AddressInfo).port}/`;
}
