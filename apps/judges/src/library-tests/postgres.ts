/** @module The PostgreSQL of node-postgres's tests, with the certificates that they bring. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startPostgres } from '../postgres.ts';

/** As node-postgres's own continuous integration has it. */
const DATABASE = 'ci_db_test';
const COMMANDS = [
  `CREATE DATABASE ${DATABASE}`,
  "CREATE ROLE scram_test LOGIN PASSWORD 'test4scram'",
  "CREATE ROLE scram_unicode_test LOGIN PASSWORD U&'IX-\\2168'",
];

export interface PostgresOfTests {
  /** Where it is, for its clients. */
  readonly env: NodeJS.ProcessEnv;
  stop(): Promise<void>;
}

/** @param source node-postgres. @throws Error where PostgreSQL is not installed, or does not start. */
export async function startPostgresOfTests(source: string): Promise<PostgresOfTests> {
  const path = (name: string): string => join(source, 'packages/pg/test/tls', name);
  const read = (name: string): string => readFileSync(path(name), 'utf8');
  const { port, user, password, stop } = await startPostgres({
    certificate: read('test-server.crt'),
    key: read('test-server.key'),
    clientCa: read('test-client-ca.crt'),
    commands: COMMANDS,
  });
  const env = {
    PGHOST: 'localhost',
    PGPORT: `${port}`,
    PGUSER: user,
    PGPASSWORD: password,
    PGDATABASE: DATABASE,
    PGSSLMODE: 'require',
    NODE_EXTRA_CA_CERTS: path('test-server-ca.crt'),
    PG_CLIENT_CERT_TEST: '1',
    PGSSLROOTCERT: path('test-server-ca.crt'),
    PGSSLCERT: path('test-client.crt'),
    PGSSLKEY: path('test-client.key'),
    SCRAM_TEST_PGUSER: 'scram_test',
    SCRAM_TEST_PGPASSWORD: 'test4scram',
    SCRAM_TEST_PGUSER_UNICODE: 'scram_unicode_test',
    SCRAM_TEST_PGPASSWORD_UNICODE: 'IX-\u2168',
  };
  return { env, stop };
}
