import { createServer, type AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import { once } from 'node:events';
import { pki } from '@ferrule/conformance/pki';
import { createSockets, type Socket, wispDial } from '@ferrule/web';
import { expect, it } from 'vitest';
import { startRelay } from '../src/relay.ts';
import { echoBehindRelay, later, ws } from './support.ts';

async function sockets(relay: string): Promise<ReturnType<typeof createSockets>> {
  const dial = wispDial({ relay, ...ws });
  later(() => dial.close());
  // Names of tests are in no DNS
  return createSockets({
    dial: ({ port }) => dial({ host: '127.0.0.1', port }),
    ca: (await pki('root')).certificatePem,
  });
}

async function say(socket: Socket, text: string): Promise<void> {
  const writer = socket.writable.getWriter();
  await writer.write(new TextEncoder().encode(text));
  writer.releaseLock();
}

async function hear(socket: Socket, length: number): Promise<string> {
  const reader = socket.readable.getReader();
  let got = '';
  while (got.length < length) got += new TextDecoder().decode((await reader.read()).value ?? new Uint8Array(0));
  reader.releaseLock();
  return got;
}

it("secureTransport 'on' is verified TLS under the CA that was given", async () => {
  const { relay, to } = await echoBehindRelay();
  const { connect } = await sockets(relay.url);
  const socket = connect({ hostname: 'server.test', port: to.port }, { secureTransport: 'on' });
  // Before it is open
  await say(socket, 'hello');
  expect(await hear(socket, 5)).toBe('hello');
  expect(await socket.opened).toEqual({ remoteAddress: undefined, alpn: undefined });
  expect([socket.secureTransport, socket.upgraded]).toEqual(['on', false]);
  await socket.close();
  await socket.closed;

  const wrong = connect({ hostname: 'elsewhere.test', port: to.port }, { secureTransport: 'on' });
  await expect(wrong.opened).rejects.toMatchObject({ code: 'CERT_NAME_MISMATCH' });
  await expect(wrong.closed).rejects.toMatchObject({ code: 'CERT_NAME_MISMATCH' });
});

it.each(['in order', 'while a read is under way'])(
  'startTls() takes over the pipe after a dialogue in plain text, %s',
  async (when) => {
    const { keyPem, chainPem, certificatePem } = await pki('p256');
    const server = createServer((raw) => {
      raw.once('data', (asked) => {
        raw.write('S');
        const tls = new TLSSocket(raw, { isServer: true, key: keyPem, cert: certificatePem + chainPem });
        tls.on('data', (bytes) => tls.write(bytes)).on('error', () => {});
        expect(String(asked)).toBe('TLS?');
      });
      raw.on('error', () => {});
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    later(() => server.close());
    const { port } = server.address() as AddressInfo;
    const relay = await startRelay({ allow: [`127.0.0.1:${port}`] });
    later(() => relay.close());
    const plain = (await sockets(relay.url)).connect(`server.test:${port}`, { secureTransport: 'starttls' });
    await say(plain, 'TLS?');
    expect(await hear(plain, 1)).toBe('S');
    if (when !== 'in order') {
      const reader = plain.readable.getReader();
      const read = reader.read().catch((error: unknown) => error);
      reader.releaseLock();
      expect(await read).toBeInstanceOf(TypeError);
    }
    const socket = plain.startTls();
    expect(plain.upgraded).toBe(true);
    expect(() => plain.startTls()).toThrow(TypeError);
    await say(socket, 'inside');
    expect(await hear(socket, 6)).toBe('inside');
    await socket.close();
  },
);

it('refuses what is not an address, no bytes and no startTls()', async () => {
  const { relay, to } = await echoBehindRelay();
  const { connect } = await sockets(relay.url);
  expect(() => connect('server.test')).toThrow(TypeError);
  expect(() => connect('server.test:1', { secureTransport: 'yes' as 'on' })).toThrow(TypeError);
  const socket = connect({ hostname: '127.0.0.1', port: to.port });
  expect(() => socket.startTls()).toThrow(TypeError);
  await expect(socket.writable.getWriter().write('text' as never)).rejects.toThrow(TypeError);
  await socket.close();
});
