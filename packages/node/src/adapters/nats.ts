/** @module @ferrule/node/adapters/nats: NATS through @nats-io/transport-node. */
import type { TLSSocket } from 'node:tls';
import { deferred, NatsConnectionImpl, ProtocolHandler, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';
import { NodeTransport } from '@nats-io/transport-node/lib/node_transport.js';
import { TlsError } from '@ferrule/result';
import type { TlsConnector } from '../duplex/connector.ts';
import { TlsDuplex } from '../duplex/tls-duplex.ts';
import { asTlsSocket, ready } from './ready.ts';
import { refuseTrustOptions } from './tls-required.ts';

/** The parts of a ProtocolHandler with which it makes a transport for each (re)connection; its types hide `prepare`. */
interface Handler extends Pick<ProtocolHandler, 'dialLoop' | 'resetOutbound' | 'pongs' | 'connectError' | 'disconnected' | 'isClosed'> {
  transport: NodeTransport;
  info?: unknown;
  connected: boolean;
  lastError?: Error;
  prepare(): Promise<void>;
}

/** Its constructor is public but for its types. */
const Connection = NatsConnectionImpl as unknown as new (options: NodeConnectionOptions) => NatsConnectionImpl;

/**
 * `await natsConnect(connector, { servers: 'host:4222' })` in place of `connect()`. TLS is required at each (re)connection,
 * whatever the server announces; of `tls`, only `handshakeFirst` is used.
 * @throws TypeError for options of TLS that are the connector's.
 * @throws TlsError `TLS_REQUIRED` where the server offers no TLS, `STARTTLS_INJECTION` for data in plain text after its INFO.
 */
export async function natsConnect(connector: TlsConnector, options: NodeConnectionOptions = {}): Promise<NatsConnection> {
  const { tls } = options;
  if (tls === null) throw new TypeError('natsConnect: tls: null would send everything in plain text');
  refuseTrustOptions('natsConnect', { ...tls, ca: tls?.ca ?? tls?.caFile, cert: tls?.cert ?? tls?.certFile, key: tls?.key ?? tls?.keyFile });
  const connection = new Connection({ ...options, tls: { handshakeFirst: tls?.handshakeFirst === true } });
  // What the library does in NatsConnectionImpl.connect(), with a transport of our own: its factory is one for the whole process.
  const protocol = new ProtocolHandler(connection.options, connection);
  const handler = protocol as unknown as Handler;
  handler.prepare = () => prepare(handler, new ConnectorTransport(connector));
  await handler.dialLoop();
  connection.protocol = protocol;
  return connection as NatsConnection;
}

/** ProtocolHandler.prepare(), but for the transport. */
function prepare(handler: Handler, transport: NodeTransport): Promise<void> {
  (handler.transport as NodeTransport | undefined)?.discard();
  handler.info = undefined;
  handler.resetOutbound();
  const pong = deferred<void>();
  pong.catch(() => undefined);
  handler.pongs.unshift(pong);
  handler.connectError = (error) => pong.reject(error ?? new Error('the connection was lost'));
  handler.transport = transport;
  void transport.closed().then(async () => {
    handler.connected = false;
    if (!handler.isClosed()) await handler.disconnected(transport.closeError ?? handler.lastError);
  });
  return pong;
}

class ConnectorTransport extends NodeTransport {
  readonly #connector: TlsConnector;
  #host = '';

  constructor(connector: TlsConnector) {
    super();
    this.#connector = connector;
  }

  override async connect(...parameters: Parameters<NodeTransport['connect']>): Promise<void> {
    this.#host = parameters[0].hostname;
    await super.connect(...parameters);
    if (this.socket instanceof TlsDuplex) return;
    this.socket.destroy();
    throw new TlsError('TLS_REQUIRED', 'the NATS server offers no TLS');
  }

  override async startTLS(): Promise<TLSSocket> {
    // The INFO line is all that a server says before TLS; what follows it would be read as if it had come over TLS.
    const said = Buffer.concat(this.yields);
    if (said.indexOf('\r\n') !== said.length - 2) throw new TlsError('STARTTLS_INJECTION', 'the NATS server sent more than INFO before TLS');
    return asTlsSocket(await ready(this.#connector.duplex({ stream: this.socket, servername: this.tlsName || this.#host })));
  }

  override async tlsFirst({ hostname, port }: { readonly hostname: string; readonly port: number }): Promise<TLSSocket> {
    return asTlsSocket(await ready(this.#connector.duplex({ host: hostname, port, servername: this.tlsName || hostname })));
  }
}
