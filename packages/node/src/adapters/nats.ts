/** @module @ferrule/node/adapters/nats: NATS through @nats-io/transport-node. */
import type { TLSSocket } from 'node:tls';
import { NatsConnectionImpl, setTransportFactory, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';
import { NodeTransport, nodeResolveHost } from '@nats-io/transport-node/lib/node_transport.js';
import type { TlsConnector } from '../duplex/connector.ts';
import { asTlsSocket, ready } from './ready.ts';

/**
 * `await natsConnect(connector, { servers: 'host:4222' })` in place of `connect()`. The library keeps its transport in one
 * place for the whole process: a later `connect()` of its own puts its own back.
 */
export function natsConnect(connector: TlsConnector, options: NodeConnectionOptions = {}): Promise<NatsConnection> {
  class TlsTransport extends NodeTransport {
    override async startTLS(): Promise<TLSSocket> {
      return asTlsSocket(await ready(connector.duplex({ stream: this.socket, servername: this.tlsName })));
    }
    override async tlsFirst({ hostname, port }: { readonly hostname: string; readonly port: number }): Promise<TLSSocket> {
      return asTlsSocket(await ready(connector.duplex({ host: hostname, port, servername: this.tlsName || hostname })));
    }
  }
  setTransportFactory({ factory: () => new TlsTransport(), dnsResolveFn: nodeResolveHost });
  return NatsConnectionImpl.connect(options);
}
