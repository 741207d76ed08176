/**
 * Many connections through tunnels, straight and along routes, of which nearly half fail upstream: 216 of them on each
 * engine, or 1,080 with FERRULE_LONG.
 */
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { pki } from '@ferrule/conformance/pki';
import { httpProxy, socksProxy } from '@ferrule/conformance/server';
import { chooseBackend } from 'ferrule';
import { afterEach, describe, expect, it } from 'vitest';
import { type ConnectorOptions, TlsConnector, tunnel } from '../src/duplex/index.ts';
import { dialer } from '../src/transports/index.ts';

const ROUNDS = process.env['FERRULE_LONG'] ? 40 : 8;
/** Connections that are under way at once. */
const AT_ONCE = 30;

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const each of undo.splice(0).reverse()) await each();
});

async function listen(server: net.Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  undo.push(() => once(server.close(), 'close'));
  return (server.address() as net.AddressInfo).port;
}

/** One door, and what whoever says `ping` hears there: all of it, or that it fails. */
interface Door {
  readonly name: string;
  readonly target: number;
  readonly options?: ConnectorOptions;
  readonly heard: 'ping' | 'failure';
}

const PONG_LENGTH = 100_000;

async function doors(): Promise<readonly Door[]> {
  const [leaf, stranger] = [await pki('p256'), await pki('selfSigned')];
  const secure = (
    identity: { keyPem: string; chainPem: string },
    serve: (socket: tls.TLSSocket, raw: net.Socket) => void,
  ): Promise<number> =>
    listen(
      net.createServer({ allowHalfOpen: true }, (raw) => {
        const socket = new tls.TLSSocket(
          raw.on('error', () => undefined),
          {
            isServer: true,
            key: identity.keyPem,
            cert: identity.chainPem,
            allowHalfOpen: true,
          } as tls.TLSSocketOptions,
        );
        socket.on('error', () => raw.destroy());
        serve(socket, raw);
      }),
    );
  const raw = (serve: (socket: net.Socket) => void): Promise<number> =>
    listen(net.createServer((socket) => serve(socket.on('error', () => undefined))));
  const echo = await secure(leaf, (socket) => void socket.pipe(socket));
  const nobody = net.createServer();
  nobody.listen(0, '127.0.0.1');
  await once(nobody, 'listening');
  const refused = (nobody.address() as net.AddressInfo).port;
  await once(nobody.close(), 'close');
  const proxy = async (made: Promise<{ readonly port: number; close(): unknown }>): Promise<number> => {
    const { port, close } = await made;
    undo.push(close);
    return port;
  };
  const http = await proxy(httpProxy(() => echo));
  const socks = await proxy(socksProxy(() => echo));
  const unable = await proxy(httpProxy(() => ({ refusal: 502 })));
  const good = (name: string, options?: ConnectorOptions): Door => ({
    name,
    target: echo,
    heard: 'ping',
    ...(options && { options }),
  });
  const bad = (name: string, target: number, options?: ConnectorOptions): Door => ({
    name,
    target,
    heard: 'failure',
    ...(options && { options }),
  });
  const ways = [
    good('straight'),
    good('HTTP proxy', { dial: dialer(`http://127.0.0.1:${http}`) }),
    good('SOCKS5 proxy', { dial: dialer(`socks5://127.0.0.1:${socks}`) }),
  ];
  return [
    ...ways,
    ...ways,
    ...ways,
    ...ways,
    good('straight, again'),
    good('once more'),
    [
      bad('refused', refused),
      bad('a reset at once', await raw((socket) => void socket.resetAndDestroy())),
      bad(
        'a reset amid the handshake',
        await raw((socket) => void socket.once('data', () => socket.resetAndDestroy())),
      ),
      bad(
        'a reset amid the answer',
        await secure(
          leaf,
          (socket, raw) =>
            void socket.once('data', () => socket.write(Buffer.alloc(PONG_LENGTH), () => raw.resetAndDestroy())),
        ),
      ),
      bad('a certificate of a stranger', await secure(stranger, (socket) => void socket.pipe(socket))),
      bad('no answer', await raw((socket) => void socket.resume()), { handshakeTimeout: 100 }),
      bad(
        'no TLS',
        await raw((socket) => void socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))),
      ),
      bad(
        'an end without close_notify',
        await secure(leaf, (socket, raw) => void socket.once('data', () => raw.end()).on('end', () => raw.destroy())),
      ),
      bad('a proxy that cannot', echo, { dial: dialer(`http://127.0.0.1:${unable}`) }),
      bad('a proxy that hangs up', echo, {
        dial: dialer(`socks5://127.0.0.1:${await raw((socket) => void socket.once('data', () => socket.destroy()))}`),
      }),
      bad('a route that is not there', echo, { dial: dialer(`tcp://127.0.0.1:${refused}`) }),
      bad('a half-close before anything is said', await secure(leaf, (socket) => void socket.resume().end())),
      bad('a dial that throws', echo, {
        dial: () => {
          throw new Error('of dial');
        },
      }),
    ],
  ].flat();
}

/** Says `ping`, ends its side, and hears until the end. */
async function ping(port: number): Promise<'ping' | 'failure'> {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let heard = '';
  socket.on('error', () => undefined).on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')));
  socket.end('ping');
  await new Promise((resolve) => socket.once('close', resolve));
  return heard === 'ping' ? 'ping' : 'failure';
}

const engines = (['native', 'pure'] as const).map((name) => ({
  name,
  available: chooseBackend(name).then(
    () => true,
    () => false,
  ),
}));

describe.each(engines)('tunnels on the $name engine', async ({ name: backend, available }) => {
  it.skipIf(!(await available))(
    'carry what can be carried, and leave nothing of what cannot',
    async () => {
      const { certificatePem: ca } = await pki('root');
      const sockets = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
      const before = sockets();
      const open = await Promise.all(
        (await doors()).map(async (door) => {
          const { address, close } = await tunnel(new TlsConnector({ backend, ca, ...door.options }), {
            host: '127.0.0.1',
            port: door.target,
            servername: 'server.test',
          });
          undo.push(close);
          return { ...door, port: (address as { readonly port: number }).port };
        }),
      );
      const work = Array.from({ length: ROUNDS }, () => open).flat();
      const wrong: string[] = [];
      const next = async (): Promise<void> => {
        for (let door = work.pop(); door !== undefined; door = work.pop()) {
          const heard = await ping(door.port);
          if (heard !== door.heard) wrong.push(`${door.name}: ${heard}`);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, next));
      expect(wrong).toEqual([]);
      // Ends that are still under way have their time
      while (sockets() > before) await new Promise((resolve) => setTimeout(resolve, 50));
    },
    120_000,
  );
});
