import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { pki } from '@ferrule/conformance/pki';
import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { ioredisOptions } from '@ferrule/node/adapters/ioredis';
import { TlsConnector } from '@ferrule/node/duplex';

it('disconnect() of ioredis tells no error, though Redis answers a close_notify by hanging up', async () => {
  const { keyPem: key, chainPem: cert } = await pki('p256');
  const server = net.createServer((raw) => {
    const socket = new tls.TLSSocket(raw, { isServer: true, key, cert });
    socket.on('data', (commands: Buffer) => socket.write('+OK\r\n'.repeat(commands.toString().split('*').length - 1)));
    socket.on('end', () => raw.destroy());
    for (const each of [raw, socket]) each.on('error', () => undefined);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as net.AddressInfo;
  const connector = new TlsConnector({ ca: (await pki('root')).certificate });
  const redis = new Redis({
    ...ioredisOptions(connector, { host: '127.0.0.1', port, tls: { servername: 'server.test' } }),
    enableReadyCheck: false,
  });
  const errors: unknown[] = [];
  redis.on('error', (error: unknown) => void errors.push(error));
  expect(await redis.set('key', 'value')).toBe('OK');
  redis.disconnect();
  await once(redis, 'end');
  expect(errors).toEqual([]);
  await connector.dispose();
  server.close();
});

it('disconnect() of ioredis leaves a peer that never answers, after its disconnectTimeout', async () => {
  const { keyPem: key, chainPem: cert } = await pki('p256');
  const sockets: net.Socket[] = [];
  const server = net.createServer({ allowHalfOpen: true }, (raw) => {
    sockets.push(raw);
    const socket = new tls.TLSSocket(raw, { isServer: true, key, cert, allowHalfOpen: true } as tls.TLSSocketOptions);
    // The one answer that there is
    socket.once('data', () => socket.write('+OK\r\n', () => raw.pause()));
    for (const each of [raw, socket]) each.on('error', () => undefined);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as net.AddressInfo;
  const connector = new TlsConnector({ ca: (await pki('root')).certificate });
  const redis = new Redis({
    ...ioredisOptions(connector, { host: '127.0.0.1', port, disconnectTimeout: 50 }),
    enableReadyCheck: false,
    disableClientInfo: true,
  });
  redis.on('error', () => undefined);
  await once(redis, 'connect');
  redis.disconnect();
  // By itself a connection that has ended waits 10 s for the other side
  await once(redis, 'end');
  for (const socket of sockets) socket.destroy();
  await connector.dispose();
  server.close();
}, 8_000);
