/** @module @ferrule/node/adapters/https: an `https.Agent`, for https.request, ws, node-fetch and all that take one. */
import { Agent, type ClientRequest } from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import type { TlsConnector } from '../duplex/connector.ts';
import { needsHttp1, noOtherTls, refuseDetours, refuseTrustOptions, USE_DIAL } from './tls-required.ts';

const DETOURS = {
  lookup: 'resolve the name in the dial of the TlsConnector',
  localAddress: 'bind the address in the dial of the TlsConnector',
  family: 'choose the address in the dial of the TlsConnector',
  proxyEnv: USE_DIAL,
};

/**
 * `https.get(url, { agent: new TlsAgent(connector) })`. Its sockets are verified by the connector before HTTP sees
 * them. `host`, `port`, `servername`, `socketPath`, `timeout` and `signal` of a request are honoured.
 * @throws TypeError for a connector that offers `h2`, for options of node:tls, which are the connector's to have, and for those that choose another way
 * to
 *   the server; also from a request that has them.
 */
export class TlsAgent extends https.Agent {
  readonly #connector: TlsConnector;

  constructor(connector: TlsConnector, options?: https.AgentOptions) {
    needsHttp1('TlsAgent', connector);
    refuse(options);
    // Whoever takes its options for TLS of their own (axios does for a proxy) finds that no server has the right name
    super({ ...options, ...noOtherTls('TlsAgent') });
    this.#connector = connector;
  }

  /** Of http.Agent: from there on its own options overrule those of the request. */
  addRequest(request: ClientRequest, options: https.RequestOptions, ...rest: readonly unknown[]): void {
    refuse(options);
    addRequest.call(this, request, options, ...rest);
  }

  override createConnection(options: https.RequestOptions): Duplex {
    refuse(options);
    const host = options.host ?? 'localhost';
    const { servername, socketPath } = options as { readonly servername?: string; readonly socketPath?: string | null };
    const name = servername || host;
    const duplex = this.#connector.duplex(
      socketPath
        ? { path: socketPath, servername: name }
        : { host, port: Number(options.port ?? 443), servername: name },
    );
    // As net.connect(), which node:http counts on: it sets the time of a request itself only once there is a connection
    if (options.timeout) duplex.setTimeout(options.timeout);
    return duplex;
  }
}

const { addRequest } = Agent.prototype as unknown as {
  addRequest(this: Agent, request: ClientRequest, options: https.RequestOptions, ...rest: readonly unknown[]): void;
};

function refuse(options: object | undefined): void {
  refuseTrustOptions('TlsAgent', options);
  refuseDetours('TlsAgent', options, DETOURS);
}
