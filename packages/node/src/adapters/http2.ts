/** @module @ferrule/node/adapters/http2: sessions of node:http2. */
import http2, { type ClientHttp2Session, type ClientSessionOptions, type SecureClientSessionOptions } from 'node:http2';
import type { Duplex } from 'node:stream';
import { unbracketed } from '@ferrule/result/host';
import type { TlsConnector } from '../duplex/connector.ts';
import type { TlsDuplex } from '../duplex/tls-duplex.ts';
import { needsH2, noOtherWay, optionsFor, overH2, refuseDetours, refuseNodeOptions, USE_DIAL } from './tls-required.ts';

/** Those of node:http2, including `servername`. */
export type Http2Options = ClientSessionOptions & SecureClientSessionOptions;

/**
 * `http2Connect(connector, url)` instead of `http2.connect(url)`; the connector offers `alpn: ['h2']`. The session
 * emits `connect` when the handshake is done, as with node:tls; `close()` or `destroy()` before that end the connection
 * at once.
 * @throws TypeError for options that bypass the connector, for a connector that does not offer `h2`, and for a URL
 *   that is not `https:`.
 */
export function http2Connect(
  connector: TlsConnector,
  authority: string | URL,
  options: Http2Options = {},
): ClientHttp2Session {
  let duplex: TlsDuplex | undefined;
  const session = http2.connect(
    authority,
    connectionOptions(connector, options, (made) => (duplex = made)),
  );
  if (duplex !== undefined) closesAtOnce(session, duplex);
  return session;
}

/**
 * `http2.connect(url, http2Options(connector))`, for libraries that call http2.connect() themselves. close() of such a
 * session waits for the handshake if streams were requested; destroy() does not.
 * @throws TypeError as {@link http2Connect}, for the URL from `http2.connect`.
 */
export const http2Options = (
  connector: TlsConnector,
  options: Http2Options = {},
): ClientSessionOptions & { createConnection(authority: URL): Duplex } =>
  connectionOptions(connector, options, () => undefined);

function connectionOptions(
  connector: TlsConnector,
  options: Http2Options,
  made: (duplex: TlsDuplex) => void,
): ClientSessionOptions & { createConnection(authority: URL): Duplex } {
  const given = optionsFor('http2', connector, options);
  needsH2('http2', connector);
  refuseNodeOptions('http2', given);
  refuseDetours('http2', given, {
    createConnection: USE_DIAL,
    socket: USE_DIAL,
    path: 'use a tunnel to a unix socket',
    socketPath: 'use a tunnel to a unix socket',
  });
  const { servername, ...rest } = given;
  return {
    ...rest,
    // If ours is overridden by another createConnection, nothing connects
    ...noOtherWay('http2'),
    createConnection: ({ protocol, hostname, port }) => {
      if (protocol !== 'https:') throw new TypeError(`http2: ${protocol}//${hostname} is not https:`);
      const duplex = overH2(
        'http2',
        connector.duplex({
          host: unbracketed(hostname),
          port: Number(port || 443),
          ...(servername && { servername }),
        }),
      );
      made(duplex);
      return duplex;
    },
  };
}

/** node:http2's close() waits for requested streams, and these for the handshake. */
function closesAtOnce(session: ClientHttp2Session, duplex: TlsDuplex): void {
  const close = session.close.bind(session);
  session.close = (callback) => {
    close(callback);
    if (duplex.connecting) session.destroy();
  };
}
