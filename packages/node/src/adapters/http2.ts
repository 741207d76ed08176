/** @module @ferrule/node/adapters/http2: sessions of node:http2. */
import type { Duplex } from 'node:stream';
import type { TlsConnector } from '../duplex/connector.ts';

/** `http2.connect(url, http2Options(connector))`; the connector offers `alpn: ['h2']`. */
export const http2Options = (connector: TlsConnector): { createConnection(authority: URL): Duplex } => ({
  createConnection: ({ hostname, port }) => connector.duplex({ host: unbracketed(hostname), port: Number(port || 443) }),
});

const unbracketed = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');
