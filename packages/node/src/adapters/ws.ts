/** @module @ferrule/node/adapters/ws: WebSockets of the package ws. */
import type { ClientOptions } from 'ws';
import type { TlsConnector } from '../duplex/connector.ts';
import { asTlsSocket } from './ready.ts';

/** `new WebSocket('wss://…', wsOptions(connector))`. */
export const wsOptions = (connector: TlsConnector): Pick<ClientOptions, 'createConnection'> => ({
  createConnection: ((options: { readonly host?: string; readonly port?: number | string; readonly servername?: string }) =>
    asTlsSocket(
      connector.duplex({ host: options.host ?? 'localhost', port: Number(options.port ?? 443), ...(options.servername ? { servername: options.servername } : {}) }),
    )) as NonNullable<ClientOptions['createConnection']>,
});
