/** @module @ferrule/node/adapters/imapflow: IMAP through imapflow, implicit TLS or STARTTLS. */
import net from 'node:net';
import type { ImapFlowOptions } from 'imapflow';
import type { TlsConnector } from '../duplex/connector.ts';
import { asTlsSocket } from './ready.ts';
import { guardPlain, refuseDetours, refuseTrustOptions, releasePlain, USE_DIAL } from './tls-required.ts';

type Transport = NonNullable<ImapFlowOptions['transport']>;

/**
 * `new ImapFlow(imapflowOptions(connector, { host, port, secure, auth }))`. With `secure: false` STARTTLS is required.
 * @throws TypeError for options that would lead around the connector.
 */
export function imapflowOptions<O extends ImapFlowOptions>(connector: TlsConnector, options: O): O & { readonly transport: Transport } {
  refuseDetours('imapflowOptions', options, { proxy: USE_DIAL, transport: USE_DIAL });
  refuseTrustOptions('imapflowOptions', options.tls);
  if (options.doSTARTTLS === false) throw new TypeError('imapflowOptions: doSTARTTLS: false would send everything in plain text');
  return { ...options, ...(options.secure !== true && { secure: false, doSTARTTLS: true }), transport: imapflowTransport(connector) };
}

/** What may be said before TLS (RFC 9051 section 6.1, 6.2.1): nothing that tells who we are. */
const BEFORE_TLS = /^[^ \r\n]+ (?:CAPABILITY|STARTTLS|NOOP|LOGOUT)\r\n$/i;

/** imapflow's transport. Before STARTTLS its socket carries CAPABILITY and the like and refuses the rest with `TLS_REQUIRED`. */
export const imapflowTransport = (connector: TlsConnector): Transport => ({
  connect: ({ host = 'localhost', port, secure, servername }, onConnect) => {
    if (secure === true) return asTlsSocket(connector.duplex({ host, port: port ?? 993, servername: servername || host }).once('ready', onConnect));
    return guardPlain(net.connect({ host, port: port ?? 143 }, onConnect), 'imapflow', (bytes) => BEFORE_TLS.test(Buffer.from(bytes).toString('latin1')));
  },
  upgrade: (socket, { host, servername }, onSecure) => {
    releasePlain(socket);
    return asTlsSocket(connector.duplex({ stream: socket as net.Socket, servername: servername || host || 'localhost' }).once('ready', onSecure));
  },
});
