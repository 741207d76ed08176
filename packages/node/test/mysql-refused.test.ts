/** @module What mysqlOverTls() refuses sends nothing more: mysql2 would log in by itself. */
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { pki } from '@ferrule/conformance/pki';
import { createConnection, createPool, type Pool } from 'mysql2';
import { afterEach, describe, expect, it } from 'vitest';
import { mysqlOverTls } from '../src/adapters/mysql2.ts';
import { TlsConnector } from '../src/duplex/index.ts';

/** Protocol::HandshakeV10 of a server with CLIENT_SSL and CLIENT_PLUGIN_AUTH. */
const GREETING = Buffer.concat([
  Buffer.from([10]),
  Buffer.from('8.0.1\0'),
  Buffer.from([1, 0, 0, 0]),
  Buffer.from('12345678\0'),
  Buffer.from([0xff, 0xff, 33, 2, 0, 0xff, 0xc1, 21]),
  Buffer.alloc(10),
  Buffer.from('123456789012\0caching_sha2_password\0'),
]);

/** Bytes. */
const SSL_REQUEST = 36;

const servers: net.Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** What a server hears of a pool. */
async function serve(): Promise<{
  readonly port: number;
  heard: number;
  connections: number;
  readonly greet: () => void;
  readonly deserted: () => Promise<unknown>;
}> {
  const sockets: net.Socket[] = [];
  const told = {
    port: 0,
    heard: 0,
    connections: 0,
    greet: () => {
      for (const socket of sockets) socket.write(Buffer.concat([Buffer.from([GREETING.length, 0, 0, 0]), GREETING]));
    },
    deserted: () => Promise.all(sockets.map(async (socket) => socket.closed || once(socket, 'close'))),
  };
  const server = net.createServer((socket) => {
    told.connections++;
    sockets.push(socket);
    socket.on('error', () => undefined).on('data', (bytes) => (told.heard += bytes.length));
  });
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  told.port = (server.address() as AddressInfo).port;
  return told;
}

const asked = (pool: Pool): Promise<Error | null> =>
  new Promise((resolve) => pool.query('select 1', (error) => resolve(error)));

describe('a pool that mysqlOverTls() refuses', () => {
  it.each([
    ['has connected already', { ssl: {} }, true, /too late/],
    ['has no ssl', {}, false, /without ssl/],
  ] as const)('because it %s ends, and nothing is sent', async (_why, options, isLate, message) => {
    const connector = new TlsConnector({ ca: (await pki('root')).certificatePem });
    const server = await serve();
    const pool = createPool({ host: '127.0.0.1', port: server.port, user: 'u', password: 'p', ...options });
    const late = isLate ? asked(pool) : undefined;
    if (isLate) await expect.poll(() => server.connections).toBe(1);
    expect(() => mysqlOverTls(pool, connector, 'localhost')).toThrow(message);
    server.greet();
    expect(await asked(pool)).toMatchObject({ message: expect.stringMatching(/closed/) as string });
    expect(await late).not.toBeNull();
    expect([server.heard, server.connections]).toEqual([0, isLate ? 1 : 0]);
  });
});

describe('a connection', () => {
  it.each([
    ['of mysql2', (port: number) => ({ port })],
    [
      'over a stream that counts nothing',
      (port: number) => ({ stream: Object.defineProperty(net.connect(port, '127.0.0.1'), 'bytesRead', { value: 0 }) }),
    ],
  ])('%s in which mysql2 has begun TLS by itself is refused, and says no more', async (_which, way) => {
    const connector = new TlsConnector({ ca: (await pki('root')).certificatePem });
    const server = await serve();
    const connection = createConnection({ host: '127.0.0.1', user: 'u', password: 'p', ssl: {}, ...way(server.port) });
    connection.on('error', () => undefined);
    await expect.poll(() => server.connections).toBe(1);
    server.greet();
    await expect.poll(() => server.heard).toBeGreaterThan(SSL_REQUEST);
    const { heard } = server;
    expect(() => mysqlOverTls(connection, connector, 'localhost')).toThrow(/too late/);
    server.greet();
    await server.deserted();
    expect(server.heard).toBe(heard);
  });
});
