/** @module Engines, servers and streams for the tests of the Duplex. */
import { once } from 'node:events';
import net from 'node:net';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import { pki } from '@ferrule/conformance/pki';
import { chooseBackend } from 'ferrule';
import { afterEach } from 'vitest';
import { TlsConnector, type ConnectorOptions, type DuplexOptions, type TlsDuplex } from '../src/duplex/index.ts';

const all = await Promise.all(
  (['native', 'pure'] as const).map(async (name) => ({
    name,
    available: await chooseBackend(name).then(
      () => true,
      () => false,
    ),
  })),
);

export const engines: readonly { readonly name: 'native' | 'pure' }[] = all.filter(({ available }) => available);

export const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const each of undo.splice(0).reverse()) await each();
});

export async function listening<S extends net.Server>(
  server: S,
  path?: string,
): Promise<S & { readonly port: number }> {
  const sockets = new Set<net.Socket>();
  server.on(
    'connection',
    (socket: net.Socket) =>
      void sockets.add(socket.on('error', () => undefined).once('close', () => sockets.delete(socket))),
  );
  undo.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  server.listen(path === undefined ? { port: 0, host: '127.0.0.1' } : { path });
  await once(server, 'listening');
  return Object.assign(server, { port: path === undefined ? (server.address() as net.AddressInfo).port : 0 });
}

export async function secure(
  onConnection: (socket: tls.TLSSocket) => void,
): Promise<tls.Server & { readonly port: number }> {
  const { keyPem, chainPem } = await pki('p256');
  return listening(
    tls.createServer({ key: keyPem, cert: chainPem, allowHalfOpen: true }, (socket) =>
      onConnection(socket.on('error', () => undefined)),
    ),
  );
}

/** In the tick of `secureConnection` Node 20 ends without close_notify. */
export const says =
  (text: string) =>
  (socket: tls.TLSSocket): void =>
    void setImmediate(() => socket.end(text));

/** A stream of the caller's over a socket, which takes its time. */
export class Slow extends Duplex {
  /** Bytes whose callback has been called. */
  sent = 0;
  readonly socket: net.Socket;
  readonly #milliseconds: number;
  constructor(port: number, milliseconds: number) {
    super({ allowHalfOpen: true });
    this.#milliseconds = milliseconds;
    this.socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.socket
      .on('data', (chunk: Buffer) => this.push(chunk))
      .on('end', () => this.push(null))
      .on('error', (error) => this.destroy(error));
  }
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    setTimeout(() => {
      this.sent += chunk.length;
      this.socket.write(chunk, callback);
    }, this.#milliseconds);
  }
  override _final(callback: () => void): void {
    this.socket.end(callback);
  }
  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.socket.destroy();
    callback(error);
  }
}

export const dialling =
  (backend: 'native' | 'pure') =>
  async (options: Partial<DuplexOptions>, shared: ConnectorOptions = {}): Promise<TlsDuplex> => {
    const connector = new TlsConnector({ backend, ca: (await pki('root')).certificatePem, ...shared });
    const duplex = connector.duplex({
      servername: 'server.test',
      ...(options.stream === undefined && { host: '127.0.0.1' }),
      ...options,
    });
    undo.push(() => duplex.destroy());
    return duplex;
  };

export const failure = async (duplex: TlsDuplex): Promise<unknown> => ((await once(duplex, 'error')) as [unknown])[0];
