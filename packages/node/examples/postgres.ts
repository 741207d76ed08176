/** PostgreSQL through postgres. */
import { postgresOptions } from '@ferrule/node/adapters/postgres';
import type { TlsConnector } from '@ferrule/node/duplex';
import postgres from 'postgres';

export async function query(
  connector: TlsConnector,
  host: string,
  port: number,
  statement: string,
): Promise<unknown[]> {
  // Its types do not tell of `socket`
  const sql = postgres(
    postgresOptions(connector, {
      host,
      port,
      user: 'ferrule',
      password: 'secret',
      database: 'postgres',
    }) as postgres.Options<Record<string, never>>,
  );
  const rows = await sql.unsafe(statement);
  await sql.end({ timeout: 1 });
  return [...rows];
}
