/** @module @ferrule/node/adapters/postgres: PostgreSQL through the package postgres. */
import type { TLSSocket } from 'node:tls';
import type { TlsConnector } from '../duplex/connector.ts';
import { asTlsSocket, givenUpBy } from './ready.ts';
import { refuseDetours, refuseNodeOptions } from './tls-required.ts';

export interface Address {
  readonly host: readonly string[];
  readonly port: readonly number[];
  readonly path?: string | false;
}

/**
 * `postgres(postgresOptions(connector, { host, port, user, password }))`. Of several hosts each attempt takes the next
 * one.
 * @param options those of postgres, and `servername` where it is not the host.
 * @throws TypeError for options that would lead around the connector.
 */
export function postgresOptions<O extends object>(
  connector: TlsConnector,
  options: O & { readonly servername?: string } = {} as O,
): Omit<O, 'servername'> & { readonly ssl: false; socket(address: Address): TLSSocket } {
  refuseDetours('postgresOptions', options, { ssl: 'TLS is by the connector', socket: 'TLS is by the connector' });
  refuseNodeOptions('postgresOptions', options);
  const { servername, ...rest } = options;
  let attempt = 0;
  return {
    ...(rest as Omit<O, 'servername'>),
    ssl: false,
    socket: ({ host, port, path }) => {
      const at = attempt++ % Math.max(1, host.length);
      const name = host[at] ?? 'localhost';
      const where = path ? { path } : { host: name, port: port[at] ?? port[0] ?? 5432 };
      const duplex = givenUpBy(
        'end',
        connector.duplex({ ...where, servername: servername ?? name, preamble: 'postgres' }),
      );
      // The package ends no socket that is not `open`, and would leave this one to its timeout.
      Object.defineProperty(duplex, 'readyState', { get: () => (duplex.destroyed ? 'closed' : 'open') });
      return asTlsSocket(duplex);
    },
  };
}
