/** @module A local plaintext port forwarded over TLS, for libraries without a hook for their socket. */
import { once } from 'node:events';
import net from 'node:net';
import { pipeline } from 'node:stream';
import { functionOption, knownOptions, refuseOption } from '@ferrule/result/arguments';
import { connectionOptions, type DuplexOptions, type TlsConnector } from './connector.ts';
import { guarded } from './plaintext.ts';
import { reset } from './socket-surface.ts';
import type { TlsDuplex } from './tls-duplex.ts';

export interface TunnelOptions {
  /**
   * Where to listen: a TCP port of the loopback interface, 0 (default) for a free one; or the path of a unix socket.
   */
  readonly listen?: number | string;
  /** Called with the error of each failed connection; the plain side only sees a reset. */
  readonly onError?: (error: Error) => void;
}

export interface Tunnel {
  /** `127.0.0.1` and the port, or the path. */
  readonly address: { readonly host: string; readonly port: number } | { readonly path: string };
  /** Stop listening and close open connections. */
  close(): Promise<void>;
}

/**
 * Listens in plain text on this machine and forwards each connection over TLS to the target. Anyone who can reach the
 * port can use it: on shared machines prefer a unix socket in a private directory.
 * @throws Error when listening fails; TypeError for an invalid option, including the target's.
 */
export async function tunnel(
  connector: TlsConnector,
  target: DuplexOptions,
  options: TunnelOptions = {},
): Promise<Tunnel> {
  // A checked snapshot
  const to = connectionOptions(target);
  const { listen, onError } = checked(connector, to, options);
  const open = new Set<net.Socket | TlsDuplex>();
  const server = net.createServer({ allowHalfOpen: true }, (plain) => {
    const secure = connector.duplex({ ...to, allowHalfOpen: true });
    for (const side of [plain, secure]) {
      open.add(side);
      side.once('close', () => open.delete(side));
    }
    secure.on('error', (error: Error) => {
      reset(plain);
      guarded(() => onError?.(error), undefined);
    });
    plain.on('error', () => secure.destroy());
    // Each direction ends independently, so that half-close works; errors are handled above.
    pipeline(plain, secure, () => undefined);
    pipeline(secure, plain, () => undefined);
  });
  server.listen(typeof listen === 'string' ? { path: listen } : { port: listen, host: '127.0.0.1' });
  await once(server, 'listening');
  // A connection that cannot be accepted (EMFILE) must not affect the others
  server.on('error', (error) => guarded(() => onError?.(error), undefined));
  return {
    address:
      typeof listen === 'string'
        ? { path: listen }
        : { host: '127.0.0.1', port: (server.address() as net.AddressInfo).port },
    close: async () => {
      for (const side of open) side.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Checks everything in advance that would fail a connection. */
function checked(
  connector: TlsConnector,
  target: DuplexOptions,
  options: TunnelOptions,
): { readonly listen: number | string; readonly onError: TunnelOptions['onError'] } {
  const { listen = 0, onError } = knownOptions(options, ['listen', 'onError'] satisfies (keyof TunnelOptions)[]);
  if (typeof listen === 'string' ? listen === '' : !(Number.isInteger(listen) && listen >= 0 && listen <= 65_535))
    refuseOption(listen, 'listen', 'a port from 0 to 65535 or the path of a socket');
  if (onError !== undefined) functionOption(onError, 'onError');
  if (target.stream !== undefined || target.lazy !== undefined)
    throw new TypeError('tunnel: the target is a host and port, or a path');
  if (target.onread !== undefined) throw new TypeError('onread: a tunnel reads by itself');
  connector.check(target);
  return { listen, onError };
}
