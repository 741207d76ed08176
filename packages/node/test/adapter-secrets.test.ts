import { pki } from '@ferrule/conformance/pki';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TlsConnector } from '../src/duplex/index.ts';
import { ENGINES } from './adapter-engines.ts';
import { SECRET, type Use, USES } from './adapter-uses.ts';
import { type Identity, record, type Recorder } from './recorder.ts';

let ca: string;
let honest: Identity;
let impostor: Identity;

beforeAll(async () => {
  const [root, leaf, stranger] = [await pki('root'), await pki('p256'), await pki('selfSigned')];
  ca = root.certificatePem;
  honest = { key: leaf.keyPem, cert: leaf.chainPem };
  impostor = { key: stranger.keyPem, cert: stranger.chainPem };
});

let servers: Recorder[] = [];
afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  servers = [];
});

async function serverFor(use: Use, identity: Identity | 'mute' | undefined): Promise<Recorder> {
  const server = await record({
    identity,
    tls: use.tls,
    talk: (offers) => use.talk(offers),
    until: SECRET,
    ...(use.alpn && { alpn: use.alpn }),
  });
  servers.push(server);
  return server;
}

/** How a use ends: nobody cares, but that it does. */
const over = (work: Promise<unknown>): Promise<void> =>
  work.then(
    () => undefined,
    () => undefined,
  );

describe.each(ENGINES)('on the $name engine', async ({ name: backend, available }) => {
  describe.skipIf(!(await available)).each(Object.entries(USES))('%s', (_name, use) => {
    const connectorFor = (options: ConstructorParameters<typeof TlsConnector>[0] = {}): TlsConnector =>
      new TlsConnector({ backend, ca, ...(use.alpn && { alpn: use.alpn }), ...options });
    const run = (connector: TlsConnector, { port }: Recorder): Promise<unknown> => use.begin(connector, port).over;

    it('sends its secret to the server that the connector trusts, inside TLS alone', async () => {
      const server = await serverFor(use, honest);
      await over(run(connectorFor(), server));
      expect(server.secret()).toContain(SECRET);
      expect(server.plain()).not.toContain(SECRET);
    });

    it('sends nothing to a server that the connector does not trust', async () => {
      const server = await serverFor(use, impostor);
      await expect(run(connectorFor(), server)).rejects.toThrow();
      expect(server.connections()).toBeGreaterThan(0);
      expect(server.secret() + server.plain()).not.toContain(SECRET);
    });

    it('sends nothing where TLS has been stripped', async () => {
      const server = await serverFor(use, undefined);
      await expect(run(connectorFor(), server)).rejects.toThrow();
      expect(server.connections()).toBeGreaterThan(0);
      expect(server.plain()).not.toContain(SECRET);
    });

    it.each([
      ['an impostor', () => impostor],
      ['one that offers no TLS', () => undefined],
    ])('sends nothing when the place of the server, whose session it has, is taken by %s', async (_who, who) => {
      const server = await serverFor(use, honest);
      const connector = connectorFor();
      await over(run(connector, server));
      const before = server.secret().length;
      expect(before).toBeGreaterThan(0);
      server.become(who());
      await expect(run(connector, server)).rejects.toThrow();
      expect(server.connections()).toBeGreaterThan(1);
      expect(server.secret().slice(before)).not.toContain(SECRET);
      expect(server.plain()).not.toContain(SECRET);
    });

    it('is not led by a connector that verifies nobody, used at the same time', async () => {
      const [ours, theirs] = [await serverFor(use, impostor), await serverFor(use, impostor)];
      const [refused] = await Promise.allSettled([
        run(connectorFor(), ours),
        run(connectorFor({ verify: 'none' }), theirs),
      ]);
      expect(refused.status).toBe('rejected');
      expect(theirs.secret()).toContain(SECRET);
      expect(ours.secret() + ours.plain()).not.toContain(SECRET);
    });

    it('fails, and leaves no connection, when the handshake takes longer than the connector allows', async () => {
      const server = await serverFor(use, 'mute');
      await expect(run(connectorFor({ handshakeTimeout: 150 }), server)).rejects.toThrow();
      await server.deserted();
    });

    if (use.aborts)
      it('leaves no connection when it is aborted amid the handshake', async () => {
        const server = await serverFor(use, 'mute');
        const giveUp = new AbortController();
        const running = use.begin(connectorFor({ handshakeTimeout: 0 }), server.port, giveUp.signal);
        await server.asked();
        giveUp.abort();
        await expect(running.over).rejects.toThrow();
        await server.deserted();
      });

    if (use.cannotEnd === undefined)
      it('leaves no connection when the library ends it amid the handshake', async () => {
        const server = await serverFor(use, 'mute');
        const running = use.begin(connectorFor({ handshakeTimeout: 0 }), server.port);
        await server.asked();
        // What becomes of the work is the library's affair
        void over(running.over);
        await running.end?.();
        await server.deserted();
      });
  });
});
