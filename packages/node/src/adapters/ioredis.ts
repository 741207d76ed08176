/** @module @ferrule/node/adapters/ioredis: Redis through ioredis. */
import type { RedisOptions } from 'ioredis';
import type { TlsConnector } from '../duplex/connector.ts';
import type { TlsDuplex } from '../duplex/tls-duplex.ts';
import { asTlsSocket } from './ready.ts';

type Connector = NonNullable<RedisOptions['Connector']>;

/** `new Redis({ host, port, ...ioredisOptions(connector) })`. */
export function ioredisOptions(connector: TlsConnector): { readonly tls: Record<string, never>; readonly Connector: Connector } {
  class TlsRedisConnector {
    readonly #host: string;
    readonly #port: number;
    #duplex: TlsDuplex | undefined;
    constructor({ host = 'localhost', port = 6379 }: { readonly host?: string; readonly port?: number }) {
      this.#host = host;
      this.#port = port;
    }
    check(): boolean {
      return true;
    }
    connect(): Promise<unknown> {
      this.#duplex = connector.duplex({ host: this.#host, port: this.#port });
      return Promise.resolve(asTlsSocket(this.#duplex));
    }
    disconnect(): void {
      this.#duplex?.end();
    }
  }
  return { tls: {}, Connector: TlsRedisConnector as unknown as Connector };
}
