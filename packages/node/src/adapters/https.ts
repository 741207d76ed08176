/** @module @ferrule/node/adapters/https: an `https.Agent`, for https.request, axios, got, node-fetch and all that take one. */
import https from 'node:https';
import type { Duplex } from 'node:stream';
import type { TlsConnector } from '../duplex/connector.ts';

/** `https.get(url, { agent: new TlsAgent(connector) })`. Its sockets are verified by the connector before HTTP sees them. */
export class TlsAgent extends https.Agent {
  readonly #connector: TlsConnector;

  constructor(connector: TlsConnector, options?: https.AgentOptions) {
    super(options);
    this.#connector = connector;
  }

  override createConnection(options: https.RequestOptions): Duplex {
    const host = options.host ?? 'localhost';
    const { servername } = options as { readonly servername?: string };
    return this.#connector.duplex({ host, port: Number(options.port ?? 443), servername: servername || host });
  }
}
