/** @module The server that installed packages connect to: node:tls, one page. */
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { pki } from '@ferrule/conformance/pki';
import type { Server } from './programs.ts';

export async function startServer(): Promise<Server & { stop(): void }> {
  const [root, leaf] = [await pki('root'), await pki('p256')];
  const server = createServer({ key: leaf.keyPem, cert: leaf.chainPem }, (socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello'));
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return { port, root: root.certificatePem, stop: () => server.close() };
}
