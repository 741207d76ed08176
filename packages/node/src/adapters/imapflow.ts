/** @module @ferrule/node/adapters/imapflow: IMAP through imapflow, implicit TLS or STARTTLS. */
import type { ImapFlowOptions } from 'imapflow';
import type { TlsConnector } from '../duplex/connector.ts';
import { asTlsSocket } from './ready.ts';
import {
  needsConnector,
  noOtherWay,
  optionsFor,
  ownOptions,
  refuseDetours,
  refuseNodeOptions,
  USE_DIAL,
} from './tls-required.ts';

export type ImapFlowTransport = NonNullable<ImapFlowOptions['transport']>;

/** Of IMAP over TLS, and of IMAP with STARTTLS. */
const [IMAPS, IMAP] = [993, 143];

/**
 * `new ImapFlow(imapflowOptions(connector, { host, port, secure, auth }))`. Without `secure` the Duplex runs STARTTLS
 * and then greets on the server's behalf: to imapflow every connection looks like implicit TLS, and it sends nothing in
 * plain text.
 * @throws TypeError for options that bypass the connector.
 */
export function imapflowOptions<O extends ImapFlowOptions>(
  connector: TlsConnector,
  options: O,
): O & { readonly transport: ImapFlowTransport } {
  const given = optionsFor('imapflowOptions', connector, options);
  refuseDetours('imapflowOptions', given, { proxy: USE_DIAL, transport: USE_DIAL });
  refuseNodeOptions('imapflowOptions', given);
  refuseNodeOptions('imapflowOptions', given.tls, 'tls');
  const { doSTARTTLS, ...rest } = given;
  if (doSTARTTLS === false)
    throw new TypeError('imapflowOptions: doSTARTTLS: false would send everything in plain text');
  const secure = given.secure ?? given.port === IMAPS;
  return {
    ...(rest as O),
    secure: true,
    port: given.port || (secure ? IMAPS : IMAP),
    // Makes the TLS of any other transport set beside ours fail
    tls: { ...given.tls, ...noOtherWay('imapflowOptions') },
    transport: imapflowTransport(connector, { starttls: !secure }),
  };
}

/**
 * imapflow's transport: every connection is TLS, after STARTTLS if `starttls`; default: unless imapflow has `secure:
 * true`.
 */
export function imapflowTransport(
  connector: TlsConnector,
  options: { readonly starttls?: boolean } = {},
): ImapFlowTransport {
  needsConnector('imapflowTransport', connector);
  const { starttls } = ownOptions('imapflowTransport', options, ['starttls']);
  return {
    connect: ({ host = 'localhost', port, secure, servername: own, tls }, onConnect) => {
      refuseNodeOptions('imapflowTransport', tls, 'tls');
      const before = (starttls ?? secure !== true) ? ({ preamble: 'imap', standInGreeting: true } as const) : {};
      // As in imapflow, `tls` takes precedence
      const servername = tls?.servername || own || host;
      return asTlsSocket(
        connector
          .duplex({ host, port: port ?? (secure === true ? IMAPS : IMAP), servername, ...before })
          .once('ready', onConnect),
      );
    },
  };
}
