/** PostgreSQL through pg, with SCRAM-SHA-256-PLUS: the password is bound to this very connection. */
import { pgConfig } from '@ferrule/node/adapters/pg';
import type { TlsConnector } from '@ferrule/node/duplex';
import pg from 'pg';

export async function query(connector: TlsConnector, host: string, port: number, sql: string): Promise<unknown[]> {
  const client = new pg.Client(
    pgConfig(connector, { host, port, user: 'ferrule', password: 'secret', database: 'postgres' }),
  );
  await client.connect();
  const { rows } = await client.query<Record<string, unknown>>(sql);
  await client.end();
  return rows;
}
