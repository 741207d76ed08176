/** @module @ferrule/node/adapters/http2: sessions of node:http2. */
import type { ClientSessionOptions, SecureClientSessionOptions } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { TlsConnector } from '../duplex/connector.ts';
import { refuseDetours, refuseTrustOptions, USE_DIAL } from './tls-required.ts';

/**
 * `http2.connect(url, http2Options(connector))`; the connector offers `alpn: ['h2']`. `options` are those of node:http2,
 * `servername` among them.
 * @throws TypeError for options that would lead around the connector, and from `http2.connect` for a URL that is not `https:`.
 */
export function http2Options(
  connector: TlsConnector,
  options: ClientSessionOptions & SecureClientSessionOptions = {},
): ClientSessionOptions & { createConnection(authority: URL): Duplex } {
  refuseTrustOptions('http2Options', options);
  refuseDetours('http2Options', options, { createConnection: USE_DIAL, socket: USE_DIAL, path: 'use a tunnel to a unix socket', lookup: USE_DIAL });
  const { servername, ...rest } = options;
  return {
    ...rest,
    createConnection: ({ protocol, hostname, port }) => {
      if (protocol !== 'https:') throw new TypeError(`http2Options: ${protocol}//${hostname} is not https:`);
      return connector.duplex({ host: unbracketed(hostname), port: Number(port || 443), ...(servername && { servername }) });
    },
  };
}

const unbracketed = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');
