/**
 * Small programs, each run with node:tls and with this face on both engines: the results must be the same. A new
 * difference is a row here, or a line of docs/migrating-from-node-tls.md.
 */
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import nodeTls, { type ConnectionOptions, type SecureContextOptions, type TLSSocket } from 'node:tls';
import { pki } from '@ferrule/conformance/pki';
import { chooseBackend } from 'ferrule';
import { afterEach, describe, expect, it } from 'vitest';
import ferrule, { type TlsConnectOptions } from './index.ts';

const [root, leaf] = [await pki('root'), await pki('p256')];
const ca = root.certificatePem;
const undo: (() => unknown)[] = [];
afterEach(() => {
  for (const each of undo.splice(0)) each();
});

/** The parts of node:tls that the programs use. */
interface Tls {
  connect(options: ConnectionOptions & { readonly allowHalfOpen?: boolean }): TLSSocket;
  createSecureContext(options?: SecureContextOptions): nodeTls.SecureContext;
}
type Tell = (...facts: readonly unknown[]) => void;

async function listening(server: net.Server): Promise<{ readonly host: string; readonly port: number }> {
  undo.push(() => server.close());
  server.on('tlsClientError', () => undefined).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

/** A server of node:tls, and the options of a client that trusts it. */
async function serving(
  options: nodeTls.TlsOptions = {},
  serve: (socket: TLSSocket) => void = (socket) => socket.resume(),
): Promise<ConnectionOptions> {
  const server = nodeTls.createServer({ key: leaf.keyPem, cert: leaf.chainPem, ...options }, (socket) => {
    undo.push(() => socket.destroy());
    serve(socket.on('error', () => undefined));
  });
  return { ...(await listening(server)), servername: 'server.test', ca };
}
const plain = (answer: string): Promise<{ readonly host: string; readonly port: number }> =>
  listening(net.createServer((socket) => void socket.on('error', () => undefined).end(answer)));

/** The properties of errors that programs depend on. */
function facts(error: Error): unknown {
  const { code, errno, syscall, address } = error as NodeJS.ErrnoException & { readonly address?: string };
  return { name: error.name, code, errno, syscall, address };
}
function watch(socket: TLSSocket, tell: Tell, ...events: readonly string[]): TLSSocket {
  for (const event of events)
    socket.on(event, (...told) =>
      tell(
        event,
        ...told
          .filter((each) => !(each instanceof Uint8Array))
          .map((each) => (each instanceof Error ? facts(each) : (each as unknown))),
      ),
    );
  return socket;
}
const closed = (socket: Duplex): Promise<unknown> => new Promise((resolve) => socket.once('close', resolve));
function refused(tell: Tell, call: () => unknown): void {
  try {
    call();
    tell('accepted');
  } catch (error) {
    tell((error as Error).name, (error as NodeJS.ErrnoException).code, (error as Error).message);
  }
}

const PROGRAMS: Readonly<Record<string, (tls: Tls, tell: Tell) => Promise<unknown>>> = {
  async 'a server that ends at once may still be written to, where half-open connections are allowed'(tls, tell) {
    const heard: string[] = [];
    // In TLS 1.3 such a node:tls server sends no close_notify
    const to = await serving({ allowHalfOpen: true }, (server) => {
      server.end('bye');
      server.on('data', (data) => heard.push(String(data))).on('end', () => server.emit('done'));
      done = once(server, 'done');
    });
    let done: Promise<unknown> | undefined;
    const socket = watch(tls.connect({ ...to, allowHalfOpen: true }), tell, 'error').resume();
    await once(socket, 'end');
    socket.write('still ');
    socket.end('here');
    await done;
    tell(heard.join(''));
  },
  async 'events of TLS 1.2, with a session'(tls, tell) {
    const socket = tls.connect(await serving({ maxVersion: 'TLSv1.2' }, (server) => server.end('x'))).resume();
    await closed(watch(socket, tell, 'connect', 'ready', 'secureConnect', 'session', 'secure', 'end', 'close'));
  },
  async 'issuers of a certificate, verified or not'(tls, tell) {
    const { keyPem: key, chainPem: cert } = await pki('selfSigned');
    const rows: readonly (readonly [nodeTls.TlsOptions, ConnectionOptions])[] = [
      [{}, {}],
      [{}, { ca: [] }],
      [{ cert: leaf.certificatePem }, { ca: [] }],
      [{ key, cert }, { ca: [] }],
    ];
    for (const [options, trust] of rows) {
      const socket = tls.connect({ ...(await serving(options)), rejectUnauthorized: false, ...trust });
      await once(socket, 'secureConnect');
      const names: unknown[] = [];
      let each: Partial<nodeTls.DetailedPeerCertificate> | undefined = socket.getPeerCertificate(true);
      while (each !== undefined) {
        const { subject, issuerCertificate }: typeof each = each;
        names.push(subject?.CN, issuerCertificate === each && 'itself');
        each = issuerCertificate === each ? undefined : issuerCertificate;
      }
      tell(socket.authorized, ...names);
      socket.destroy();
      await once(socket, 'close');
    }
  },
  async 'a refused port has the words of the system'(tls, tell) {
    const socket = tls.connect({ host: '127.0.0.1', port: 1 });
    socket.on('error', ({ message }) => tell(message, JSON.stringify(socket.errored).includes('ECONNREFUSED')));
    await closed(watch(socket, tell, 'error', 'close'));
  },
  async 'a write that waits for a server without TLS is an EPROTO'(tls, tell) {
    const socket = tls.connect(await plain('HTTP/1.1 400 Bad Request\r\n\r\n'));
    socket.write('GET / HTTP/1.1\r\n\r\n', (error) => tell(error && facts(error)));
    socket.on('error', ({ message }) =>
      tell(message.startsWith('write EPROTO '), /wrong version number/.test(message)),
    );
    await closed(watch(socket, tell, 'error', 'close'));
  },
  async 'a write that waits for an alert is one, too, and no write is not'(tls, tell) {
    const to = { ...(await serving({ maxVersion: 'TLSv1.2' })), minVersion: 'TLSv1.3' } as const;
    const waits = watch(tls.connect(to), tell, 'error');
    waits.write('x');
    await closed(waits);
    await closed(watch(tls.connect(to), tell, 'error'));
  },
  async 'a write that waits for a certificate that is refused is told the same as others'(tls, tell) {
    const socket = watch(tls.connect({ ...(await serving()), ca: [] }), tell, 'error');
    socket.write('x');
    await closed(socket);
  },
  async 'the error of the stream underneath is that of the connection'(tls, tell) {
    const to = await serving();
    const raw = net.connect(to.port as number, '127.0.0.1').on('error', () => undefined);
    const socket = tls.connect({ ...to, socket: raw });
    await once(socket, 'secureConnect');
    const mine = new Error('mine');
    socket.on('error', (error) => tell(error === mine));
    raw.destroy(mine);
    await closed(socket);
  },
  async 'what was written before a connection was given up'(tls, tell) {
    const socket = tls.connect(await serving());
    socket.write('x', (error) => tell(error?.name, (error as NodeJS.ErrnoException).code, error?.message));
    socket.destroy();
    await closed(socket);
    await new Promise(setImmediate);
  },
  async 'an anchor that was added to a context'(tls, tell) {
    const to = { ...(await serving()), ca: undefined };
    const secureContext = tls.createSecureContext();
    const { context } = secureContext as unknown as { readonly context: { addCACert(pem: unknown): void } };
    await closed(watch(tls.connect({ ...to, secureContext }), tell, 'error'));
    refused(tell, () => context.addCACert({}));
    context.addCACert(ca);
    const socket = tls.connect({ ...to, secureContext });
    await once(socket, 'secureConnect');
    tell(socket.authorized);
    socket.destroy();
    // Others are not changed
    const other = tls.createSecureContext();
    await closed(watch(tls.connect({ ...to, secureContext: other }), tell, 'error'));
  },
  async 'arguments that are none'(tls, tell) {
    const to = await serving();
    for (const ALPNProtocols of [5, true, {}])
      expect(() => tls.connect({ ...to, ALPNProtocols: ALPNProtocols as unknown as string[] })).toThrow(TypeError);
    for (const secureContext of [5, {}])
      refused(tell, () => tls.connect({ ...to, secureContext } as ConnectionOptions));
    for (const options of [5, 'x']) refused(tell, () => tls.createSecureContext(options as SecureContextOptions));
    const socket = tls.connect(to);
    for (const size of [undefined, '1', Number.NaN, 2 ** 31])
      refused(tell, () => socket.setMaxSendFragment(size as number));
    await once(socket, 'secureConnect');
    for (const length of [1.5, 0]) refused(tell, () => socket.exportKeyingMaterial(length, 'x', Buffer.alloc(0)));
    socket.destroy();
  },
};

async function seen(tls: Tls, program: (tls: Tls, tell: Tell) => Promise<unknown>): Promise<readonly unknown[]> {
  const told: unknown[] = [];
  await program(tls, (...each) => told.push(each));
  return told;
}

const on = (backend: 'native' | 'pure'): Tls => ({
  connect: (options) =>
    ferrule.connect({ ...options, backend, truncation: 'end' } as TlsConnectOptions) as unknown as TLSSocket,
  createSecureContext: ferrule.createSecureContext,
});

describe.each(['native', 'pure'] as const)('with %s, as with node:tls:', async (backend) => {
  const missing = await chooseBackend(backend).then(
    () => false,
    () => true,
  );
  it.skipIf(missing).each(Object.entries(PROGRAMS))('%s', async (_title, program) => {
    const theirs = await seen(nodeTls, program);
    expect(theirs.length).toBeGreaterThan(0);
    expect(await seen(on(backend), program)).toEqual(theirs);
  });
});

it('a socket that is not a stream is refused by its name', () => {
  expect(() => ferrule.connect({ socket: {} as Duplex })).toThrow(
    /"options\.socket" property must be an instance of Duplex/,
  );
});
