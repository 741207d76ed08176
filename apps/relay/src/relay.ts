/**
 * @module The relay: a server of WebSockets on one side, TCP connections on the other. `/` is Wisp; `/host:port` and
 * `/?address=host:port` are one connection each, as wsproxy and neon have it; `/health` tells what is under way.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { serveRaw } from './raw.ts';
import { serveWisp } from './wisp.ts';

export interface RelayOptions {
  /** Whom it connects to: `host:port`, `*.example.org:443`, `host:*`, `[::1]:443`. Nobody else. */
  readonly allow: readonly string[];
  /** Default 127.0.0.1: for this machine alone. */
  readonly host?: string | undefined;
  /** Default 0: any that is free. */
  readonly port?: number | undefined;
  /** Of pages that may use it; default: any. */
  readonly origins?: readonly string[] | undefined;
  /** User names and passwords, for Wisp 2; with them nothing else is served. */
  readonly passwords?: ReadonlyMap<string, string> | undefined;
  readonly limits?: Partial<RelayLimits> | undefined;
}

export interface RelayLimits {
  /** WebSockets at a time. */
  readonly clients: number;
  /** Streams at a time, in one WebSocket. */
  readonly streams: number;
  /** Milliseconds for a TCP connection to be made; without a byte in either direction, until it is closed. */
  readonly connectTimeout: number;
  readonly idleTimeout: number;
  /** Bytes of one stream, both directions together, until it is closed. */
  readonly bytes: number;
  /** Bytes of one WebSocket message. */
  readonly message: number;
}

export const LIMITS: RelayLimits = {
  clients: 100,
  streams: 64,
  connectTimeout: 10_000,
  idleTimeout: 300_000,
  bytes: 4 * 1024 ** 3,
  message: 1024 * 1024,
};

/** What those who serve a WebSocket need to know. */
export interface Service {
  readonly limits: RelayLimits;
  readonly passwords: ReadonlyMap<string, string> | undefined;
  readonly counts: Counts;
  allows(host: string, port: number): boolean;
}

export interface Counts {
  clients: number;
  streams: number;
  /** Since the start. */
  refused: number;
  bytes: number;
}

export interface Relay {
  readonly port: number;
  /** `ws://127.0.0.1:8080/` */
  readonly url: string;
  readonly counts: Readonly<Counts>;
  /** Takes nobody new, lets go of everybody after `grace` milliseconds, and resolves when all have gone. */
  close(grace?: number): Promise<void>;
}

/** @throws TypeError for a rule that is none; what net's `listen()` fails with. */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const rules = options.allow.map(ruleOf);
  const counts: Counts = { clients: 0, streams: 0, refused: 0, bytes: 0 };
  const service: Service = {
    limits: { ...LIMITS, ...options.limits },
    passwords: options.passwords,
    counts,
    allows: (host, port) => rules.some((rule) => rule(host.toLowerCase(), port)),
  };
  const http = createServer((request, response) => {
    const isHealth = request.url === '/health';
    response.writeHead(isHealth ? 200 : 426, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    response.end(
      `${JSON.stringify(isHealth ? { ok: true, ...counts } : { error: 'this is a relay of WebSockets' })}\n`,
    );
  });
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: service.limits.message,
    handleProtocols: (offered) => [...offered][0] ?? false,
  });
  http.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const status = refusal(request, options, service);
    if (status !== undefined) {
      counts.refused++;
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    server.handleUpgrade(request, socket, head, (client) => serve(client, request, service));
  });
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(options.port ?? 0, options.host ?? '127.0.0.1', () => resolve());
  });
  const { address, port, family } = http.address() as AddressInfo;
  return {
    port,
    url: `ws://${family === 'IPv6' ? `[${address}]` : address}:${port}/`,
    counts,
    close: (grace = 0) => close(http, server, grace),
  };
}

function serve(client: WebSocket, request: IncomingMessage, service: Service): void {
  service.counts.clients++;
  client.on('close', () => service.counts.clients--);
  // told by its close
  client.on('error', () => {});
  const to = targetOf(request);
  if (to === undefined) serveWisp(client, service, client.protocol !== '');
  else serveRaw(client, to, service);
}

/** The status line of a refusal. */
function refusal(request: IncomingMessage, { origins }: RelayOptions, service: Service): string | undefined {
  if (origins !== undefined && !origins.includes(request.headers.origin ?? '')) return '403 Forbidden';
  if (service.counts.clients >= service.limits.clients) return '503 Service Unavailable';
  const to = targetOf(request);
  if (to === undefined) return undefined;
  return service.passwords !== undefined || !service.allows(to.host, to.port) ? '403 Forbidden' : undefined;
}

/** Of a raw connection; `undefined` where Wisp is asked for. */
function targetOf(request: IncomingMessage): { readonly host: string; readonly port: number } | undefined {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'ws://relay');
  const text = searchParams.get('address') ?? decodeURI(pathname.slice(pathname.lastIndexOf('/') + 1));
  const [, host = '', port = ''] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  return host === '' ? undefined : { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}

type Rule = (host: string, port: number) => boolean;

function ruleOf(text: string): Rule {
  const [, name = '', ports = ''] = /^(\[[\da-f:.]+\]|[^:[\]]+):(\*|\d{1,5})$/i.exec(text) ?? [];
  if (name === '' || Number(ports) > 65_535)
    throw new TypeError(`allow: ${JSON.stringify(text)} is not host:port, *.domain:port or host:*`);
  const host = name.toLowerCase().replace(/^\[|\]$/g, '');
  const matches = host.startsWith('*.')
    ? (asked: string) => asked.endsWith(host.slice(1))
    : (asked: string) => asked === host;
  return (asked, port) => (ports === '*' || port === Number(ports)) && matches(asked);
}

async function close(http: Server, server: WebSocketServer, grace: number): Promise<void> {
  const closed = new Promise<void>((resolve) => http.close(() => resolve()));
  http.closeIdleConnections();
  const gone = Promise.all(
    [...server.clients].map((client) => new Promise((resolve) => client.once('close', resolve))),
  );
  const timer = setTimeout(() => {
    for (const client of server.clients) client.close(1001, 'the relay ends');
    setTimeout(() => {
      for (const client of server.clients) client.terminate();
    }, 1000).unref();
  }, grace);
  await gone;
  clearTimeout(timer);
  await closed;
}
