/** What ends an attempt, or a write, that nobody on the other side ends. */
import { TestServer } from '@ferrule/conformance/server';
import { describe, expect, it } from 'vitest';
import { createFetch } from '../src/fetch/index.ts';
import { createSockets } from '../src/sockets.ts';
import { serveTls, tlsWorker } from '../src/worker/index.ts';
import { later, tcp } from './https-server.ts';

const HOST = { host: 'a.example', port: 443 };

describe('`timeout`', () => {
  const options = { dial: () => new Promise<never>(() => {}), timeout: 50 };
  const page = (): ReturnType<typeof tlsWorker> => {
    const { port1, port2 } = new MessageChannel();
    later(() => port1.close());
    serveTls(port2, options);
    return tlsWorker(port1);
  };

  it.each<[string, () => Promise<unknown>]>([
    ['fetch()', () => createFetch(options)('https://a.example/')],
    ['a socket with TLS', () => createSockets(options).connect('a.example:443', { secureTransport: 'on' }).opened],
    [
      'a socket before TLS',
      () => createSockets(options).connect('a.example:443', { secureTransport: 'starttls' }).opened,
    ],
    ['a plain socket', () => createSockets(options).connect('a.example:443').opened],
    ['a worker', () => page().connect(HOST)],
  ])('of %s counts the dial', async (_name, attempt) => {
    await expect(attempt()).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringContaining('within 50 ms, waiting for what dial() opens'),
    });
  });

  it('frees the place of a connection that could not be dialled', async () => {
    const fetch = createFetch({ ...options, connections: 1 });
    for (let i = 0; i < 3; i++) await expect(fetch('https://a.example/')).rejects.toMatchObject({ code: 'TIMEOUT' });
  });
});

describe('abort() of a writable', () => {
  it('ends a connection of a worker whose peer takes nothing', async () => {
    const server = await TestServer.make();
    later(() => server.close());
    const port = await server.listen();
    const { port1, port2 } = new MessageChannel();
    later(() => port1.close());
    serveTls(port2, { dial: tcp, verify: 'none' });
    const connection = await tlsWorker(port1).connect({ host: '127.0.0.1', port });
    (await server.accepted()).pause();
    const writer = connection.writable.getWriter();
    writer.closed.catch(() => {});
    await writer.write(Uint8Array.of(1));
    const writing = writer.write(new Uint8Array(16 << 20)).catch((error: unknown) => error);
    await writer.abort(new Error('enough'));
    await connection.closed;
    expect(await writing).toBeInstanceOf(Error);
  });
});
