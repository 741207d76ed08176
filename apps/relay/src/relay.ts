/**
 * @module The relay: a server of WebSockets on one side, TCP connections on the other. `/` is Wisp; `/host:port` and
 * `/?address=host:port` are one connection each, as wsproxy and neon have it; `/health` tells what is under way.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { Client, HIGH } from './client.ts';
import { serveRaw } from './raw.ts';
import { AllowList, parseTarget, type Resolve, type Target } from './targets.ts';
import { serveWisp } from './wisp.ts';

export interface RelayOptions {
  /** Whom it connects to: `host:port`, `*.example.org:443`, `host:*`, `[::1]:443`. Nobody else. */
  readonly allow: readonly string[];
  /**
   * Names may lead to loopback, private and link-local addresses. Default false: only where a rule of `allow` has that
   * address, too, and for `localhost` to loopback.
   */
  readonly allowPrivate?: boolean | undefined;
  /** Default dns.lookup(). */
  readonly resolve?: Resolve | undefined;
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
  /** WebSockets at a time; one counts until all its connections are closed. */
  readonly clients: number;
  /** Streams at a time, in one WebSocket; one counts until its connection is closed. */
  readonly streams: number;
  /** Milliseconds for a TCP connection to be made. */
  readonly connectTimeout: number;
  /** Milliseconds of a connection without a byte in either direction, and of a WebSocket without a connection. */
  readonly idleTimeout: number;
  /** Milliseconds for what was sent before the client closed a connection to go to its server. */
  readonly drainTimeout: number;
  /** Bytes of one stream, both directions together, until it is closed. */
  readonly bytes: number;
  /** Bytes of one WebSocket message. */
  readonly message: number;
  /** Bytes of one WebSocket that wait for its servers, until nothing more is read from it. */
  readonly waiting: number;
}

export const LIMITS: RelayLimits = {
  clients: 100,
  streams: 64,
  connectTimeout: 10_000,
  idleTimeout: 300_000,
  drainTimeout: 10_000,
  bytes: 4 * 1024 ** 3,
  message: 1024 * 1024,
  waiting: 32 * 1024 * 1024,
};

/** What those who serve a WebSocket need to know. */
export interface Service {
  readonly limits: RelayLimits;
  readonly passwords: ReadonlyMap<string, string> | undefined;
  readonly counts: Counts;
  readonly allowed: AllowList;
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
  const counts: Counts = { clients: 0, streams: 0, refused: 0, bytes: 0 };
  const service: Service = {
    limits: { ...LIMITS, ...options.limits },
    passwords: options.passwords,
    counts,
    allowed: new AllowList(options.allow, options.allowPrivate ?? false, options.resolve),
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
    // Client does, and counts them
    autoPong: false,
    clientTracking: false,
    maxPayload: service.limits.message,
    handleProtocols: (offered) => [...offered][0] ?? false,
  });
  const clients = new Set<Client>();
  http.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    // Whatever is thrown here would end the process, and all that is under way in it
    try {
      const asked = askedFor(request, options, service);
      if (typeof asked === 'string') return refuse(socket, asked, counts);
      const { to } = asked;
      server.handleUpgrade(request, socket, head, (accepted) => {
        try {
          const client = new Client(accepted, service, to === undefined ? service.limits.waiting : HIGH);
          clients.add(client);
          void client.gone.then(() => clients.delete(client));
          if (to === undefined) serveWisp(client, service, accepted.protocol !== '');
          else serveRaw(client, to);
        } catch {
          accepted.terminate();
        }
      });
    } catch {
      refuse(socket, '400 Bad Request', counts);
    }
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
    close: (grace = 0) => close(http, clients, grace),
  };
}

function refuse(socket: Duplex, status: string, counts: Counts): void {
  counts.refused++;
  // Whoever does not close its side would keep the socket
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** The destination, `undefined` for Wisp, or the status line of a refusal. @throws for a URL that cannot be decoded. */
function askedFor(
  request: IncomingMessage,
  { origins }: RelayOptions,
  { counts, limits, passwords, allowed }: Service,
): { readonly to: Target | undefined } | string {
  if (origins !== undefined && !origins.includes(request.headers.origin ?? '')) return '403 Forbidden';
  if (counts.clients >= limits.clients) return '503 Service Unavailable';
  const text = targetText(request.url ?? '');
  if (text === undefined) return { to: undefined };
  const to = parseTarget(text);
  if (to === undefined) return '400 Bad Request';
  return passwords !== undefined || !allowed.allows(to) ? '403 Forbidden' : { to };
}

/** `host:port` of a raw connection; `undefined` where Wisp is asked for. */
function targetText(url: string): string | undefined {
  if (!url.startsWith('/') || url.startsWith('//')) throw new URIError('neither a path nor a query');
  const { pathname, searchParams } = new URL(`ws://relay${url}`);
  const last = decodeURIComponent(pathname.slice(pathname.lastIndexOf('/') + 1));
  return searchParams.get('address') ?? (last.includes(':') ? last : undefined);
}

async function close(http: Server, clients: ReadonlySet<Client>, grace: number): Promise<void> {
  const closed = new Promise<void>((resolve) => http.close(() => resolve()));
  http.closeIdleConnections();
  const timer = setTimeout(() => {
    for (const { socket } of clients) socket.close(1001, 'the relay ends');
    setTimeout(() => {
      for (const client of clients) client.destroy();
    }, 1000).unref();
  }, grace);
  await Promise.all([...clients].map((client) => client.gone));
  clearTimeout(timer);
  await closed;
}
