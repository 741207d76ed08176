/** @module @ferrule/node/adapters/pg: PostgreSQL through pg, with SCRAM-SHA-256-PLUS channel binding. */
import type { ClientConfig } from 'pg';
import type { TlsConnector } from '../duplex/connector.ts';
import { asTlsSocket, givenUpBy } from './ready.ts';
import { refuseDetours } from './tls-required.ts';

/**
 * `new pg.Pool(pgConfig(connector, { host, user, password, servername: host }))`: the SSLRequest of the protocol is
 * spoken by the Duplex, so pg itself knows of no TLS, but for the channel binding. Not for `pg.native`, which has
 * sockets of its own.
 * @param config options of pg, and `servername`, the name that the certificate must have; default `host`.
 * @throws TypeError for options that would lead around the connector, or without a name to verify.
 */
export function pgConfig<C extends ClientConfig>(
  connector: TlsConnector,
  config: C & { readonly servername?: string },
): Omit<C, 'servername'> & Pick<ClientConfig, 'stream' | 'ssl'> & { readonly enableChannelBinding: true } {
  refuseDetours('pgConfig', config, {
    ssl: 'TLS is by the connector',
    stream: 'TLS is by the connector',
    sslmode: 'TLS is by the connector',
    connectionString: 'give host, port, user, password and database',
  });
  const { servername = config.host, ...rest } = config;
  if (servername === undefined)
    throw new TypeError('pgConfig: servername or host is needed: the name that the certificate must have');
  return {
    ...rest,
    ssl: false,
    enableChannelBinding: true,
    // before `connect` pg writes Terminate alone
    stream: () => asTlsSocket(givenUpBy('write', connector.duplex({ lazy: true, servername, preamble: 'postgres' }))),
  };
}
