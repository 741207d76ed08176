/** @module CONNECT, RFC 9110 section 9.3.6: a tunnel through an HTTP proxy. */
import { request, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { TlsError } from '@ferrule/result';
import { abortable } from './abortable.ts';
import { authority, type Destination, type Proxy } from './route.ts';
import { openProxySocket } from './socket.ts';

/** @throws TlsError PROXY_*; TRANSPORT_ERROR where the proxy cannot reach the server; ABORTED. */
export async function connectThrough(proxy: Proxy, to: Destination, signal: AbortSignal, onStep: (step: string) => void): Promise<Socket> {
  const socket = await openProxySocket(proxy, signal, onStep);
  const name = `the proxy ${authority(proxy)}`;
  const target = authority(to);
  return abortable<Socket>(signal, (resolve, reject) => {
    const asked = request({
      // no `agent`: with one set to false Node would make the connection itself
      createConnection: () => socket,
      method: 'CONNECT',
      path: target,
      headers: { host: target, 'user-agent': 'ferrule', ...(proxy.credentials && { 'proxy-authorization': basic(proxy.credentials) }) },
    });
    asked.once('connect', (answer, _socket, first) => {
      const error = refusal(answer, name, target);
      if (error !== undefined) return reject(error);
      // a server that speaks first may have done so already
      if (first.length > 0) socket.unshift(first);
      onStep('CONNECT');
      resolve(socket);
    });
    asked.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        cause.code?.startsWith('HPE_') === true
          ? new TlsError('PROXY_MALFORMED', `${name} does not answer in HTTP/1.1`, { cause })
          : new TlsError('PROXY_CLOSED', `${name} hung up before it answered CONNECT`, { cause }),
      ),
    );
    asked.end();
    return () => void socket.destroy();
  });
}

function refusal({ statusCode = 0, statusMessage = '' }: IncomingMessage, name: string, target: string): TlsError | undefined {
  if (statusCode >= 200 && statusCode < 300) return undefined;
  const answer = `${statusCode} ${statusMessage}`.trim();
  if (statusCode === 407) return new TlsError('PROXY_AUTHENTICATION_REQUIRED', `${name} wants credentials, or others: ${answer}`);
  if (statusCode === 502 || statusCode === 503 || statusCode === 504) {
    return new TlsError('TRANSPORT_ERROR', `${name} cannot reach ${target}: ${answer}`, { hint: 'Check host and port; the proxy may see another DNS and other networks than this machine.' });
  }
  return new TlsError('PROXY_REFUSED', `${name} refused to connect to ${target}: ${answer}`);
}

const basic = ({ username, password }: { readonly username: string; readonly password: string }): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
