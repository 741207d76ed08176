import { pki } from '@ferrule/conformance/pki';
import { echo, TestServer, type TestServerOptions } from '@ferrule/conformance/server';
import { afterEach } from 'vitest';
import { connect, type ConnectOptions, type TlsConnection } from 'ferrule';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const each of cleanUp.splice(0).reverse()) await each();
});

/** Something to undo after the test. */
export function later(undo: () => unknown): void {
  cleanUp.push(undo);
}

export interface Listening {
  readonly server: TestServer;
  readonly port: number;
  /** Options that reach and trust it. */
  readonly options: ConnectOptions;
}

export async function listening(options: TestServerOptions = {}): Promise<Listening> {
  const server = await TestServer.make(options);
  later(() => server.close());
  const port = await server.listen();
  return {
    server,
    port,
    options: { host: '127.0.0.1', port, servername: 'server.test', ca: (await pki('root')).certificatePem },
  };
}

/** Each connection sends back what it gets. */
export async function echoing(options: TestServerOptions = {}): Promise<Listening> {
  const listener = await listening(options);
  void (async () => {
    for (;;) echo(await listener.server.accepted());
  })().catch(() => {});
  return listener;
}

export async function connected(options: ConnectOptions): Promise<TlsConnection> {
  const connection = await connect(options);
  later(() => connection.close());
  return connection;
}

export const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
export const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);

export async function readAll(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return new Uint8Array(Buffer.concat(parts));
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
