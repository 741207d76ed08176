/** @module @ferrule/node/adapters/nodemailer: SMTP through nodemailer, implicit TLS or STARTTLS. */
import { booleanOption } from '@ferrule/result/arguments';
import type { TlsConnector } from '../duplex/connector.ts';
import type { TlsDuplex } from '../duplex/tls-duplex.ts';
import { ready } from './ready.ts';
import { noOtherWay, optionsFor, refuseDetours, refuseNodeOptions, USE_DIAL } from './tls-required.ts';

export interface NodemailerTarget {
  readonly host?: string | undefined;
  readonly port?: number | string | undefined;
  readonly connectionTimeout?: number | undefined;
}
export type NodemailerGetSocket = (
  this: NodemailerTransport | undefined,
  options: NodemailerTarget,
  callback: (error: Error | null, socketOptions: object) => void,
) => void;

/** nodemailer's transport that requests a socket. */
export interface NodemailerTransport {
  readonly mailer?: { get(name: string): unknown; set(name: string, value: unknown): unknown };
}

/** Options that make nodemailer fetch a token itself, and the callback that prevents it. */
interface OAuth2 {
  readonly refreshToken?: unknown;
  readonly serviceClient?: unknown;
  readonly provisionCallback?: unknown;
}

export interface NodemailerOptions {
  /** Use STARTTLS (port 587) instead of implicit TLS (465). Default: false. */
  readonly starttls?: boolean;
  /** The name that the certificate must match, if not the host. */
  readonly servername?: string;
}

/** nodemailer's key of the callback that provides a token. */
const PROVISION = 'oauth2_provision_cb';
const NO_TOKEN = 'nodemailer would ask for a token with TLS of its own: give accessToken or provisionCallback';
const noToken = (_user: unknown, _renew: unknown, callback: (error: Error) => void): void =>
  callback(new TypeError(`nodemailerOptions: ${NO_TOKEN}`));

/**
 * `createTransport(nodemailerOptions(connector, { host, port, auth }))`. With `starttls` the Duplex runs STARTTLS and
 * then greets on the server's behalf: to nodemailer every connection looks like implicit TLS. nodemailer's
 * `connectionTimeout` covers all of it; nodemailer cannot abort a connection attempt earlier.
 * @param options those of nodemailer's SMTP transport, and {@link NodemailerOptions}.
 * @throws TypeError for options that bypass the connector.
 */
export function nodemailerOptions<O extends object>(
  connector: TlsConnector,
  options: O & NodemailerOptions = {} as O,
): Omit<O, keyof NodemailerOptions> & { readonly secure: true; readonly getSocket: NodemailerGetSocket } {
  const given = optionsFor('nodemailerOptions', connector, options);
  refuseDetours('nodemailerOptions', given, {
    url: 'give host, port and auth',
    SES: 'SMTP alone is spoken',
    sendmail: 'SMTP alone is spoken',
    proxy: USE_DIAL,
    socket: USE_DIAL,
    connection: USE_DIAL,
    getSocket: USE_DIAL,
    ignoreTLS: 'TLS is always used',
    requireTLS: 'set starttls',
    opportunisticTLS: 'set starttls',
  });
  const { starttls = false, servername, ...rest } = given;
  booleanOption(starttls, 'nodemailerOptions: starttls');
  if ((rest as { readonly secure?: unknown }).secure === false && !starttls)
    throw new TypeError('nodemailerOptions: secure: false is not supported; set starttls: true, or leave it out');
  const { tls, auth, lmtp } = rest as {
    readonly tls?: { readonly servername?: string };
    readonly auth?: OAuth2;
    readonly lmtp?: unknown;
  };
  const provisioned = typeof auth?.provisionCallback === 'function';
  if (!provisioned) refuseDetours('nodemailerOptions', auth, { refreshToken: NO_TOKEN, serviceClient: NO_TOKEN });
  refuseNodeOptions('nodemailerOptions', rest);
  refuseNodeOptions('nodemailerOptions', tls, 'tls');
  const name = servername ?? tls?.servername;
  return {
    ...(rest as Omit<O, keyof NodemailerOptions>),
    secure: true,
    // A message may have its own refreshToken
    ...(auth && { auth: { ...auth, ...(!provisioned && { provisionCallback: noToken }) } }),
    tls: { ...tls, ...noOtherWay('nodemailerOptions') },
    getSocket({ host = 'localhost', port = starttls ? 587 : 465, connectionTimeout }, callback) {
      // A message may have its own `auth`, even where these options have none
      if (!provisioned && this?.mailer?.get(PROVISION) === undefined) this?.mailer?.set(PROVISION, noToken);
      const connected = async (): Promise<TlsDuplex> =>
        ready(
          connector.duplex({
            host,
            port: Number(port),
            ...(name && { servername: name }),
            ...(starttls && { preamble: lmtp ? ('lmtp' as const) : ('smtp' as const), standInGreeting: true }),
            ...(connectionTimeout && { handshakeTimeout: connectionTimeout }),
          }),
        );
      connected().then(
        (connection) => callback(null, { connection, secured: true }),
        (error: Error) => callback(error, {}),
      );
    },
  };
}
