/**
 * Adapters of one copy of this package with a connector of another, as in CommonJS, where each entry point has a copy of
 * its own, and where one part of a program imports what another requires.
 */
import { once } from 'node:events';
import { Client as GrpcClient } from '@grpc/grpc-js';
import { pki } from '@ferrule/conformance/pki';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { record, type Recorder, type RecorderOptions } from './recorder.ts';

vi.resetModules();
const { TlsConnector } = await import('../src/duplex/index.ts');
vi.resetModules();
const { SECRET, USES } = await import('./adapter-uses.ts');
const { http2Connect } = await import('../src/adapters/http2.ts');
const { grpcCredentials } = await import('../src/adapters/grpc.ts');
afterAll(() => void vi.resetModules());

const ca = (await pki('root')).certificatePem;
const leaf = await pki('p256');
const identity = { key: leaf.keyPem, cert: leaf.chainPem };

const servers: Recorder[] = [];
afterEach(async () => void (await Promise.all(servers.splice(0).map((server) => server.close()))));
async function serve(options: Omit<RecorderOptions, 'identity' | 'until'>): Promise<Recorder> {
  const server = await record({ ...options, identity, until: SECRET });
  servers.push(server);
  return server;
}

it.each(Object.entries(USES))('%s: the server that the connector takes is told the secret', async (_name, use) => {
  const alpn = use.alpn && { alpn: use.alpn };
  const server = await serve({ tls: use.tls, talk: (offers) => use.talk(offers), ...alpn });
  const { over } = use.begin(new TlsConnector({ ca, ...alpn }), server.port);
  await over.catch(() => undefined);
  expect(server.secret()).toContain(SECRET);
});

describe.each([
  ['another protocol', ['http/1.1']],
  ['no protocol', []],
])('HTTP/2, to a server that chooses %s, sends nothing:', (_which, alpn) => {
  const mixed = (): InstanceType<typeof TlsConnector> => new TlsConnector({ ca, alpn: ['h2', 'http/1.1'] });
  const silent = { tls: 'at once', talk: () => ({ answer: () => undefined }), alpn } as const;

  it('http2', async () => {
    const server = await serve(silent);
    const session = http2Connect(mixed(), `https://localhost:${server.port}`);
    session.request({ 'x-secret': SECRET }).on('error', () => undefined);
    await expect(once(session, 'close')).rejects.toThrow(/HTTP\/2 alone is spoken/);
    expect(server.secret()).toBe('');
  });

  it('grpc', async () => {
    const server = await serve(silent);
    const client = new GrpcClient(`localhost:${server.port}`, grpcCredentials(mixed(), { servername: 'localhost' }));
    const asIs = (bytes: Buffer): Buffer => bytes;
    const call = new Promise((_resolve, reject) =>
      client.makeUnaryRequest('/a/b', asIs, asIs, Buffer.from(SECRET), (error) => reject(error as Error)),
    );
    await expect(call).rejects.toThrow(/HTTP\/2 alone is spoken/);
    client.close();
    expect(server.secret()).toBe('');
  });
});
