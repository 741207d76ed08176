/** @module @ferrule/node/adapters/postgres: PostgreSQL through the package postgres. */
import type { TLSSocket } from 'node:tls';
import type { TlsConnector } from '../duplex/connector.ts';
import { asTlsSocket, givenUpBy, passwordFor } from './ready.ts';
import { optionsFor, refuseDetours, refuseNodeOptions, refusePlain } from './tls-required.ts';

export interface Address {
  readonly host: readonly string[];
  readonly port: readonly number[];
  readonly path?: string | false;
  /** The required kind of server: postgres disconnects from any other, and reconnects. */
  readonly target_session_attrs?: unknown;
}

interface Given {
  readonly keep_alive?: unknown;
  readonly password?: unknown;
  readonly pass?: unknown;
  readonly host?: unknown;
}

/** The package's default, in seconds. */
const KEEP_ALIVE = 60;

/** The package multiplies `keep_alive` after connecting and before sending: with its own socket that throws. */
const notAsked = {
  valueOf(): never {
    throw new TypeError(
      'postgresOptions: the connector was not asked, since a socket set beside its own leads around it',
    );
  },
} as const;

/** The package does not catch exceptions of `password`: with an empty one the server decides about the login. */
function warn(error: TypeError): string {
  process.emitWarning(error);
  return '';
}

/** A JSON copy would keep `ssl: false` and lose the connector. */
function toJSON(): never {
  throw new TypeError('postgresOptions: what it returns cannot be copied as JSON: the connector would not be in it');
}

/**
 * `postgres(postgresOptions(connector, { host, port, user, password }))`. Of several hosts the first is used, and after
 * a failed attempt the next one, by all connections. A copy of these options without `socket` gets no password, and
 * copying as JSON throws.
 * @param options those of postgres, and `servername` if it is not the host.
 * @throws TypeError for options that bypass the connector.
 */
export function postgresOptions<O extends object>(
  connector: TlsConnector,
  options: O & { readonly servername?: string } = {} as O,
): Omit<O, 'servername' | 'keep_alive' | 'password' | 'pass'> & {
  readonly ssl: false;
  readonly keep_alive: number;
  readonly password?: () => string | Promise<string>;
  toJSON(): never;
  socket(address: Address): TLSSocket;
} {
  const given = optionsFor('postgresOptions', connector, options);
  refusePlain('postgresOptions', given);
  refuseDetours('postgresOptions', given, { ssl: 'TLS is by the connector', socket: 'TLS is by the connector' });
  refuseNodeOptions('postgresOptions', given);
  const { servername, keep_alive = KEEP_ALIVE, password, pass, ...rest } = given as typeof given & Given;
  const keepAlive = Number(keep_alive);
  // A URL given beside these options has its own
  const secret = pass || password || (rest.host && process.env['PGPASSWORD']);
  let current = 0;
  const socket = ({ host, port, path, target_session_attrs: picky }: Address): TLSSocket => {
    const at = current;
    const name = host[at] ?? 'localhost';
    const where = path ? { path } : { host: name, port: port[at] ?? port[0] ?? 5432 };
    const duplex = givenUpBy(
      'end',
      connector.duplex({ ...where, servername: servername ?? name, preamble: 'postgres' }),
    );
    // The package does not identify the attempt: after a failed or unsuitable host all move on to the next
    const next = (): void => void (current === at && (current = (at + 1) % Math.max(1, host.length)));
    duplex.once('close', next);
    if (!picky) duplex.once('ready', () => duplex.off('close', next));
    if (keepAlive > 0) duplex.setKeepAlive(true, 1000 * keepAlive);
    // The package checks for this method before it reads `keep_alive`
    Object.defineProperty(duplex, 'setKeepAlive', { value: undefined });
    // The package only ends sockets that are `open`; this one would wait for its timeout.
    Object.defineProperty(duplex, 'readyState', { get: () => (duplex.destroyed ? 'closed' : 'open') });
    return asTlsSocket(duplex);
  };
  // `this` of `password` is the package's parsed options
  const isOurs = (parsed: unknown): boolean => (parsed as { readonly socket?: unknown } | undefined)?.socket === socket;
  return {
    ...(rest as unknown as Omit<O, 'servername' | 'keep_alive' | 'password' | 'pass'>),
    ...(secret !== undefined && secret !== '' && { password: passwordFor('postgresOptions', secret, isOurs, warn) }),
    toJSON,
    ssl: false,
    keep_alive: notAsked as unknown as number,
    socket,
  };
}
