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
 * `new ImapFlow(imapflowOptions(connector, { host, port, secure, auth }))`. Without `secure` the Duplex speaks STARTTLS
 * and then greets in the server's place, so to imapflow every connection looks like implicit TLS, and nothing goes in
 * plain text.
 * @throws TypeError for options that would lead around the connector.
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
    // Where another transport is set beside ours, this is for the TLS of that
    tls: { ...given.tls, ...noOtherWay('imapflowOptions') },
    transport: imapflowTransport(connector, { starttls: !secure }),
  };
}

/**
 * imapflow's transport: every connection is TLS, after STARTTLS where `starttls` says so; default: where imapflow has
 * not `secure: true`.
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
      // As imapflow, where what `tls` says goes before
      const servername = tls?.servername || own || host;
      return asTlsSocket(
        connector
          .duplex({ host, port: port ?? (secure === true ? IMAPS : IMAP), servername, ...before })
          .once('ready', onConnect),
      );
    },
  };
}
