/** @module @ferrule/node/adapters/nats: NATS through @nats-io/transport-node. */
import {
  deferred,
  NatsConnectionImpl,
  ProtocolHandler,
  type NatsConnection,
  type NodeConnectionOptions,
} from '@nats-io/transport-node';
import { NodeTransport } from '@nats-io/transport-node/lib/node_transport.js';
import { starttls } from '@ferrule/starttls';
import type { TlsConnector } from '../duplex/connector.ts';
import { asTlsSocket, ready } from './ready.ts';
import { optionsFor, refuseNodeOptions } from './tls-required.ts';

/** The parts of a ProtocolHandler that create a transport for each (re)connection; `prepare` is not in its types. */
interface Handler extends Pick<
  ProtocolHandler,
  'dialLoop' | 'resetOutbound' | 'pongs' | 'connectError' | 'disconnected' | 'isClosed'
> {
  transport: NodeTransport;
  info?: unknown;
  connected: boolean;
  lastError?: Error;
  prepare(): Promise<void>;
}

/** Its constructor is private only in its types. */
const Connection = NatsConnectionImpl as unknown as new (options: NodeConnectionOptions) => NatsConnectionImpl;

/**
 * `await natsConnect(connector, { servers: 'host:4222' })` instead of `connect()`. TLS is required for each
 * (re)connection, whatever the server announces; of `tls`, only `handshakeFirst` is used.
 * @throws TypeError for TLS options that belong to the connector.
 * @throws TlsError `STARTTLS_NOT_OFFERED` if the server offers no TLS, `STARTTLS_INJECTION` for plain text after its
 * INFO.
 */
export async function natsConnect(
  connector: TlsConnector,
  options: NodeConnectionOptions = {},
): Promise<NatsConnection> {
  const given = optionsFor('natsConnect', connector, options);
  const { tls } = given;
  if (tls === null) throw new TypeError('natsConnect: tls: null would send everything in plain text');
  refuseNodeOptions('natsConnect', given);
  refuseNodeOptions(
    'natsConnect',
    {
      ...tls,
      ca: tls?.ca ?? tls?.caFile,
      cert: tls?.cert ?? tls?.certFile,
      key: tls?.key ?? tls?.keyFile,
    },
    'tls',
  );
  // The dial resolves names
  const connection = new Connection({
    ...given,
    ...(connector.dials && { resolve: false }),
    tls: { handshakeFirst: tls?.handshakeFirst === true },
  });
  // As NatsConnectionImpl.connect(), but with our own transport: the library's factory is process-wide.
  const protocol = new ProtocolHandler(connection.options, connection);
  const handler = protocol as unknown as Handler;
  handler.prepare = () => prepare(handler, new ConnectorTransport(connector));
  await handler.dialLoop();
  connection.protocol = protocol;
  return connection as NatsConnection;
}

/** ProtocolHandler.prepare() with our transport. */
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

/** The library's own connect timeout, milliseconds; it does not close the connection. */
const LIBRARY_TIMEOUT = 20_000;

const soonest = (limit: number, other: number): number => (limit === 0 ? other : Math.min(limit, other));

class ConnectorTransport extends NodeTransport {
  readonly #connector: TlsConnector;

  constructor(connector: TlsConnector) {
    super();
    this.#connector = connector;
  }

  override async connect(
    { hostname, port, tlsName }: Parameters<NodeTransport['connect']>[0],
    options: NodeConnectionOptions,
  ): Promise<void> {
    this.options = options;
    this.tlsName = tlsName;
    const preamble = options.tls?.handshakeFirst === true ? undefined : starttls('nats');
    const duplex = this.#connector.duplex({
      host: hostname,
      port,
      servername: tlsName || hostname,
      ...(preamble && { preamble }),
      handshakeTimeout: soonest(this.#connector.handshakeTimeout, options.timeout || LIBRARY_TIMEOUT),
    });
    this.socket = asTlsSocket(duplex);
    await ready(duplex);
    if (this.done) duplex.destroy();
    if (preamble !== undefined) this.yields.push(harmless(preamble.greeting));
    this.connected = true;
    this.setupHandlers();
    this.signal.resolve();
  }

  override isEncrypted(): boolean {
    return true;
  }
}

/**
 * Servers do not repeat their INFO inside TLS, so the library gets what it needs to speak to this one, but nothing that
 * redirects it (`connect_urls`) or disconnects it (`ldm`). Forging these fields breaks the connection and discloses
 * nothing: the signed `nonce` goes only to the verified server. An INFO inside TLS is passed unchanged.
 */
const HARMLESS = [
  'server_id',
  'server_name',
  'version',
  'proto',
  'headers',
  'max_payload',
  'jetstream',
  'nonce',
  'auth_required',
  'tls_required',
  'tls_available',
];

function harmless(line: Uint8Array): Uint8Array {
  const said = JSON.parse(Buffer.from(line).toString().slice('INFO '.length)) as object;
  return Buffer.from(
    `INFO ${JSON.stringify(Object.fromEntries(Object.entries(said).filter(([key]) => HARMLESS.includes(key))))}\r\n`,
  );
}
