/**
 * The other side of the benchmark, in a process of its own so that its CPU time does not count: `node:tls` servers on
 * loopback. The first line of a client says what it wants: `D<bytes>` downloads so many, `U<bytes>` uploads them and
 * gets `ok`, after `E` each message comes back, after `S` nothing does.
 *
 * It starts a second process of its own, with one server that has the same key: what is measured beside downloads must
 * not wait for the process that sends them.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type TlsOptions, type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { pki } from '@ferrule/conformance/pki';
import type { Peer } from './client.ts';

const CHUNK = Buffer.alloc(256 * 1024, 'ferrule ');
const base64 = (der: Uint8Array): string => Buffer.from(der).toString('base64');

async function serve(options: TlsOptions): Promise<number> {
  const server = createServer({ noDelay: true, ...options }, (socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (first: Buffer) => begin(socket, first));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 4096, resolve));
  return (server.address() as AddressInfo).port;
}

function begin(socket: TLSSocket, first: Buffer): void {
  const text = first.toString('latin1', 0, 32);
  const line = text.slice(0, text.indexOf('\n'));
  const bytes = Number(line.slice(1));
  const rest = first.subarray(line.length + 1);
  switch (line[0]) {
    case 'D':
      return download(socket, bytes);
    case 'U':
      return upload(socket, bytes - rest.length);
    case 'E':
      if (rest.length > 0) socket.write(rest);
      return void socket.on('data', (chunk: Buffer) => socket.write(chunk));
    default:
      socket.resume();
  }
}

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

const [second] = process.argv.slice(2);
if (second !== undefined) {
  process.send?.(await serve(JSON.parse(second) as TlsOptions));
} else {
  process.send?.(await first());
}
process.on('disconnect', () => process.exit(0));

async function first(): Promise<Peer> {
  const [{ keyPem, chainPem }, rsa, own, root] = await Promise.all([
    pki('p256'),
    pki('rsa'),
    pki('client'),
    pki('root'),
  ]);
  const ec = { key: keyPem, cert: chainPem };
  const other = fork(fileURLToPath(import.meta.url), [JSON.stringify(ec)]);
  const [port] = (await once(other, 'message')) as [number];
  return {
    ports: {
      ec: await serve(ec),
      other: port,
      rsa: await serve({ key: rsa.keyPem, cert: rsa.chainPem }),
      client: await serve({ ...ec, requestCert: true, rejectUnauthorized: true, ca: root.certificatePem }),
    },
    root: root.certificatePem,
    der: base64(root.certificate),
    own: { chainPem: own.chainPem, keyPem: own.keyPem, chain: own.chain.map(base64), key: base64(own.key) },
  };
}
