/** @module @ferrule/node/adapters/mysql2: MySQL and MariaDB through mysql2. */
import type { Duplex } from 'node:stream';
import { TlsError } from '@ferrule/result';
import type { TlsConnector } from '../duplex/connector.ts';

/** The part of a mysql2 connection that changes hands; its types do not tell of it. */
interface Upgradable {
  startTLS(onSecure: (error?: Error) => void): void;
  stream: Duplex;
  readonly packetParser: { execute(data: Buffer): void };
  readonly _closing: boolean;
  _handleNetworkError(error: Error): void;
}

/**
 * `mysqlOverTls(createConnection({ …, ssl: {} }), connector, host)`, before anything else: mysql2 says when TLS begins, and
 * this connector is who begins it.
 * @returns the connection.
 * @throws TypeError for what is no connection of mysql2.
 */
export function mysqlOverTls<C extends object>(connection: C, connector: TlsConnector, servername: string): C {
  if (!('startTLS' in connection && 'packetParser' in connection)) throw new TypeError('mysqlOverTls: not a connection of mysql2 (of its callback interface)');
  const upgradable = connection as C & Upgradable;
  upgradable.startTLS = (onSecure): void => {
    const raw = upgradable.stream;
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
