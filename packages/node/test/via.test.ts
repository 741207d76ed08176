/** connect() along the routes of @ferrule/node/transports, and over any Duplex. */
import { once } from 'node:events';
import { type AddressInfo, connect as connectTcp, createServer, type Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { pki } from '@ferrule/conformance/pki';
import { httpProxy, socksProxy } from '@ferrule/conformance/server';
import { connect, connectOver } from 'ferrule';
import { afterAll, describe, expect, it } from 'vitest';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { dial, streamTransport, via } from '@ferrule/node/transports';

const closing: { close(): unknown }[] = [];
afterAll(() => {
  for (const each of closing) each.close();
});
function kept<T extends { close(): unknown }>(each: T): T {
  closing.push(each);
  return each;
}

async function listen(server: Server): Promise<number> {
  kept(server).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function echoOverTls(): Promise<number> {
  const { keyPem, chainPem } = await pki('p256');
  return listen(
    createTlsServer({ key: keyPem, cert: chainPem }, (socket) => void socket.on('error', () => {}).pipe(socket)),
  );
}

/** Binary frames of a WebSocket, to a port of this machine. */
async function relay(port: number): Promise<number> {
  const server = kept(new WebSocketServer({ port: 0, host: '127.0.0.1' }));
  server.on('connection', (ws) => {
    const [near, far] = [createWebSocketStream(ws), connectTcp(port, '127.0.0.1')];
    near.on('error', () => far.destroy()).pipe(far);
    far.on('error', () => near.destroy()).pipe(near);
  });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('connect()', () => {
  const ca = async (): Promise<string> => (await pki('root')).certificatePem;

  it.each(['socks5', 'http', 'ws', 'tcp'] as const)('goes by %s, with a dial of via()', async (scheme) => {
    const port = await echoOverTls();
    const made = { socks5: socksProxy, http: httpProxy };
    const way =
      scheme === 'tcp' ? port : scheme === 'ws' ? await relay(port) : kept(await made[scheme](() => port)).port;
    const route = via(`${scheme}://127.0.0.1:${way}`);
    const connection = await connect({ host: 'server.test', dial: route, ca: await ca() });
    await connection.write(Buffer.from('ping'));
    const into = new Uint8Array(4);
    expect([await connection.read(into), String(Buffer.from(into))]).toEqual([4, 'ping']);
    await connection.close();
    const abort = AbortSignal.abort();
    await expect(route({ host: 'server.test', port }, abort)).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('says which proxy failed', async () => {
    const closed = await listen(createServer((socket) => void socket.destroy()));
    const attempt = connect({ host: 'server.test', dial: via(`socks5://127.0.0.1:${closed}`), ca: await ca() });
    await expect(attempt).rejects.toMatchObject({ code: 'PROXY_CLOSED' });
    expect(() => via(undefined as never)).toThrow(TypeError);
  });

  it('goes over any Duplex by streamTransport()', async () => {
    const port = await echoOverTls();
    const stream = await dial(undefined, { host: '127.0.0.1', port });
    const transport = streamTransport(stream, 'a stream', '127.0.0.1');
    const connection = await connectOver(transport, { host: 'server.test', ca: await ca() });
    expect(connection.info.remote).toBe('127.0.0.1');
    await connection.close();
  });
});
