/** @module @ferrule/node/adapters/mysql2: MySQL and MariaDB through mysql2. */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TlsError } from '@ferrule/result';
import type { TlsConnector } from '../duplex/connector.ts';
import { guardPlain, refuseTrustOptions, releasePlain } from './tls-required.ts';

/** The part of a mysql2 connection that changes hands; its types do not tell of it. */
interface Upgradable {
  startTLS(onSecure: (error?: Error) => void): void;
  stream: Duplex;
  readonly config: { readonly ssl?: object | false };
  readonly packetParser: { execute(data: Buffer): void };
  readonly _closing: boolean;
  _handleNetworkError(error: Error): void;
}

/** CLIENT_SSL of the capability flags. */
const CLIENT_SSL = 0x0800;
/** Protocol::SSLRequest: a header of four bytes, then 32 bytes that begin with the capability flags. */
const SSL_REQUEST_LENGTH = 36;

/**
 * `mysqlOverTls(createConnection({ …, ssl: {} }), connector, host)`, before anything else: mysql2 says when TLS begins, and
 * this connector is who begins it. Nothing but that request is sent in plain text: else the connection ends with `TLS_REQUIRED`.
 * @returns the connection.
 * @throws TypeError for what is no connection of mysql2, one without `ssl`, or with options in it that are the connector's.
 */
export function mysqlOverTls<C extends object>(connection: C, connector: TlsConnector, servername: string): C {
  if (!('startTLS' in connection && 'packetParser' in connection)) throw new TypeError('mysqlOverTls: not a connection of mysql2 (of its callback interface)');
  const upgradable = connection as C & Upgradable;
  const { ssl } = upgradable.config;
  if (!ssl) throw new TypeError('mysqlOverTls: the connection was made without ssl: {}, and mysql2 would log in in plain text');
  refuseTrustOptions('mysqlOverTls', { ...ssl, minVersion: undefined });
  guardPlain(upgradable.stream as Socket, 'mysql2', (bytes) => bytes.length === SSL_REQUEST_LENGTH && (((bytes[5] as number) << 8) & CLIENT_SSL) !== 0);
  upgradable.startTLS = (onSecure): void => {
    const raw = upgradable.stream;
    releasePlain(raw);
    raw.removeAllListeners('data');
    const duplex = connector.duplex({ stream: raw, servername });
    let secure = false;
    duplex.once('ready', () => {
      secure = true;
      onSecure();
    });
    duplex.on('error', (error) => {
      if (!secure) onSecure(error);
      // After COM_QUIT these servers hang up without close_notify, and there is nothing left to truncate.
      else if (!(upgradable._closing && TlsError.is(error) && error.code === 'UNEXPECTED_EOF')) upgradable._handleNetworkError(error);
    });
    duplex.on('data', (data: Buffer) => upgradable.packetParser.execute(data));
    upgradable.stream = duplex;
  };
  return connection;
}
