/** @module @ferrule/node/adapters/pg: PostgreSQL through pg, with SCRAM-SHA-256-PLUS channel binding. */
import type { ClientConfig } from 'pg';
import type { TlsConnector } from '../duplex/connector.ts';
import { asTlsSocket } from './ready.ts';

/**
 * `new pg.Pool({ host, port, ...pgConfig(connector, { servername: host }) })`: the SSLRequest of the protocol is spoken by
 * the Duplex, so pg itself knows of no TLS, but for the channel binding.
 */
export const pgConfig = (connector: TlsConnector, { servername }: { readonly servername: string }): Pick<ClientConfig, 'stream' | 'ssl'> & { readonly enableChannelBinding: true } => ({
  ssl: false,
  enableChannelBinding: true,
  stream: () => asTlsSocket(connector.duplex({ lazy: true, servername, preamble: 'postgres' })),
});
