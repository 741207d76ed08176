/** @module @ferrule/node/adapters/grpc: channel credentials for @grpc/grpc-js. */
import { ChannelCredentials, credentials, type CallCredentials } from '@grpc/grpc-js';
import type { TlsConnector } from '../duplex/connector.ts';
import type { TlsDuplex } from '../duplex/tls-duplex.ts';
import { asTlsSocket, ready } from './ready.ts';
import { needsConnector, needsH2, overH2, ownOptions } from './tls-required.ts';

type SecureConnector = ReturnType<ChannelCredentials['_createSecureConnector']>;

/**
 * `new Client(target, grpcCredentials(connector, { servername }))`; the connector offers `alpn: ['h2']`.
 * @throws TypeError without a name to verify; for a connector that does not offer `h2`, or has a `dial`: the library
 * opens its sockets
 * itself.
 */
export function grpcCredentials(connector: TlsConnector, options: { readonly servername: string }): ChannelCredentials {
  needsConnector('grpcCredentials', connector);
  const { servername } = ownOptions('grpcCredentials', options, ['servername']);
  connector.check({ lazy: true, servername });
  needsH2('grpcCredentials', connector);
  if (connector.dials)
    throw new TypeError(
      'grpcCredentials: @grpc/grpc-js opens its sockets by itself, and would not ask the dial of the connector: lead it through a tunnel(), or set its own https_proxy',
    );
  return new TlsChannelCredentials(connector, servername);
}

class TlsChannelCredentials extends ChannelCredentials {
  readonly #connector: TlsConnector;
  readonly #servername: string;

  constructor(connector: TlsConnector, servername: string) {
    super();
    this.#connector = connector;
    this.#servername = servername;
  }
  override _isSecure(): boolean {
    return true;
  }
  override _equals(other: ChannelCredentials): boolean {
    return this === other;
  }
  override _createSecureConnector(
    _target: unknown,
    _options: unknown,
    callCredentials?: CallCredentials,
  ): SecureConnector {
    const underWay = new Set<TlsDuplex>();
    return {
      connect: async (raw) => {
        const duplex = overH2('grpcCredentials', this.#connector.duplex({ stream: raw, servername: this.#servername }));
        underWay.add(duplex);
        const done = ready(duplex).finally(() => underWay.delete(duplex));
        return { socket: asTlsSocket(await done), secure: true };
      },
      waitForReady: () => Promise.resolve(),
      getCallCredentials: () => callCredentials ?? credentials.createEmpty(),
      destroy: () => {
        for (const duplex of underWay) duplex.destroy();
      },
    };
  }
}
