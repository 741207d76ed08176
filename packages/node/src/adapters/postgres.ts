/** @module @ferrule/node/adapters/postgres: PostgreSQL through the package postgres. */
import type { TLSSocket } from 'node:tls';
import type { TlsConnector } from '../duplex/connector.ts';
import { asTlsSocket, ready } from './ready.ts';

/** `postgres({ host, port, ...postgresOptions(connector) })`. */
export const postgresOptions = (connector: TlsConnector): { readonly ssl: false; socket(options: { readonly host: readonly string[]; readonly port: readonly number[] }): Promise<TLSSocket> } => ({
  ssl: false,
  socket: async ({ host: [host = 'localhost'], port: [port = 5432] }) => asTlsSocket(await ready(connector.duplex({ host, port, preamble: 'postgres' }))),
});
