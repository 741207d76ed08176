/** @module The socket under every route: TCP or unix, its errors with hints. */
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { TlsError } from '@ferrule/result';
import type { Destination } from '@ferrule/result/host';
import { transportError } from 'ferrule/tcp';
import { abortable } from './abortable.ts';
import { nameOfProxy } from './refusals.ts';

/** What whoever wants the connection keeps of the way to it. */
export interface Attempt {
  readonly signal: AbortSignal;
  readonly onStep: (step: string) => void;
  /** Told of the socket under it, which is not connected yet. */
  readonly onSocket: (socket: Socket) => void;
}

export interface SocketOptions extends Attempt {
  /** For messages. */
  readonly name: string;
  readonly family?: 4 | 6 | undefined;
}

/** TCP_NODELAY is on: a handshake waits otherwise. @throws TlsError TRANSPORT_ERROR, ABORTED. */
export function openSocket(
  where: Destination | { readonly path: string },
  { name, signal, onStep, onSocket, family }: SocketOptions,
): Promise<Socket> {
  const options =
    'path' in where
      ? { path: where.path }
      : { host: where.host, port: where.port, autoSelectFamily: family === undefined, ...(family && { family }) };
  // Half-open, or Node would end our side when the server ends its own
  const socket = connect({ ...options, noDelay: true, allowHalfOpen: true } as NetConnectOpts);
  // Between two owners nobody may be listening; `close` follows in any case
  socket.on('error', () => {});
  onSocket(socket);
  return abortable<Socket>(signal, (resolve, reject) => {
    socket.once('lookup', () => onStep('DNS'));
    socket.once('error', (error) => reject(explained(error, name, family)));
    socket.once('connect', () => {
      onStep('path' in where ? 'unix socket' : 'TCP');
      resolve(socket);
    });
    return () => void socket.destroy();
  });
}

/** A name may have addresses, and none of the family. */
function explained(error: NodeJS.ErrnoException, name: string, family: 4 | 6 | undefined): TlsError {
  const told = transportError(error, name);
  return family === undefined || error.code !== 'ENOTFOUND'
    ? told
    : new TlsError(told, told.message, { cause: error, hint: `The name may have no IPv${family} address.` });
}

/** To a proxy or relay, which is at fault when it cannot be reached. @throws TlsError PROXY_UNREACHABLE, ABORTED. */
export async function openProxySocket(proxy: Destination, attempt: Attempt): Promise<Socket> {
  const name = nameOfProxy(proxy);
  try {
    return await openSocket(proxy, { ...attempt, name, onStep: (step) => attempt.onStep(`proxy ${step}`) });
  } catch (error) {
    throw TlsError.is(error) && error.code === 'TRANSPORT_ERROR'
      ? new TlsError('PROXY_UNREACHABLE', error.message, { cause: error.cause, hint: error.hint })
      : error;
  }
}
