import { once } from 'node:events';
import { connect as dialTcp } from 'node:net';
import { pki } from '@ferrule/conformance/pki';
import { echo, TestServer } from '@ferrule/conformance/server';
import { connectOver, type ConnectOverOptions, type TlsConnection } from 'ferrule';
import type { Dial, WebSocketConstructor } from '@ferrule/web';
import { WebSocket } from 'ws';
import { afterEach } from 'vitest';
import { type Relay, type RelayOptions, startRelay } from '../src/relay.ts';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const each of cleanUp.splice(0).reverse()) await each();
});

/** Something to undo after the test. */
export function later(undo: () => unknown): void {
  cleanUp.push(undo);
}

/** Node 20 has none of its own. */
export const ws = { WebSocket: WebSocket as unknown as WebSocketConstructor };

/** A TLS server that sends back what it gets, behind a relay that lets nothing else be reached. */
export async function echoBehindRelay(
  options: Partial<RelayOptions> = {},
): Promise<{ readonly relay: Relay; readonly to: { readonly host: string; readonly port: number } }> {
  const server = await TestServer.make();
  later(() => server.close());
  const port = await server.listen();
  void (async () => {
    for (;;) echo(await server.accepted());
  })().catch(() => {});
  const relay = await startRelay({ allow: [`127.0.0.1:${port}`], ...options });
  later(() => relay.close());
  return { relay, to: { host: '127.0.0.1', port } };
}

export async function connectBy(
  dial: Dial,
  to: { readonly host: string; readonly port: number },
  options: ConnectOverOptions = {},
): Promise<TlsConnection> {
  const connection = await connectOver(await dial(to), {
    host: 'server.test',
    ca: (await pki('root')).certificatePem,
    ...options,
  });
  later(() => connection.destroy());
  return connection;
}

export async function readExactly(connection: TlsConnection, length: number): Promise<Uint8Array> {
  const into = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const n = await connection.read(into.subarray(at));
    if (n === 0) throw new Error(`the end after ${at} bytes`);
    at += n;
  }
  return into;
}

/** What the relay answers to a request for a WebSocket, byte for byte. */
export async function upgrade(relay: Relay, target: string, headers: string = ''): Promise<string> {
  const socket = dialTcp({ port: relay.port, host: '127.0.0.1' });
  const version = headers.includes('Version') ? '' : 'Sec-WebSocket-Version: 13\r\n';
  socket.write(
    `GET ${target} HTTP/1.1\r\nHost: relay\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${version}${headers}` +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  let answer = '';
  socket.on('data', (bytes) => (answer += String(bytes)));
  await once(socket, 'close');
  return answer;
}
