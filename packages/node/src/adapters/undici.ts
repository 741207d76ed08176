/**
 * @module @ferrule/node/adapters/undici: undici's Agent, Client and Pool, and global fetch through setGlobalDispatcher.
 */
import type { buildConnector } from 'undici';
import type { TlsConnector } from '../duplex/connector.ts';
import { asTlsSocket, ready } from './ready.ts';
import { needsConnector, ownOptions, refuseDetours, USE_DIAL, withoutTls } from './tls-required.ts';

export interface UndiciConnectOptions {
  /**
   * Time limit for connecting, milliseconds, 0 = no limit; default: the connector's `handshakeTimeout`. undici passes
   * its Agent's `connectTimeout` only to its own connector.
   */
  readonly connectTimeout?: number;
}

/**
 * `new Agent({ connect: undiciConnect(connector) })`. For HTTP/2 the connector offers `alpn: ['h2', 'http/1.1']` and
 * the Agent `allowH2`. ProxyAgent and EnvHttpProxyAgent connect by themselves: for a proxy give the connector a `dial`.
 * A request whose URL is not `https:` fails with `TLS_REQUIRED`; one with a `localAddress` fails too.
 */
export function undiciConnect(connector: TlsConnector, own: UndiciConnectOptions = {}): buildConnector.connector {
  needsConnector('undiciConnect', connector);
  const { connectTimeout } = ownOptions('undiciConnect', own, ['connectTimeout']);
  return (options, callback) => {
    const { hostname, port, servername, protocol } = options;
    const fail = (error: Error): void => callback(error, null);
    try {
      if (protocol !== 'https:') throw withoutTls('undiciConnect', protocol, hostname);
      refuseDetours('undiciConnect', options, {
        localAddress: USE_DIAL,
        socketPath: 'use a TlsConnector with a dial',
        httpSocket: USE_DIAL,
      });
      ready(
        connector.duplex({
          host: hostname,
          port: Number(port || 443),
          ...(servername ? { servername } : {}),
          ...(connectTimeout !== undefined && { handshakeTimeout: connectTimeout }),
        }),
      ).then((duplex) => callback(null, asTlsSocket(duplex)), fail);
    } catch (error) {
      fail(error as Error);
    }
  };
}
