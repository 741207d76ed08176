/** @module SOCKS5, RFC 1928 and RFC 1929, with the package `socks`. The proxy resolves names. */
import type { Socket } from 'node:net';
import { TlsError } from '@ferrule/result';
import { authority, type Destination } from '@ferrule/result/host';
import { abortable } from './abortable.ts';
import { load } from './load.ts';
import { credentialsRefused, nameOfProxy, refused, unreachable } from './refusals.ts';
import { type Proxy, proxyHost } from './route.ts';
import { type Attempt, openProxySocket } from './socket.ts';

/**
 * @throws TlsError PROXY_*; TRANSPORT_ERROR if the proxy cannot reach the server; ABORTED. TypeError for a host or
 * credentials that SOCKS5 cannot carry.
 */
export async function socks5(proxy: Proxy, { host, port }: Destination, attempt: Attempt): Promise<Socket> {
  const { signal, onStep } = attempt;
  const to = { host: proxyHost(host), port };
  const { username, password } = proxy.credentials ?? {};
  for (const each of [username, password])
    if (each !== undefined && !fits(each))
      throw new TypeError('socks5: user name and password have 1 to 255 bytes each (RFC 1929 section 2)');
  // CommonJS: in a split bundle only `default` is available
  const socks = await load('socks5', 'socks', () => import('socks'));
  const { SocksClient } = (socks as Partial<typeof socks>).SocksClient === undefined ? socks.default : socks;
  const socket = await openProxySocket(proxy, attempt);
  await abortable<void>(signal, (resolve, reject) => {
    // The package waits for `close`, which a half-open socket does not have yet
    const ended = (): void => reject(closed(proxy));
    socket.once('end', ended);
    SocksClient.createConnection({
      command: 'connect',
      destination: { host: to.host, port: to.port },
      proxy: {
        host: proxy.host,
        port: proxy.port,
        type: 5,
        ...(username !== undefined && { userId: username }),
        ...(password !== undefined && { password }),
      },
      existing_socket: socket,
    }).then(
      () => {
        socket.off('end', ended);
        collectExcess(socket).then(resolve, reject);
      },
      // The package's error includes its options, with the password
      ({ message }: Error) => reject(failure(new Error(message), proxy, to)),
    );
    return () => void socket.destroy();
  });
  onStep('SOCKS5');
  return socket;
}

/** RFC 1929 section 2: a one-byte length. */
const fits = (text: string): boolean => text !== '' && Buffer.byteLength(text) <= 255;

/** The package emits data that followed the proxy's answer once, and resumes the socket before there is a listener. */
async function collectExcess(socket: Socket): Promise<void> {
  const excess: Buffer[] = [];
  const collect = (chunk: Buffer): void => void excess.push(chunk);
  socket.on('data', collect);
  await new Promise((resolve) => setImmediate(resolve));
  socket.pause().off('data', collect);
  // Not explicitly paused: as Node leaves a socket after CONNECT
  (socket as { readableFlowing: boolean | null }).readableFlowing = null;
  if (excess.length > 0) socket.unshift(Buffer.concat(excess));
}

/** By reply name, RFC 1928 section 6. */
const UNREACHABLE: Readonly<Record<string, string>> = {
  NetworkUnreachable: 'network unreachable',
  HostUnreachable: 'host unreachable',
  ConnectionRefused: 'connection refused',
  TTLExpired: 'TTL expired',
};
const REFUSED: Readonly<Record<string, string>> = {
  Failure: 'general failure',
  NotAllowed: 'not allowed by its rules',
  CommandNotSupported: 'command not supported',
  AddressNotSupported: 'address type not supported',
};

function failure(error: Error, proxy: Proxy, destination: Destination): TlsError {
  const name = nameOfProxy(proxy);
  const { message } = error;
  if (/accepted authentication type|unknown authentication type|Authentication failed/i.test(message))
    return credentialsRefused(name, proxy.credentials !== undefined, '', error);
  const reply = /rejected connection - (\w+)/.exec(message)?.[1];
  if (reply !== undefined) {
    const to = authority(destination);
    const why = UNREACHABLE[reply];
    return why === undefined
      ? refused(name, to, REFUSED[reply] ?? 'for a reason that RFC 1928 does not know', error)
      : unreachable(name, to, why, error);
  }
  if (/^Received invalid/.test(message))
    return new TlsError('PROXY_MALFORMED', `${name} does not answer in SOCKS5`, { cause: error });
  if (/timed out/.test(message)) return new TlsError('TIMEOUT', `${name} did not answer in time`, { cause: error });
  return closed(proxy, error);
}

const closed = (proxy: Proxy, cause?: Error): TlsError =>
  new TlsError('PROXY_CLOSED', `${nameOfProxy(proxy)} hung up before it had connected us`, { cause });
