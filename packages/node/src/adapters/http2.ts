/** @module @ferrule/node/adapters/http2: sessions of node:http2. */
import http2, { type ClientHttp2Session, type ClientSessionOptions, type SecureClientSessionOptions } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { TlsConnector } from '../duplex/connector.ts';
import type { TlsDuplex } from '../duplex/tls-duplex.ts';
import { refuseDetours, refuseTrustOptions, USE_DIAL } from './tls-required.ts';

/** Those of node:http2, `servername` among them. */
export type Http2Options = ClientSessionOptions & SecureClientSessionOptions;

/**
 * `http2Connect(connector, url)` in place of `http2.connect(url)`; the connector offers `alpn: ['h2']`. The session
 * says `connect` when the handshake is done, and `close()` or `destroy()` before that end the connection at once.
 * @throws TypeError for options that would lead around the connector, and for a URL that is not `https:`.
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
  if (duplex !== undefined) tellWhenOpen(session, duplex);
  return session;
}

/**
 * `http2.connect(url, http2Options(connector))`, for libraries that call http2.connect() themselves. Node says
 * `connect` of such a session at once, since it does not know of TLS; what is sent waits for the handshake all the
 * same.
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
  refuseTrustOptions('http2', options);
  refuseDetours('http2', options, {
    createConnection: USE_DIAL,
    socket: USE_DIAL,
    path: 'use a tunnel to a unix socket',
    lookup: USE_DIAL,
  });
  const { servername, ...rest } = options;
  return {
    ...rest,
    createConnection: ({ protocol, hostname, port }) => {
      if (protocol !== 'https:') throw new TypeError(`http2: ${protocol}//${hostname} is not https:`);
      const duplex = connector.duplex({
        host: unbracketed(hostname),
        port: Number(port || 443),
        ...(servername && { servername }),
      });
      made(duplex);
      return duplex;
    },
  };
}

/** node:http2 waits for TLS with a tls.TLSSocket alone. */
function tellWhenOpen(session: ClientHttp2Session, duplex: TlsDuplex): void {
  const emit = session.emit.bind(session) as (event: string | symbol, ...parameters: readonly unknown[]) => boolean;
  let held: readonly unknown[] | undefined;
  session.emit = ((event: string | symbol, ...parameters: readonly unknown[]) => {
    if (event !== 'connect' || !duplex.connecting) return emit(event, ...parameters);
    held = parameters;
    return true;
  }) as typeof session.emit;
  duplex.once('ready', () => {
    if (held !== undefined && !session.destroyed) emit('connect', ...held);
  });
  // The preface at least waits for the handshake, and node:http2's own end waits for what has been written. Streams
  // that were asked for before `connect` begin after it, and not at all once close() was called.
  const destroy = session.destroy.bind(session) as (...parameters: readonly unknown[]) => void;
  const close = session.close.bind(session);
  Object.assign(session, {
    destroy(...parameters: readonly unknown[]) {
      destroy(...parameters);
      if (duplex.connecting) duplex.destroy();
    },
    close(callback?: () => void) {
      close(callback);
      if (duplex.connecting) duplex.destroy();
    },
  });
  Object.defineProperties(session, {
    connecting: { get: () => duplex.connecting },
    encrypted: { get: () => (duplex.connecting ? undefined : true) },
    alpnProtocol: { get: () => (duplex.connecting ? undefined : duplex.alpnProtocol || undefined) },
  });
}

const unbracketed = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');
