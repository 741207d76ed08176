/**
 * The other side of the native benchmark, in a process of its own so that its CPU time does not count: a `node:tls`
 * server on loopback. A client's first line says what it wants: `D<bytes>` downloads, `U<bytes>` uploads and gets `ok`,
 * else nothing.
 */
import { createServer, type TLSSocket } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { pki } from '@ferrule/conformance/pki';

const CHUNK = Buffer.alloc(256 * 1024, 'ferrule ');

const { keyPem, chainPem } = await pki('p256');
const server = createServer({ key: keyPem, cert: chainPem, noDelay: true }, (socket) => {
  socket.on('error', () => undefined);
  socket.once('data', (first: Buffer) => {
    const text = first.toString('latin1', 0, 32);
    const bytes = Number(/^[DU](\d+)\n/.exec(text)?.[1] ?? 0);
    if (text.startsWith('D')) download(socket, bytes);
    else if (text.startsWith('U')) upload(socket, bytes - (first.length - text.indexOf('\n') - 1));
  });
});
server.listen(0, '127.0.0.1', () => {
  void pki('root').then((root) =>
    process.send?.({
      port: (server.address() as AddressInfo).port,
      root: root.certificatePem,
      der: Buffer.from(root.certificate).toString('base64'),
    }),
  );
});
process.on('disconnect', () => process.exit(0));

function download(socket: TLSSocket, bytes: number): void {
  let left = bytes;
  const more = (): void => {
    while (left > 0) {
      const chunk = left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK;
      left -= chunk.length;
      if (!socket.write(chunk)) return void socket.once('drain', more);
    }
    socket.end();
  };
  more();
}

function upload(socket: TLSSocket, bytes: number): void {
  let left = bytes;
  socket.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left <= 0) socket.end('ok');
  });
}
