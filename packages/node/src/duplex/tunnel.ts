/** @module A loopback door into a TLS connection, for libraries without a hook for their socket. */
import { once } from 'node:events';
import net from 'node:net';
import { pipeline } from 'node:stream';
import type { DuplexOptions, TlsConnector } from './connector.ts';
import type { TlsDuplex } from './tls-duplex.ts';

export interface TunnelOptions {
  /** Where to listen: a TCP port of the loopback interface, 0 (default) for a free one; or the path of a unix socket. */
  readonly listen?: number | string;
  /** Told of connections that failed, with the reason; the plain side just sees its connection reset. */
  readonly onError?: (error: Error) => void;
}

export interface Tunnel {
  /** `127.0.0.1` and the port, or the path. */
  readonly address: { readonly host: string; readonly port: number } | { readonly path: string };
  /** Stop listening and end what runs. */
  close(): Promise<void>;
}

/**
 * Listens in plain text on this machine and leads each connection through TLS to the target. Whoever can reach the door
 * can use it: prefer a unix socket in a directory of your own where others share the machine.
 * @throws Error when listening fails; TypeError for a wrong option.
 */
export async function tunnel(connector: TlsConnector, target: DuplexOptions, { listen = 0, onError }: TunnelOptions = {}): Promise<Tunnel> {
  if (target.stream !== undefined || target.lazy !== undefined) throw new TypeError('tunnel: the target is a host and port, or a path');
  const open = new Set<net.Socket | TlsDuplex>();
  const server = net.createServer({ allowHalfOpen: true }, (plain) => {
    const secure = connector.duplex({ ...target, allowHalfOpen: true });
    for (const side of [plain, secure]) {
      open.add(side);
      side.once('close', () => open.delete(side));
    }
    secure.once('error', (error: Error) => {
      onError?.(error);
      plain.resetAndDestroy();
    });
    plain.once('error', () => secure.destroy());
    // Each direction ends by itself, so that half-closed conversations work; errors are handled above.
    pipeline(plain, secure, () => undefined);
    pipeline(secure, plain, () => undefined);
  });
  server.listen(typeof listen === 'string' ? { path: listen } : { port: listen, host: '127.0.0.1' });
  await once(server, 'listening');
  return {
    address: typeof listen === 'string' ? { path: listen } : { host: '127.0.0.1', port: (server.address() as net.AddressInfo).port },
    close: async () => {
      for (const side of open) side.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
