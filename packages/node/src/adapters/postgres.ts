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

/** The package's default, in seconds. */
const KEEP_ALIVE = 60;

/** The package multiplies `keep_alive` once it has a connection, and before it says a word: a socket of its own fails there. */
const notAsked = {
  valueOf(): never {
    throw new TypeError(
      'postgresOptions: the connector was not asked, since a socket set beside its own leads around it',
    );
  },
} as const;

/**
 * `postgres(postgresOptions(connector, { host, port, user, password }))`. Of several hosts the first is taken, and
 * after an attempt that failed the next one, by all connections.
 * @param options those of postgres, and `servername` where it is not the host.
 * @throws TypeError for options that would lead around the connector.
 */
export function postgresOptions<O extends object>(
  connector: TlsConnector,
  options: O & { readonly servername?: string } = {} as O,
): Omit<O, 'servername' | 'keep_alive'> & {
  readonly ssl: false;
  readonly keep_alive: number;
  socket(address: Address): TLSSocket;
} {
  const given = optionsFor('postgresOptions', connector, options);
  refuseDetours('postgresOptions', given, { ssl: 'TLS is by the connector', socket: 'TLS is by the connector' });
  refuseNodeOptions('postgresOptions', given);
  const { servername, keep_alive = KEEP_ALIVE, ...rest } = given as typeof given & { readonly keep_alive?: unknown };
  const keepAlive = Number(keep_alive);
  let current = 0;
  return {
    ...(rest as unknown as Omit<O, 'servername' | 'keep_alive'>),
    ssl: false,
    keep_alive: notAsked as unknown as number,
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
      if (keepAlive > 0) duplex.setKeepAlive(true, 1000 * keepAlive);
      // Whether there is one the package asks before it looks at `keep_alive`
      Object.defineProperty(duplex, 'setKeepAlive', { value: undefined });
      // The package ends no socket that is not `open`, and would leave this one to its timeout.
      Object.defineProperty(duplex, 'readyState', { get: () => (duplex.destroyed ? 'closed' : 'open') });
      return asTlsSocket(duplex);
    },
  };
}
