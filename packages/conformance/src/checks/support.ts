/** @module What the checks share: one server, one client, torn down at the end. */
import assert from 'node:assert/strict';
import type { Backend, ContextOptions } from '@ferrule/contract';
import { type TlsErrorCode, x509VName } from '@ferrule/result';
import { Client, type ClientOptions } from '../client.ts';
import type { Wire } from '../server/peer.ts';
import { TestServer, type TestServerOptions } from '../server/tls-server.ts';

export interface Scene {
  readonly server: TestServer;
  readonly client: Client;
  readonly wire: Wire;
}

/** A fresh in-memory server and a client on it, not yet connected. */
export async function scene<T>(
  backend: Backend,
  { server: serverOptions, ...clientOptions }: ClientOptions & { readonly server?: TestServerOptions },
  play: (scene: Scene) => Promise<T>,
): Promise<T> {
  const server = await TestServer.make(serverOptions);
  try {
    const wire = server.open();
    const client = await Client.make(backend, wire, clientOptions);
    try {
      return await play({ server, client, wire });
    } finally {
      client.ssl.dispose();
    }
  } finally {
    server.close();
  }
}

/** As {@link scene}, over a loopback socket: where a server gives up, its last alert must not be lost in a stream. */
export async function socketScene<T>(
  backend: Backend,
  { server: serverOptions, ...clientOptions }: ClientOptions & { readonly server?: TestServerOptions },
  play: (scene: Omit<Scene, 'wire'>) => Promise<T>,
): Promise<T> {
  const server = await TestServer.make(serverOptions);
  try {
    const client = await Client.make(backend, await server.dial(), clientOptions);
    try {
      return await play({ server, client });
    } finally {
      client.ssl.dispose();
    }
  } finally {
    server.close();
  }
}

/** Connects to such a server. */
export async function connects(
  backend: Backend,
  options: ContextOptions,
  server: TestServerOptions = {},
): Promise<void> {
  await scene(backend, { server, options }, ({ client }) => client.established());
}

/** Is refused by it: with this X509_V code, where it is given, and this code. */
export async function refuses(
  backend: Backend,
  options: ContextOptions,
  server: TestServerOptions,
  verify: number | undefined,
  code?: TlsErrorCode,
): Promise<void> {
  await scene(backend, { server, options }, async ({ client }) => {
    const { error } = await client.refused();
    if (verify !== undefined) assert.equal(x509VName(error.verify?.code ?? -1), x509VName(verify), error.message);
    if (code !== undefined) assert.equal(error.code, code);
  });
}

/** Another connection to the same server. */
export async function again(backend: Backend, server: TestServer, options: ClientOptions = {}): Promise<Client> {
  return Client.make(backend, server.open(), options);
}

/** The OpenSSL that the test server runs on: 3.5 knows ML-KEM and ML-DSA. */
export const serverIsPostQuantum: boolean = atLeast(process.versions.openssl ?? '0', 3, 5);

function atLeast(version: string, major: number, minor: number): boolean {
  const [a = 0, b = 0] = version.split('.').map(Number);
  return a > major || (a === major && b >= minor);
}

/** `length` bytes that differ from place to place. */
export const pattern = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
