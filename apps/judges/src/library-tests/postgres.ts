/** @module A PostgreSQL for node-postgres's tests, which takes connections over TLS alone. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** Where Debian has its programs, which are not in the PATH. */
const DEBIAN = '/usr/lib/postgresql';
/** As node-postgres's own continuous integration has them. */
const [USER, PASSWORD, DATABASE] = ['postgres', 'postgres', 'ci_db_test'];
const SETUP = [
  `CREATE DATABASE ${DATABASE}`,
  "CREATE ROLE scram_test LOGIN PASSWORD 'test4scram'",
  "CREATE ROLE scram_unicode_test LOGIN PASSWORD U&'IX-\\2168'",
];
/** How often it is asked whether it has started, milliseconds, and how many times. */
const [PAUSE, ATTEMPTS] = [250, 120];

export interface Postgres {
  /** Where it is, for its clients. */
  readonly env: NodeJS.ProcessEnv;
  stop(): Promise<void>;
}

/**
 * Starts one on a free port of loopback, in a directory of its own, with the certificates that the tests bring.
 * @throws Error where PostgreSQL is not installed, or does not start.
 */
export async function startPostgres(source: string): Promise<Postgres> {
  const bin = programs();
  const directory = mkdtempSync(join(tmpdir(), 'ferrule-pg-'));
  const data = join(directory, 'data');
  const given = join(source, 'packages/pg/test/tls');
  // It refuses to run as root
  const user = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : undefined;
  const file = (name: string, write: (path: string) => void): string => {
    const path = join(directory, name);
    write(path);
    if (user) chownSync(path, user.uid, user.gid);
    return path;
  };
  const certificate = (name: string): string => file(name, (path) => copyFileSync(join(given, name), path));
  if (user) chownSync(directory, user.uid, user.gid);
  const password = file('password', (path) => writeFileSync(path, PASSWORD));
  const options = { stdio: 'ignore', cwd: directory, ...user } as const;
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', USER, `--pwfile=${password}`, '--no-sync'], options);
  // It refuses a key that others may read
  const key = certificate('test-server.key');
  chmodSync(key, 0o600);
  const settings = {
    port: await freePort(),
    unix_socket_directories: directory,
    listen_addresses: '127.0.0.1',
    fsync: 'off',
    ssl: 'on',
    ssl_cert_file: certificate('test-server.crt'),
    ssl_key_file: key,
    ssl_ca_file: certificate('test-client-ca.crt'),
    hba_file: file('hba', (path) => writeFileSync(path, 'hostssl all all all scram-sha-256\n')),
  };
  const server = spawn(
    join(bin, 'postgres'),
    ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    options,
  );
  const stop = async (): Promise<void> => {
    if (server.exitCode === null && server.kill('SIGINT')) await once(server, 'close');
    rmSync(directory, { recursive: true });
  };
  const env = {
    PGHOST: 'localhost',
    PGPORT: `${settings.port}`,
    PGUSER: USER,
    PGPASSWORD: PASSWORD,
    PGDATABASE: DATABASE,
    PGSSLMODE: 'require',
    NODE_EXTRA_CA_CERTS: join(given, 'test-server-ca.crt'),
    PG_CLIENT_CERT_TEST: '1',
    PGSSLROOTCERT: join(given, 'test-server-ca.crt'),
    PGSSLCERT: join(given, 'test-client.crt'),
    PGSSLKEY: join(given, 'test-client.key'),
    SCRAM_TEST_PGUSER: 'scram_test',
    SCRAM_TEST_PGPASSWORD: 'test4scram',
    SCRAM_TEST_PGUSER_UNICODE: 'scram_unicode_test',
    SCRAM_TEST_PGPASSWORD_UNICODE: 'IX-\u2168',
  };
  try {
    await setUp(join(bin, 'psql'), { ...env, PGDATABASE: 'postgres' }, () => server.exitCode !== null);
  } catch (error) {
    await stop();
    throw error;
  }
  return { env, stop };
}

/** As soon as it takes connections. */
async function setUp(psql: string, env: NodeJS.ProcessEnv, isOver: () => boolean): Promise<void> {
  // The keys of the tests are in a folder that others may read, which libpq does not like
  const { PGSSLCERT: _cert, PGSSLKEY: _key, PGSSLROOTCERT: _ca, ...rest } = env;
  const run = (command: string): unknown =>
    execFileSync(psql, ['-X', '-v', 'ON_ERROR_STOP=1', '-c', command], {
      env: { ...process.env, ...rest },
      stdio: 'ignore',
    });
  for (let attempt = 1; ; attempt++) {
    try {
      run('SELECT 1');
      break;
    } catch (error) {
      if (isOver() || attempt === ATTEMPTS) throw new Error('PostgreSQL does not start', { cause: error });
      await setTimeout(PAUSE);
    }
  }
  for (const command of SETUP) run(command);
}

/** @throws Error that says what to install. */
function programs(): string {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).map((version) => join(DEBIAN, version, 'bin')) : [];
  const places = [...versions, ...(process.env['PATH'] ?? '').split(':')];
  const found = places.find((place) => ['initdb', 'postgres', 'psql'].every((name) => existsSync(join(place, name))));
  if (found === undefined) throw new Error("PostgreSQL is not installed: Debian's package is postgresql");
  return found;
}

const idOf = (flag: string): number => Number(execFileSync('id', [flag, USER]).toString());

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
