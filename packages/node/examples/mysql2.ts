/** MySQL and MariaDB through mysql2. */
import { mysqlOverTls } from '@ferrule/node/adapters/mysql2';
import type { TlsConnector } from '@ferrule/node/duplex';
import { createConnection } from 'mysql2';

export async function query(connector: TlsConnector, host: string, port: number, sql: string): Promise<unknown> {
  const connection = mysqlOverTls(
    createConnection({ host, port, user: 'ferrule', password: 'secret', ssl: {} }),
    connector,
    host,
  );
  const [rows] = await connection.promise().query(sql);
  await connection.promise().end();
  return rows;
}
