/** Options count even when inherited or getters, as with node:tls, which reads them by name. */
import { once } from 'node:events';
import net from 'node:net';
import nodeTls from 'node:tls';
import { pki } from '@ferrule/conformance/pki';
import { afterEach, describe, expect, it } from 'vitest';
import { connect, createSecureContext, TLSSocket, type TlsConnectOptions } from './index.ts';

const { root, server, client } = { root: await pki('root'), server: await pki('p256'), client: await pki('client') };

const undo: (() => unknown)[] = [];
afterEach(() => {
  for (const each of undo.splice(0)) each();
});

async function serving(options: nodeTls.TlsOptions = {}): Promise<number> {
  const listener = nodeTls.createServer({ key: server.keyPem, cert: server.chainPem, ...options }, (socket) => {
    socket.on('error', () => undefined);
    // A node:tls server that ends at once sends no close_notify
    socket.once('data', () => {
      const { subject } = socket.getPeerCertificate();
      socket.end(JSON.stringify([socket.getProtocol(), subject?.CN ?? null]));
    });
  });
  listener.on('tlsClientError', () => undefined);
  undo.push(() => listener.close());
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return (listener.address() as net.AddressInfo).port;
}

/** An object of a class with these as getters. */
const inherited = (options: object): object =>
  Object.create(
    Object.defineProperties(
      {},
      Object.fromEntries(Object.entries(options).map(([name, value]) => [name, { get: () => value as unknown }])),
    ),
  ) as object;

async function said(socket: nodeTls.TLSSocket | TLSSocket): Promise<unknown> {
  let text = '';
  socket.write('who am I?');
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const error = await Promise.race([
    once(socket, 'end').then(() => undefined),
    once(socket, 'error').then(([reason]) => reason as Error),
  ]);
  socket.destroy();
  if (error !== undefined) throw error;
  return JSON.parse(text);
}

const mutual = { requestCert: true, ca: root.certificatePem };
const us = { ca: root.certificatePem, key: client.keyPem, cert: client.chainPem };

describe.each([
  ['node:tls', nodeTls.connect, nodeTls.createSecureContext],
  ['@ferrule/node/tls', connect, createSecureContext],
] as const)('getters of a class, with %s,', (_name, connecting, contextOf) => {
  const through = (port: number, options: object): Promise<unknown> => {
    const secureContext = contextOf(inherited(options));
    return said(connecting({ port, host: '127.0.0.1', servername: 'server.test', secureContext }) as TLSSocket);
  };

  it('are anchors, and a certificate of ours', async () => {
    expect(await through(await serving(mutual), us)).toEqual(['TLSv1.3', expect.any(String)]);
  });

  it('are a key with a passphrase beside it', async () => {
    const passphrase = 'secret';
    const pem = (await import('node:crypto'))
      .createPrivateKey(client.keyPem)
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase });
    const key = inherited({ pem, passphrase });
    expect(await through(await serving(mutual), { ...us, key: [key] })).toEqual(['TLSv1.3', expect.any(String)]);
  });

  it('are the lowest version', async () => {
    const port = await serving({ maxVersion: 'TLSv1.2' });
    await expect(through(port, { ...us, minVersion: 'TLSv1.3' })).rejects.toThrow();
    expect(await through(port, us)).toEqual(['TLSv1.2', null]);
  });
});

describe('getters of a class given to new TLSSocket()', () => {
  const over = (port: number, options: object): Promise<unknown> =>
    said(new TLSSocket(net.connect(port, '127.0.0.1'), inherited(options) as TlsConnectOptions));

  it('are anchors, names and identity checks', async () => {
    const port = await serving();
    const options = { ca: root.certificatePem, servername: 'server.test' };
    expect(await over(port, options)).toEqual(['TLSv1.3', null]);
    const objection = new Error('not this one');
    await expect(over(port, { ...options, checkServerIdentity: () => objection })).rejects.toThrow('not this one');
  });

  it('are read once', () => {
    let reads = 0;
    const options = {
      get ca() {
        return ++reads === 1 ? root.certificatePem : 'another';
      },
    };
    createSecureContext(options);
    expect(reads).toBe(1);
  });
});

it('keying material of a connection that was destroyed is refused with a code of Node', async () => {
  const socket = connect({
    port: await serving(),
    host: '127.0.0.1',
    servername: 'server.test',
    ca: root.certificatePem,
  });
  await once(socket, 'secureConnect');
  expect(socket.exportKeyingMaterial(8, 'EXPORTER-test')).toHaveLength(8);
  socket.destroy();
  expect(() => socket.exportKeyingMaterial(8, 'EXPORTER-test')).toThrow(
    expect.objectContaining({ code: 'ERR_TLS_INVALID_STATE' }),
  );
});
