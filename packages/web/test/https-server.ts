/** Servers for fetch(): Node's own, and ones that say what a test wants, byte for byte. */
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { pki } from '@ferrule/conformance/pki';
import { afterEach } from 'vitest';
import { createFetch, type Fetch, type FetchOptions } from '../src/fetch/index.ts';
import type { Dial } from '../src/index.ts';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const each of cleanUp.splice(0).reverse()) await each();
});

/** Something to undo after the test. */
export function later(undo: () => unknown): void {
  cleanUp.push(undo);
}

/** A pipe over a socket of Node's. */
export const tcp: Dial = async ({ host, port }, signal) => {
  const socket = connect({ host, port, noDelay: true });
  later(() => socket.destroy());
  await once(socket, 'connect', { signal });
  const chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  return {
    read: async () => {
      const { done, value } = await chunks.next();
      return done === true ? null : value;
    },
    write: (bytes) =>
      new Promise((resolve, reject) => socket.write(bytes, (error) => (error ? reject(error) : resolve()))),
    closeWrite: () => new Promise((resolve) => socket.end(resolve)),
    close: () => void socket.destroy(),
  };
};

export async function fetchOver(options: Partial<FetchOptions> = {}): Promise<Fetch> {
  const fetch = createFetch({ dial: tcp, ca: (await pki('root')).certificatePem, ...options });
  later(() => fetch.close());
  return fetch;
}

export interface Served {
  readonly url: string;
  /** TCP connections that were made. */
  readonly connections: () => number;
  /** Those that are open. */
  readonly sockets: ReadonlySet<Socket>;
}

/** Node's server of HTTPS. */
export async function serve(listener: RequestListener): Promise<Served> {
  const { keyPem, chainPem } = await pki('p256');
  return listening(createServer({ key: keyPem, cert: chainPem }, listener));
}

/** `talk` is called for each connection, with what the client has said first. */
export async function serveRaw(talk: (socket: TLSSocket, asked: string, connection: number) => void): Promise<Served> {
  const { keyPem, chainPem } = await pki('p256');
  let count = 0;
  const server = createTlsServer({ key: keyPem, cert: chainPem, allowHalfOpen: true }, (socket) => {
    const connection = ++count;
    socket.on('error', () => {}).on('end', () => socket.end());
    socket.on('data', (bytes: Buffer) => talk(socket, bytes.toString('latin1'), connection));
  });
  return listening(server);
}

async function listening(server: ReturnType<typeof createTlsServer>): Promise<Served> {
  const sockets = new Set<Socket>();
  let count = 0;
  server.on('connection', (socket: Socket) => {
    count++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  later(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { url: `https://localhost:${(server.address() as AddressInfo).port}`, connections: () => count, sockets };
}

/** Waits for what another event of this process brings about. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
