/** Details of node:tls: values that count as an absent option, order of events, and errors. */
import { once } from 'node:events';
import { type AddressInfo, Socket } from 'node:net';
import { Duplex } from 'node:stream';
import nodeTls from 'node:tls';
import { pki } from '@ferrule/conformance/pki';
import { chooseBackend } from 'ferrule';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, createSecureContext, TLS_OPTIONS, type TlsConnectOptions, TLSSocket } from './index.ts';
import { clientContextOf } from './secure-context.ts';

const available = (backend: 'native' | 'pure'): Promise<boolean> =>
  chooseBackend(backend).then(
    () => true,
    () => false,
  );

/** Node's own assertion fails for `checkServerIdentity`; without a `port` there is no server. */
const names = Object.entries(TLS_OPTIONS)
  .filter(([name, { of }]) => of !== 'server' && of !== 'ferrule' && name !== 'checkServerIdentity' && name !== 'port')
  .map(([name]) => name);
const values = [undefined, null, '', false, 0, []].map((value) => [value] as const);

let server: nodeTls.Server;
let ca: string;
beforeAll(async () => {
  const [root, leaf] = [await pki('root'), await pki('p256')];
  ca = root.certificatePem;
  server = nodeTls
    .createServer({ key: leaf.keyPem, cert: leaf.chainPem }, (socket) => socket.on('error', () => undefined))
    .on('tlsClientError', () => undefined)
    .listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => server.close());

type Connect = (options: nodeTls.ConnectionOptions) => {
  on(event: string, listener: () => void): unknown;
  destroy(): unknown;
};

/** Whether a connection is established. */
const outcome = (how: Connect, option: object): Promise<'connected' | 'failed' | 'nothing'> =>
  new Promise((resolve) => {
    try {
      const { port } = server.address() as AddressInfo;
      const socket = how({ host: 'localhost', port, ca, servername: 'server.test', ...option });
      const tell = (what: 'connected' | 'failed' | 'nothing'): void => {
        resolve(what);
        socket.destroy();
      };
      setTimeout(tell, 5000, 'nothing').unref();
      socket.on('error', () => tell('failed'));
      socket.on('secureConnect', () => tell('connected'));
    } catch {
      resolve('failed');
    }
  });

describe.each(['native', 'pure'] as const)('on %s', async (backend) => {
  describe.skipIf(!(await available(backend))).each(names)('%s', (name) => {
    // The table refuses an engine, even one without a name
    const asked = values.filter(([value]) => name !== 'privateKeyEngine' || !Array.isArray(value));
    it.each(asked)('%j is as with node:tls', async (value) => {
      const ours: Connect = (options) => connect({ ...options, backend } as TlsConnectOptions);
      const option = { [name]: value };
      expect(await outcome(ours, option)).toBe(await outcome(nodeTls.connect, option));
    });
  });
});

it.each([undefined, null, '', false])("ca: %j is Node's roots, and an empty list is none", (none) => {
  const anchors = (given: unknown): unknown => clientContextOf(createSecureContext({ ca: given as string })).ca;
  expect(anchors(none)).toBeUndefined();
  expect(anchors([])).toEqual([]);
});

describe('of a socket', () => {
  it('setTimeout() is refused as by node:tls', () => {
    for (const wrong of ['x', -1, Number.NaN, Infinity, null]) {
      const refusal = (how: typeof nodeTls.TLSSocket): unknown => {
        try {
          return new how(null as never).setTimeout(wrong as number);
        } catch (error) {
          return { ...(error as object), message: (error as Error).message };
        }
      };
      expect(refusal(TLSSocket as never)).toEqual(refusal(nodeTls.TLSSocket));
    }
  });

  it('is a TLSSocket and a Duplex, and no net.Socket, which node:tls has it be', () => {
    const socket = new TLSSocket();
    expect([socket instanceof TLSSocket, socket instanceof Duplex, socket instanceof Socket]).toEqual([
      true,
      true,
      false,
    ]);
    expect(new nodeTls.TLSSocket(null as never)).toBeInstanceOf(Socket);
  });

  it('a servername that is not a DNS name fails the connection, and its error has a code', async () => {
    const { port } = server.address() as AddressInfo;
    const socket = connect({ host: '127.0.0.1', port, ca, servername: 'b\u00fccher.test' });
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE', message: expect.stringMatching(/^servername: /) });
  });

  it('takes a string for a session in setSession() alone', () => {
    for (const { connect: how, TLSSocket: Socket } of [{ connect, TLSSocket }, nodeTls]) {
      const { port } = server.address() as AddressInfo;
      const given = { host: '127.0.0.1', port, ca, session: 'x' as never };
      expect(() => how(given)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }));
      expect(() => (new Socket(null as never) as TLSSocket).setSession('x')).not.toThrow();
    }
  });

  it.each<[string, object]>([
    ['minVersion', { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' }],
    ['backend', { backend: 'x' }],
    ['alpn', { ALPNProtocols: [''] }],
  ])('what the engine alone refuses has a code: %s', async (name, option) => {
    const { port } = server.address() as AddressInfo;
    const socket = connect({ host: '127.0.0.1', port, ca, servername: 'server.test', ...option });
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error).toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' });
    expect(error.message).toContain(name);
  });

  it('tells secureConnect before secure, and is pending again when it is over', async () => {
    const { port } = server.address() as AddressInfo;
    const facts = async (how: Connect): Promise<unknown> => {
      const socket = how({ host: '127.0.0.1', port, ca, servername: 'server.test' }) as nodeTls.TLSSocket;
      const told: unknown[] = [];
      for (const event of ['secure', 'secureConnect'])
        socket.on(event, () => {
          told.push(event, socket.pending);
          if (told.length === 4) socket.destroy();
        });
      await once(socket, 'close');
      return [...told, socket.pending];
    };
    expect(await facts(connect as Connect)).toEqual(await facts(nodeTls.connect));
  });
});
