/** @module @ferrule/node/adapters/ldapts: LDAP through ldapts, ldaps:// and startTLS(). */
import net from 'node:net';
import type { ClientOptions } from 'ldapts';
import type { TlsConnector } from '../duplex/connector.ts';
import { asTlsSocket } from './ready.ts';
import { guardPlain, refuseTrustOptions, releasePlain } from './tls-required.ts';

/** RFC 4511 section 4.14.1. */
const START_TLS = '1.3.6.1.4.1.1466.20037';

/** ExtendedRequest and UnbindRequest (RFC 4511 sections 4.12 and 4.3). */
const EXTENDED_REQUEST = 0x77;
const UNBIND_REQUEST = 0x42;

/**
 * `new Client(ldapOptions(connector, { url }))`. With `ldap://` nothing is sent before `startTLS()`: a `bind()` in front of
 * it ends the connection with `TLS_REQUIRED`.
 * @param options those of ldapts, and `servername` where it is not the host of `url`.
 * @throws TypeError for options that would lead around the connector.
 */
export function ldapOptions<O extends Partial<ClientOptions>>(
  connector: TlsConnector,
  options: O & { readonly servername?: string },
): Omit<O, 'servername'> & Pick<ClientOptions, 'createSecureConnection' | 'createConnection'> {
  const { servername = options.url === undefined ? undefined : hostOf(options.url), ...rest } = options;
  if (servername === undefined) throw new TypeError('ldapOptions: servername or url is needed: the name that the certificate must have');
  refuseTrustOptions('ldapOptions', rest.tlsOptions);
  return {
    ...(rest as Omit<O, 'servername'>),
    createConnection: ((port: number, host: string) => guardPlain(net.connect(port, host), 'ldapts', isBeforeTls)) as NonNullable<ClientOptions['createConnection']>,
    createSecureConnection: ((first: number | { readonly socket?: net.Socket }, host?: string) => {
      if (typeof first !== 'object') return asTlsSocket(connector.duplex({ host: host ?? 'localhost', port: Number(first), servername }));
      const { socket } = first;
      refuseTrustOptions('ldapOptions', first);
      if (socket === undefined) throw new TypeError('ldapOptions: ldapts gave no socket to upgrade');
      releasePlain(socket);
      return asTlsSocket(connector.duplex({ stream: socket, servername }));
    }) as NonNullable<ClientOptions['createSecureConnection']>,
  };
}

const hostOf = (url: string): string => new URL(url).hostname.replace(/^\[(.*)\]$/, '$1');

/** LDAPMessage ::= SEQUENCE { messageID INTEGER, protocolOp … } (RFC 4511 section 4.1.1). */
function isBeforeTls(message: Uint8Array): boolean {
  const afterSequence = message[1] === undefined ? 0 : message[1] < 0x80 ? 2 : 2 + (message[1] & 0x7f);
  const operation = message[afterSequence + 2 + (message[afterSequence + 1] ?? 0)];
  return operation === UNBIND_REQUEST || (operation === EXTENDED_REQUEST && Buffer.from(message).includes(START_TLS));
}
