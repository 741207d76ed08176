/** @module @ferrule/node/adapters/pg: PostgreSQL through pg, with SCRAM-SHA-256-PLUS channel binding. */
import type { TLSSocket } from 'node:tls';
import type { ClientConfig } from 'pg';
import type { TlsConnector } from '../duplex/connector.ts';
import type { TlsDuplex } from '../duplex/tls-duplex.ts';
import { asTlsSocket, givenUpBy, passwordFor } from './ready.ts';
import { noOtherWay, optionsFor, refuseDetours, refuseNodeOptions, refusePlain } from './tls-required.ts';

/** The part of pg's Connection that decides when TLS begins; not in its types. */
interface Connection {
  requestSsl(): void;
  emit(event: 'sslconnect'): boolean;
}

/**
 * `new pg.Pool(pgConfig(connector, { host, user, password, servername: host }))`: the Duplex sends the protocol's
 * SSLRequest, so pg itself sees TLS only in the channel binding. Not for `pg.native`, which opens its own sockets: with
 * this configuration it does not connect.
 * @param config options of pg, and `servername`, the name that the certificate must match; default `host`. A
 * `connectionString` is parsed here: with its `sslmode`, pg would begin TLS a second time. Each `sslmode` with TLS
 * means `verify-full`. A copy of the result without `stream` gets no password.
 * @throws TypeError for options that bypass the connector, also in the URL, or without a name to verify.
 */
export function pgConfig<C extends ClientConfig>(
  connector: TlsConnector,
  config: C & { readonly servername?: string },
): Omit<C, 'servername' | 'password'> &
  Pick<ClientConfig, 'stream' | 'ssl' | 'password'> & { readonly enableChannelBinding: true } {
  const own = optionsFor('pgConfig', connector, config);
  for (const name of ['ssl', 'sslmode']) refusePlain('pgConfig', own, name);
  refuseDetours('pgConfig', own, {
    ssl: 'TLS is by the connector',
    stream: 'TLS is by the connector',
    sslmode: 'TLS is by the connector',
    connection: 'TLS is by the connector',
    nativeConnectionString: 'pg.native has sockets of its own; use pg.Client or pg.Pool',
  });
  refuseNodeOptions('pgConfig', own);
  const { sslnegotiation } = own as { readonly sslnegotiation?: unknown };
  if (sslnegotiation !== undefined && sslnegotiation !== 'postgres')
    throw new TypeError(`pgConfig: sslnegotiation=${String(sslnegotiation)} is not supported`);
  const { connectionString, ...given } = own;
  const named = { ...given, ...inUrl(connectionString ?? undefined) };
  const { servername = named.host, password = process.env['PGPASSWORD'], ...rest } = named;
  if (!servername)
    throw new TypeError('pgConfig: servername or host is needed: the name that the certificate must have');
  connector.check({ lazy: true, servername, preamble: 'postgres' });
  const made = new WeakSet<object>();
  // `this` of a password is the client
  const isOurs = (client: unknown): boolean =>
    made.has((client as { readonly connection?: { readonly stream?: object } } | undefined)?.connection?.stream ?? {});
  return {
    ...(rest as unknown as Omit<C, 'servername' | 'password'>),
    ...(password && { password: passwordFor('pgConfig', password, isOurs, refuse) }),
    // Makes pg require TLS: without our stream the server has none, or `tls.connect()` throws
    ssl: noOtherWay('pgConfig') as NonNullable<ClientConfig['ssl']>,
    // Overrides PGSSLNEGOTIATION, which would require `ssl`
    sslnegotiation: 'postgres',
    enableChannelBinding: true,
    ...FOR_NATIVE,
    stream: inTls(() => {
      const duplex = connector.duplex({ lazy: true, servername, preamble: 'postgres' });
      made.add(duplex);
      return duplex;
    }) as () => TLSSocket,
  };
}

function refuse(error: TypeError): never {
  throw error;
}

/** Called by pg's Connection to make its stream; tells it that the stream requests TLS itself. */
function inTls(make: () => TlsDuplex): (this: Connection | undefined, own?: { ssl?: unknown }) => TLSSocket {
  return function (own) {
    if (own !== undefined) own.ssl = false;
    if (this !== undefined) this.requestSsl = () => void this.emit('sslconnect');
    // Before `connect` pg writes only Terminate
    return asTlsSocket(givenUpBy('write', make()));
  };
}

/**
 * Read only by pg.native (which NODE_PG_FORCE_NATIVE makes pg.Client), instead of host and password: libpq rejects it,
 * quoting this text.
 */
const FOR_NATIVE = { nativeConnectionString: 'pgConfig:_pg.native_would_lead_around_the_connector' } as const;

/** As pg's own parser, in which the URL takes precedence, but without its TLS options. */
function inUrl(connectionString: string | undefined): ClientConfig {
  if (connectionString === undefined) return {};
  // An unencoded percent sign is literal, as in pg
  const text = / |%[^a-f0-9]|%[a-f0-9][^a-f0-9]/i.test(connectionString)
    ? encodeURI(connectionString).replace(/%25(\d\d)/g, '%$1')
    : connectionString;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^postgres(ql)?:$/.test(url.protocol))
    throw new TypeError('pgConfig: connectionString: not a URL that begins with postgres://');
  const { ssl, sslmode, sslnegotiation, uselibpqcompat: _, ...query } = Object.fromEntries(url.searchParams);
  for (const name of ['ssl', 'sslmode']) refusePlain('pgConfig: connectionString', { ssl, sslmode }, name);
  if (sslmode === 'no-verify')
    throw new TypeError(
      'pgConfig: connectionString: sslmode=no-verify is not used here: the TlsConnector decides whom to trust (verify)',
    );
  refuseDetours('pgConfig', query, { stream: 'TLS is by the connector', connection: 'TLS is by the connector' });
  for (const name of ['sslcert', 'sslkey', 'sslrootcert', 'sslpassword', 'sslcrl'])
    if (name in query)
      throw new TypeError(`pgConfig: connectionString: ${name} is not used here: TLS is by the connector`);
  if (sslnegotiation !== undefined && sslnegotiation !== 'postgres')
    throw new TypeError(`pgConfig: connectionString: sslnegotiation=${sslnegotiation} is not supported`);
  const { hostname, port, username, password, pathname } = url;
  const database = decodeURIComponent(pathname.slice(1));
  return {
    ...(hostname && { host: decodeURIComponent(hostname).replace(/^\[(.*)\]$/, '$1') }),
    ...(port && { port: Number(port) }),
    ...(username && { user: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
    ...(database && { database }),
    ...query,
  };
}
