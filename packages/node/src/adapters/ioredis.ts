/** @module @ferrule/node/adapters/ioredis: Redis through ioredis. */
import type { RedisOptions } from 'ioredis';
import type { TlsConnector } from '../duplex/connector.ts';
import type { TlsDuplex } from '../duplex/tls-duplex.ts';
import { asTlsSocket } from './ready.ts';
import { noOtherWay, optionsFor, refuseDetours, refuseNodeOptions } from './tls-required.ts';

export type Connector = NonNullable<RedisOptions['Connector']>;

/** How long the server may take to end its side after ours, milliseconds. */
const DISCONNECT_TIMEOUT = 2000;

/**
 * `new Redis(ioredisOptions(connector, { host, port, password }))`; `path` is a unix socket, `tls.servername` the name
 * that the certificate must match.
 * @throws TypeError for Sentinel and for TLS options, which belong to the connector; also from `new Redis` with them.
 * Cluster, whose subscriber would bypass the connector, reports that as `lastNodeError` of its `error` event and does
 * not connect.
 */
export function ioredisOptions<O extends RedisOptions>(
  connector: TlsConnector,
  options: O = {} as O,
): O & { readonly Connector: Connector } {
  const mine = optionsFor('ioredisOptions', connector, options);
  check(mine);
  refuseDetours('ioredisOptions', mine, { Connector: 'TLS is by the TlsConnector' });
  const { retryStrategy = retryAsIoredis } = mine;
  const own = {
    // Makes node:tls throw if it is passed on, as Cluster's subscriber does
    tls: { ...mine.tls, ...noOtherWay('ioredisOptions') },
    // Always a function: it distinguishes a connection of Redis from one of Cluster
    retryStrategy: (times: number) => retryStrategy?.(times),
  };
  class TlsRedisConnector {
    readonly #options: RedisOptions;
    #duplex: TlsDuplex | undefined;
    constructor(given: RedisOptions) {
      this.#options = given;
      if (given.retryStrategy !== own.retryStrategy) {
        // Cluster swallows exceptions from here but reports those of connect(); its subscriber uses this `tls`
        given.tls = own.tls;
        return;
      }
      if (given.tls !== own.tls)
        throw new TypeError('ioredisOptions: tls has been replaced: give it to ioredisOptions()');
      // By default ioredis 5.0 sets a `family`
      check({ ...given, tls: undefined, family: undefined });
    }
    check(): boolean {
      return true;
    }
    // An exception counts as a failed connection: the client reports it and retries
    async connect(): Promise<unknown> {
      const { host = 'localhost', port = 6379, path, tls, retryStrategy } = this.#options;
      if (retryStrategy !== own.retryStrategy)
        throw new TypeError(
          'ioredisOptions: Cluster is not supported, since its subscriber connects without the connector; a retryStrategy is given to ioredisOptions()',
        );
      const servername = tls?.servername ?? host;
      this.#duplex = connector.duplex(path ? { path, servername } : { host, port, servername });
      return asTlsSocket(this.#duplex);
    }
    disconnect(): void {
      const duplex = this.#duplex;
      if (duplex === undefined || duplex.destroyed) return;
      // A dead peer must not keep the client from reconnecting.
      const timer = setTimeout(() => duplex.destroy(), this.#options.disconnectTimeout ?? DISCONNECT_TIMEOUT);
      duplex.once('close', () => clearTimeout(timer));
      // Redis answers close_notify by closing the socket. Nothing is truncated: the client no longer reads.
      duplex.removeAllListeners('error').on('error', () => undefined);
      duplex.end();
    }
  }
  return { ...mine, ...own, Connector: TlsRedisConnector as unknown as Connector };
}

/** ioredis's default. */
const retryAsIoredis = (times: number): number => Math.min(times * 50, 2000);

function check(options: RedisOptions): void {
  refuseDetours('ioredisOptions', options, { sentinels: 'connect to the master itself' });
  refuseNodeOptions('ioredisOptions', options);
  refuseNodeOptions('ioredisOptions', options.tls, 'tls');
}
