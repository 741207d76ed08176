/** @module TCP_NODELAY, as BIO_set_tcp_ndelay(3). */
import { booleanOption, refuseOption } from '@ferrule/result/arguments';

/** Anything with setNoDelay(): a `net.Socket`, a {@link BlockingSocket}. */
export interface NagleSocket {
  setNoDelay(on: boolean): unknown;
}

/**
 * Turn TCP_NODELAY on (no waiting) or off (Nagle's algorithm): BIO_set_tcp_ndelay(3).
 *
 * SSL_connect(3) gives the reason: in TLS 1.3, and on resumption in TLS 1.2, the client sends the last flight of the
 * handshake. If it also speaks first, as in most protocols, Nagle's algorithm delays its first data until the peer has
 * acknowledged that flight: a round trip, or more with delayed acknowledgements. So turn it on before the handshake,
 * and afterwards set it as the application's writes require.
 * @throws TypeError if `socket` has no such method, or `on` is not a boolean.
 */
export function setTcpNoDelay(socket: NagleSocket, on: boolean): void {
  if (typeof (socket as Partial<NagleSocket> | undefined)?.setNoDelay !== 'function')
    refuseOption(socket, 'socket', 'a net.Socket, or what blockingConnect() returns');
  booleanOption(on, 'on');
  socket.setNoDelay(on);
}
