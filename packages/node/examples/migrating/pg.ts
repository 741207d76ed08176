/** PostgreSQL by a URL, as `ssl: { ca }` and `?sslmode=verify-full` were. */
import { pgConfig } from '@ferrule/node/adapters/pg';
import { TlsConnector } from '@ferrule/node/duplex';
import pg from 'pg';

export const pool = (connectionString: string, ca: string): pg.Pool =>
  new pg.Pool(pgConfig(new TlsConnector({ ca }), { connectionString, connectionTimeoutMillis: 5_000 }));
