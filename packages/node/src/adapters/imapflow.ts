/** @module @ferrule/node/adapters/imapflow: IMAP through imapflow, implicit TLS or STARTTLS. */
import net from 'node:net';
import type { ImapFlowOptions } from 'imapflow';
import type { TlsConnector } from '../duplex/connector.ts';
import { asTlsSocket } from './ready.ts';

type Transport = NonNullable<ImapFlowOptions['transport']>;

/**
 * `new ImapFlow({ host, port, secure, auth, transport: imapflowTransport(connector) })`. With `secure: false` imapflow
 * itself asks for STARTTLS, and the socket is upgraded then.
 */
export const imapflowTransport = (connector: TlsConnector): Transport => ({
  connect: ({ host = 'localhost', port, secure }, onConnect) => {
    if (secure === false) return net.connect({ host, port: port ?? 143 }, onConnect);
    return asTlsSocket(connector.duplex({ host, port: port ?? 993 }).once('ready', onConnect));
  },
  upgrade: (socket, { host, servername }, onSecure) =>
    asTlsSocket(connector.duplex({ stream: socket as net.Socket, servername: servername ?? host ?? 'localhost' }).once('ready', onSecure)),
});
