/** @module The socket under every route: TCP or unix, with hints in its errors. */
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { TlsError } from '@ferrule/result';
import type { Destination } from '@ferrule/result/host';
import { transportError } from 'ferrule/tcp';
import { abortable } from './abortable.ts';
import { nameOfProxy } from './refusals.ts';

/** The caller's hooks for an attempt. */
export interface Attempt {
  readonly signal: AbortSignal;
  readonly onStep: (step: string) => void;
  /** Called with the underlying socket before it is connected. */
  readonly onSocket: (socket: Socket) => void;
}

export interface SocketOptions extends Attempt {
  /** For messages. */
  readonly name: string;
  readonly family?: 4 | 6 | undefined;
}

/** Sets TCP_NODELAY, so that a handshake is not delayed. @throws TlsError TRANSPORT_ERROR, ABORTED. */
export function openSocket(
  where: Destination | { readonly path: string },
  { name, signal, onStep, onSocket, family }: SocketOptions,
): Promise<Socket> {
  const options =
    'path' in where
      ? { path: where.path }
      : { host: where.host, port: where.port, autoSelectFamily: family === undefined, ...(family && { family }) };
  // Otherwise Node ends our side when the server ends its own
  const socket = connect({ ...options, noDelay: true, allowHalfOpen: true } as NetConnectOpts);
  // Between two owners there may be no listener; `close` follows in any case
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

/** A name may have addresses, but none of the family. */
function explained(error: NodeJS.ErrnoException, name: string, family: 4 | 6 | undefined): TlsError {
  const told = transportError(error, name);
  return family === undefined || error.code !== 'ENOTFOUND'
    ? told
    : new TlsError(told, told.message, { cause: error, hint: `The name may have no IPv${family} address.` });
}

/** To a proxy or relay; if it cannot be reached, the error names it. @throws TlsError PROXY_UNREACHABLE, ABORTED. */
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
