/**
 * @module Proxies for tests, on loopback: HTTP CONNECT and SOCKS5 (RFC 1928, RFC 1929). What they answer is the test's
 * to say.
 */
import { createServer as createHttpServer, STATUS_CODES } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export interface TestProxy {
  readonly port: number;
  /** `host:port` of each request, as it was named. */
  readonly targets: readonly string[];
  close(): void;
}

/** Where to: a port of loopback, somebody who takes the connection over, or a refusal in the words of the protocol. */
export type Lead = (
  target: string,
  authorization: string | undefined,
) => number | ((stream: Duplex) => void) | { readonly refusal: number };

/** A proxy for HTTP CONNECT; a refusal is a status. */
export async function httpProxy(lead: Lead): Promise<TestProxy> {
  const targets: string[] = [];
  const server = createHttpServer((_request, response) => response.writeHead(405).end());
  server.on('connect', ({ url = '', headers }, socket, first: Buffer) => {
    socket.on('error', () => {});
    targets.push(url);
    const way = lead(url, headers['proxy-authorization']);
    if (typeof way === 'object')
      return socket.end(`HTTP/1.1 ${way.refusal} ${STATUS_CODES[way.refusal] ?? ''}\r\nContent-Length: 0\r\n\r\n`);
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    socket.unshift(first);
    follow(way, socket);
  });
  return listening(server, targets);
}

/** A SOCKS5 proxy; a refusal is a reply code. With credentials it wants those. */
export async function socksProxy(
  lead: Lead,
  credentials?: { readonly username: string; readonly password: string },
): Promise<TestProxy> {
  const targets: string[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => void serve(socket).catch(() => socket.destroy()));
  const serve = async (socket: Socket): Promise<void> => {
    const read = reader(socket);
    const [, methods = 0] = await read(2);
    const offered = await read(methods);
    const method = credentials === undefined ? 0 : 2;
    if (!offered.includes(method)) return void socket.end(Buffer.from([5, 0xff]));
    socket.write(Buffer.from([5, method]));
    if (credentials !== undefined && !(await authenticated(socket, read, credentials))) return;
    const [, , , kind] = await read(4);
    const host = await (kind === 3
      ? read(1).then(async ([length = 0]) => (await read(length)).toString())
      : read(kind === 4 ? 16 : 4).then((bytes) => [...bytes].join('.')));
    const target = `${host}:${(await read(2)).readUInt16BE()}`;
    targets.push(target);
    const way = lead(target, undefined);
    const answer = (code: number): Buffer => Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0]);
    if (typeof way === 'object') return void socket.end(answer(way.refusal));
    socket.write(answer(0));
    follow(way, socket);
  };
  return listening(server, targets);
}

async function authenticated(
  socket: Socket,
  read: (n: number) => Promise<Buffer>,
  { username, password }: { readonly username: string; readonly password: string },
): Promise<boolean> {
  const [, length = 0] = await read(2);
  const given = [(await read(length)).toString(), (await read((await read(1))[0] ?? 0)).toString()];
  const right = given[0] === username && given[1] === password;
  if (right) socket.write(Buffer.from([1, 0]));
  else socket.end(Buffer.from([1, 1]));
  return right;
}

function follow(way: number | ((stream: Duplex) => void), stream: Duplex): void {
  if (typeof way === 'function') return way(stream);
  const onward = connect({ port: way, host: '127.0.0.1', allowHalfOpen: true });
  onward.on('error', () => stream.destroy());
  stream.on('close', () => onward.destroy());
  stream.pipe(onward).pipe(stream);
}

/** Exactly so many bytes, whatever the chunks. */
function reader(socket: Socket): (n: number) => Promise<Buffer> {
  socket.on('error', () => {});
  return async (n) => {
    for (;;) {
      const bytes = (n === 0 ? Buffer.alloc(0) : socket.read(n)) as Buffer | null;
      if (bytes !== null && bytes.length === n) return bytes;
      if (socket.readableEnded || socket.destroyed) throw new Error('the client hung up');
      await new Promise((resolve) => socket.once('readable', resolve).once('close', resolve));
    }
  };
}

async function listening(server: Server, targets: readonly string[]): Promise<TestProxy> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    targets,
    close: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
