/**
 * @module @ferrule/node/adapters/https: an `https.Agent`, for https.request, ws, node-fetch and other clients that
 * accept one.
 */
import { Agent, ClientRequest } from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import type { TlsConnector } from '../duplex/connector.ts';
import { NODE_OPTIONS } from './node-options.ts';
import { forAnyScheme, needsHttp1, noOtherWay, optionsFor, refuseNodeOptions, withoutTls } from './tls-required.ts';

/**
 * `https.get(url, { agent: new TlsAgent(connector) })`. Its sockets are verified by the connector before HTTP sees
 * them. `host`, `port`, `servername`, `socketPath`, `timeout` and `signal` of a request are honoured.
 * @throws TypeError for a connector that offers `h2`, for options of node:tls, which belong to the connector, and for
 * those that choose another route to the server, also when set on a request; and for one that https.Agent does
 *   not know.
 */
export class TlsAgent extends https.Agent {
  readonly #connector: TlsConnector;

  constructor(connector: TlsConnector, options?: https.AgentOptions) {
    const given = optionsFor('TlsAgent', connector, options);
    needsHttp1('TlsAgent', connector);
    refuse(given);
    for (const name of Object.keys(options ?? {}))
      if (!Object.hasOwn(NODE_OPTIONS, name)) throw new TypeError(`TlsAgent: ${name}: unknown option`);
    // A client that uses the agent's options for its own TLS (axios does for a proxy) gets an error
    super({ ...given, ...noOtherWay('TlsAgent') });
    this.#connector = connector;
  }

  /** Overrides http.Agent's: after it, the agent's own options take precedence over the request's. */
  addRequest(request: ClientRequest, options: https.RequestOptions, ...rest: readonly unknown[]): void {
    refuse(options);
    if (request.protocol === 'https:') return addRequest.call(this, request, options, ...rest);
    fail.call(request, undefined, withoutTls('TlsAgent', request.protocol, request.host));
  }

  override createConnection(
    options: https.RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | undefined {
    try {
      return this.#connect(options);
    } catch (error) {
      if (callback === undefined) throw error;
      // Thrown, a library that follows a redirect would not catch it
      (callback as (error: unknown) => void)(error);
      return undefined;
    }
  }

  #connect(options: https.RequestOptions): Duplex {
    refuse(options);
    const { socketPath } = options;
    const host = options.host ?? 'localhost';
    const servername = options.servername || host;
    const duplex = this.#connector.socket(
      socketPath ? { path: socketPath, servername } : { host, port: Number(options.port ?? 443), servername },
      // node:http starts the timeout of a request at `connect`: the handshake counts, too
      'transport',
    );
    // As net.connect() does: node:http sets a request's timeout itself only after the connection exists
    if (options.timeout) duplex.setTimeout(options.timeout);
    return duplex;
  }
}

/**
 * For a library that takes an agent for each scheme, a {@link TlsAgent} for `https:` and one for `http:`, which fails
 * every such request with `TLS_REQUIRED`, including redirects.
 * @throws TypeError as {@link TlsAgent}.
 */
export function tlsAgents(
  connector: TlsConnector,
  options?: https.AgentOptions,
): { readonly http: TlsAgent; readonly https: TlsAgent } {
  return { http: forAnyScheme(new TlsAgent(connector, options)), https: new TlsAgent(connector, options) };
}

/** How http.Agent fails a request for which it has no socket. */
const { onSocket: fail } = ClientRequest.prototype as unknown as {
  onSocket(this: ClientRequest, socket: undefined, error: Error): void;
};

const { addRequest } = Agent.prototype as unknown as {
  addRequest(this: Agent, request: ClientRequest, options: https.RequestOptions, ...rest: readonly unknown[]): void;
};

/** `path`, the pool options and `socketPath` belong to the request and the agent. */
const refuse = (options: object | undefined): void => refuseNodeOptions('TlsAgent', options);
