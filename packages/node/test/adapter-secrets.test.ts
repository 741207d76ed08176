import { pki } from '@ferrule/conformance/pki';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TlsConnector } from '../src/duplex/index.ts';
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

const connectorFor = (use: Use, options: ConstructorParameters<typeof TlsConnector>[0] = {}): TlsConnector => new TlsConnector({ ca, ...(use.alpn && { alpn: use.alpn }), ...options });

async function serverFor(use: Use, identity: Identity, offers = true): Promise<Recorder> {
  const server = await record({ identity, tls: offers ? use.tls : 'never', talk: () => use.talk(offers), until: SECRET, ...(use.alpn && { alpn: use.alpn }) });
  servers.push(server);
  return server;
}

/** How a use ends: nobody cares, but that it does. */
const over = (work: Promise<unknown>): Promise<void> => work.then(() => undefined, () => undefined);

describe.each(Object.entries(USES))('%s', (_name, use) => {
  it('sends its secret to the server that the connector trusts, inside TLS alone', async () => {
    const server = await serverFor(use, honest);
    await over(use.run(connectorFor(use), server.port));
    expect(server.secret()).toContain(SECRET);
    expect(server.plain()).not.toContain(SECRET);
  });

  it('sends nothing to a server that the connector does not trust', async () => {
    const server = await serverFor(use, impostor);
    await expect(use.run(connectorFor(use), server.port)).rejects.toThrow();
    expect(server.connections()).toBeGreaterThan(0);
    expect(server.secret() + server.plain()).not.toContain(SECRET);
  });

  it('sends nothing where TLS has been stripped', async () => {
    const server = await serverFor(use, honest, false);
    const running = use.run(connectorFor(use), server.port);
    // a library that waits for an answer to its ClientHello is hung up on
    setTimeout(() => void server.close().catch(() => undefined), 300);
    servers = [];
    await expect(running).rejects.toThrow();
    expect(server.connections()).toBeGreaterThan(0);
    expect(server.plain()).not.toContain(SECRET);
  });

  it('sends nothing to an impostor who takes the place of the server, whose session it has', async () => {
    const server = await serverFor(use, honest);
    const connector = connectorFor(use);
    await over(use.run(connector, server.port));
    const before = server.secret().length;
    server.become(impostor);
    await expect(use.run(connector, server.port)).rejects.toThrow();
    expect(server.secret().slice(before)).not.toContain(SECRET);
    expect(server.plain()).not.toContain(SECRET);
  });

  it('is not led by a connector that verifies nobody, used at the same time', async () => {
    const [ours, theirs] = [await serverFor(use, impostor), await serverFor(use, impostor)];
    const [refused] = await Promise.allSettled([use.run(connectorFor(use), ours.port), use.run(connectorFor(use, { verify: 'none' }), theirs.port)]);
    expect(refused.status).toBe('rejected');
    expect(theirs.secret()).toContain(SECRET);
    expect(ours.secret() + ours.plain()).not.toContain(SECRET);
  });
});
