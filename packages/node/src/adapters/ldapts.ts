/** @module @ferrule/node/adapters/ldapts: LDAP through ldapts, ldaps:// and StartTLS. */
import type { TLSSocket } from 'node:tls';
import type { ClientOptions } from 'ldapts';
import { TlsError } from '@ferrule/result';
import { unbracketed } from '@ferrule/result/host';
import type { TlsConnector } from '../duplex/connector.ts';
import type { TlsDuplex } from '../duplex/tls-duplex.ts';
import { asTlsSocket } from './ready.ts';
import { noOtherWay, optionsFor, refuseDetours, refuseNodeOptions, USE_DIAL } from './tls-required.ts';

/** RFC 4511 section 4.14.1. */
const START_TLS = '1.3.6.1.4.1.1466.20037';

const INTEGER = 0x02;
/** RFC 4511 section 4.12. */
const EXTENDED_REQUEST = 0x77;
/** ExtendedResponse with resultCode success, matchedDN and diagnosticMessage empty. */
const START_TLS_DONE = Uint8Array.of(0x78, 0x07, 0x0a, 0x01, 0x00, 0x04, 0x00, 0x04, 0x00);

/**
 * `new Client(ldapOptions(connector, { url }))`. With `ldap://` each connection begins with StartTLS, and ldapts gets
 * it once TLS is established; a later `startTLS()` is optional and answered here. So ldapts neither writes nor reads
 * plain text: its parser would keep what it has read, and it would keep sending during the TLS handshake.
 * @param options those of ldapts, and `servername` if it is not the host of `url`; `tlsOptions.servername` is
 * equivalent.
 * @throws TypeError for options that bypass the connector, and without `url`.
 */
export function ldapOptions<O extends ClientOptions>(
  connector: TlsConnector,
  options: O & { readonly servername?: string },
): Omit<O, 'servername'> & Pick<ClientOptions, 'createSecureConnection' | 'createConnection' | 'tlsOptions'> {
  const given = optionsFor('ldapOptions', connector, options);
  refuseDetours('ldapOptions', given, { createConnection: USE_DIAL, createSecureConnection: USE_DIAL });
  const { servername: own, ...rest } = given;
  const { protocol, host } = partsOf(rest.url);
  const servername = own ?? rest.tlsOptions?.servername ?? host;
  if (!servername)
    throw new TypeError('ldapOptions: servername or a host in url is needed: the name that the certificate must have');
  refuseNodeOptions('ldapOptions', rest);
  refuseNodeOptions('ldapOptions', rest.tlsOptions, 'tlsOptions');
  const made = new WeakMap<object, TlsDuplex>();
  const connect = (port: unknown, host: unknown, tlsOptions?: { readonly servername?: string }): TLSSocket => {
    const where = { host: String(host), port: Number(port), servername: tlsOptions?.servername ?? servername };
    const duplex =
      protocol === 'ldaps:'
        ? connector.duplex(where)
        : answersStartTls(connector.duplex({ ...where, preamble: 'ldap' }));
    made.set(duplex, duplex);
    return asTlsSocket(duplex);
  };
  return {
    ...(rest as Omit<O, 'servername'>),
    // These make ldapts request a secure connection to `ldap://` too, and fail if that is not ours
    tlsOptions: { ...rest.tlsOptions, servername, ...noOtherWay('ldapOptions') },
    createConnection: connect,
    createSecureConnection: ((first: number | { readonly socket?: unknown }, host?: string, tlsOptions?: object) => {
      refuseNodeOptions('ldapOptions', tlsOptions, 'tlsOptions');
      if (typeof first !== 'object') return connect(first, host ?? 'localhost', tlsOptions);
      refuseNodeOptions('ldapOptions', first);
      const socket = made.get(first.socket as object);
      if (socket === undefined)
        throw new TypeError('ldapOptions: startTLS() was given a socket that is not of this connector');
      // ldapts adds its listeners after we return
      process.nextTick(() => {
        if (!socket.destroyed) socket.emit('secureConnect');
        else socket.emit('error', socket.errored ?? new TlsError('ABORTED', 'the connection was closed'));
      });
      return asTlsSocket(socket);
    }) as NonNullable<ClientOptions['createSecureConnection']>,
  };
}

function partsOf(url: string): { readonly protocol: string; readonly host: string } {
  if (!URL.canParse(url)) throw new TypeError('ldapOptions: url is needed: ldap://host or ldaps://host');
  const { protocol, hostname } = new URL(url);
  return { protocol, host: unbracketed(hostname) };
}

/**
 * Answers StartTLS if it is the first request: TLS is already established. A later one is left to the server to refuse
 * (RFC 4511 section 4.14.3).
 */
function answersStartTls(duplex: TlsDuplex): TlsDuplex {
  const send = duplex.write.bind(duplex) as (...parameters: readonly unknown[]) => boolean;
  const write = (message: Uint8Array, ...rest: readonly unknown[]): boolean => {
    duplex.write = send;
    const messageId = startTlsId(message);
    if (messageId === undefined) return send(message, ...rest);
    const written = rest.at(-1) as (() => void) | undefined;
    process.nextTick(() => {
      written?.();
      if (!duplex.destroyed)
        duplex.push(
          Buffer.concat([Uint8Array.of(0x30, messageId.length + START_TLS_DONE.length), messageId, START_TLS_DONE]),
        );
    });
    return true;
  };
  return Object.assign(duplex, { write });
}

/**
 * The messageID of a StartTLS request. LDAPMessage ::= SEQUENCE { messageID INTEGER, protocolOp … } (RFC 4511 section
 * 4.1.1).
 */
function startTlsId(message: Uint8Array): Uint8Array | undefined {
  const [, length = 0] = message;
  const start = length < 0x80 ? 2 : 2 + (length & 0x7f);
  const end = start + 2 + (message[start + 1] ?? 0);
  const asks =
    message[start] === INTEGER && message[end] === EXTENDED_REQUEST && Buffer.from(message).includes(START_TLS);
  return asks ? message.slice(start, end) : undefined;
}
