/**
 * The way to the server is the connector's: its `dial` is asked, and an environment with proxies leads nobody
 * elsewhere.
 */
import net from 'node:net';
import { pki } from '@ferrule/conformance/pki';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { TlsConnector } from '../src/duplex/index.ts';
import { dialer } from '../src/transports/index.ts';
import { SECRET, type Use, USES } from './adapter-uses.ts';
import { type Identity, record, type Recorder } from './recorder.ts';

let ca: string;
let honest: Identity;

beforeAll(async () => {
  const [root, leaf] = [await pki('root'), await pki('p256')];
  ca = root.certificatePem;
  honest = { key: leaf.keyPem, cert: leaf.chainPem };
});

let servers: Recorder[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(servers.map((server) => server.close()));
  servers = [];
});

async function serverFor(use: Use): Promise<Recorder> {
  const server = await record({
    identity: honest,
    tls: use.tls,
    talk: (offers) => use.talk(offers),
    until: SECRET,
    ...(use.alpn && { alpn: use.alpn }),
  });
  servers.push(server);
  return server;
}

/** The words of an error, and of what caused it. */
const reason = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'nothing failed',
    (error: Error) => `${error.message} ${error.cause instanceof Error ? error.cause.message : ''}`,
  );

/** They open their sockets by themselves. */
const NEVER_DIAL = ['mysql2', 'mysql2, a pool with promises', 'grpc'];

describe.each(Object.entries(USES))('%s', (name, use) => {
  it(
    NEVER_DIAL.includes(name)
      ? 'is refused for a connector with a dial, which it would not ask'
      : 'asks the dial for each connection',
    async () => {
      const server = await serverFor(use);
      const asked: string[] = [];
      const straight = dialer(`tcp://127.0.0.1:${server.port}`);
      const connector = new TlsConnector({
        ca,
        ...(use.alpn && { alpn: use.alpn }),
        dial: (to) => {
          asked.push(to.host);
          return straight(to);
        },
      });
      const [outcome] = await Promise.allSettled([
        (async (): Promise<unknown> => use.begin(connector, server.port).over)(),
      ]);
      if (NEVER_DIAL.includes(name)) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(TypeError) as unknown });
        expect(server.secret() + server.plain()).toBe('');
      } else {
        expect(server.secret()).toContain(SECRET);
        // By its name, which the far end of the way looks up
        expect(asked).toEqual(Array.from({ length: server.connections() }, () => 'localhost'));
      }
    },
  );

  if (!NEVER_DIAL.includes(name))
    it('tells who asked where the dial gives what is closed already', async () => {
      const dial = (): net.Socket => new net.Socket().destroy();
      const connector = new TlsConnector({ ca, ...(use.alpn && { alpn: use.alpn }), dial });
      await expect(reason(use.begin(connector, 4433).over)).resolves.toMatch(/closed/);
    });

  it('shows a proxy of the environment nothing', async () => {
    const server = await serverFor(use);
    const proxy = await record({
      identity: undefined,
      tls: 'when asked',
      talk: () => ({ answer: () => ({ send: 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n' }) }),
      until: SECRET,
    });
    servers.push(proxy);
    for (const each of ['http_proxy', 'https_proxy', 'all_proxy'])
      for (const variable of [each, each.toUpperCase()]) vi.stubEnv(variable, `http://127.0.0.1:${proxy.port}`);
    // grpc-js honours these: then it is a tunnel to the server, which we speak to
    for (const variable of ['no_grpc_proxy', 'grpc_proxy', 'no_proxy', 'NO_PROXY'])
      vi.stubEnv(variable, variable === 'no_grpc_proxy' ? 'localhost' : '');
    await use
      .begin(new TlsConnector({ ca, ...(use.alpn && { alpn: use.alpn }) }), server.port)
      .over.catch(() => undefined);
    expect(proxy.connections()).toBe(0);
    expect(server.secret()).toContain(SECRET);
  });
});
