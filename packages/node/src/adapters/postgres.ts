/** @module @ferrule/node/adapters/postgres: PostgreSQL through the package postgres. */
import type { TLSSocket } from 'node:tls';
import type { TlsConnector } from '../duplex/connector.ts';
import { asTlsSocket, givenUpBy } from './ready.ts';
import { optionsFor, refuseDetours, refuseNodeOptions } from './tls-required.ts';

export interface Address {
  readonly host: readonly string[];
  readonly port: readonly number[];
  readonly path?: string | false;
  /** The kind of server that is wanted: postgres leaves one of another kind, and connects anew. */
  readonly target_session_attrs?: unknown;
}

/**
 * `postgres(postgresOptions(connector, { host, port, user, password }))`. Of several hosts the first is taken, and
 * after an attempt that failed the next one, by all connections.
 * @param options those of postgres, and `servername` where it is not the host.
 * @throws TypeError for options that would lead around the connector.
 */
export function postgresOptions<O extends object>(
  connector: TlsConnector,
  options: O & { readonly servername?: string } = {} as O,
): Omit<O, 'servername'> & { readonly ssl: false; socket(address: Address): TLSSocket } {
  const given = optionsFor('postgresOptions', connector, options);
  refuseDetours('postgresOptions', given, { ssl: 'TLS is by the connector', socket: 'TLS is by the connector' });
  refuseNodeOptions('postgresOptions', given);
  const { servername, ...rest } = given;
  let current = 0;
  return {
    ...(rest as Omit<O, 'servername'>),
    ssl: false,
    socket: ({ host, port, path, target_session_attrs: picky }) => {
      const at = current;
      const name = host[at] ?? 'localhost';
      const where = path ? { path } : { host: name, port: port[at] ?? port[0] ?? 5432 };
      const duplex = givenUpBy(
        'end',
        connector.duplex({ ...where, servername: servername ?? name, preamble: 'postgres' }),
      );
      // The package does not say whose attempt this is: all take the host after one that failed, or was not of the kind
      const next = (): void => void (current === at && (current = (at + 1) % Math.max(1, host.length)));
      duplex.once('close', next);
      if (!picky) duplex.once('ready', () => duplex.off('close', next));
      // The package ends no socket that is not `open`, and would leave this one to its timeout.
      Object.defineProperty(duplex, 'readyState', { get: () => (duplex.destroyed ? 'closed' : 'open') });
      return asTlsSocket(duplex);
    },
  };
}
