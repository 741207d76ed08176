/** @module @ferrule/node/adapters/ldapts: LDAP through ldapts, ldaps:// and startTLS(). */
import type { Socket } from 'node:net';
import type { ClientOptions } from 'ldapts';
import type { TlsConnector } from '../duplex/connector.ts';
import { asTlsSocket } from './ready.ts';

/** `new Client({ url, ...ldapOptions(connector, { servername }) })`. */
export const ldapOptions = (connector: TlsConnector, { servername }: { readonly servername: string }): Pick<ClientOptions, 'createSecureConnection'> => ({
  createSecureConnection: ((first: number | { readonly socket?: Socket }, host?: string) =>
    asTlsSocket(
      typeof first === 'object' && first.socket !== undefined
        ? connector.duplex({ stream: first.socket, servername })
        : connector.duplex({ host: host ?? 'localhost', port: Number(first), servername }),
    )) as NonNullable<ClientOptions['createSecureConnection']>,
});
