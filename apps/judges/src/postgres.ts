/** @module A PostgreSQL on loopback, which takes connections over TLS alone. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** Where Debian has its programs, which are not in the PATH. */
const DEBIAN = '/usr/lib/postgresql';
const USER = 'postgres';
const PASSWORD = 'postgres';
/** How often it is asked whether it has started, milliseconds, and how many times. */
const [PAUSE, ATTEMPTS] = [250, 120];

/** PEM. */
export interface PostgresOptions {
  readonly certificate: string;
  readonly key: string;
  /** Whose client certificates it verifies, where a client has one. */
  readonly clientCa?: string;
  /** Run one by one when it has started. */
  readonly commands?: readonly string[];
}

export interface Postgres {
  readonly port: number;
  /** The superuser. Passwords are proved by SCRAM-SHA-256, or SCRAM-SHA-256-PLUS. */
  readonly user: string;
  readonly password: string;
  stop(): Promise<void>;
}

/**
 * Starts one on a free port, in a directory of its own.
 * @throws Error where PostgreSQL is not installed, or does not start.
 */
export async function startPostgres({ certificate, key, clientCa, commands = [] }: PostgresOptions): Promise<Postgres> {
  const bin = programs();
  if (bin === undefined) throw new Error("PostgreSQL is not installed: Debian's package is postgresql");
  const directory = mkdtempSync(join(tmpdir(), 'ferrule-pg-'));
  const data = join(directory, 'data');
  // It refuses to run as root
  const user = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : undefined;
  const file = (name: string, contents: string): string => {
    const path = join(directory, name);
    writeFileSync(path, contents);
    // It refuses a key that others may read
    chmodSync(path, 0o600);
    if (user) chownSync(path, user.uid, user.gid);
    return path;
  };
  if (user) chownSync(directory, user.uid, user.gid);
  const options = { stdio: 'ignore', cwd: directory, ...user } as const;
  execFileSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', USER, `--pwfile=${file('password', PASSWORD)}`, '--no-sync'],
    options,
  );
  const port = await freePort();
  const settings = {
    port,
    unix_socket_directories: directory,
    listen_addresses: '127.0.0.1',
    fsync: 'off',
    ssl: 'on',
    ssl_cert_file: file('server.crt', certificate),
    ssl_key_file: file('server.key', key),
    ...(clientCa !== undefined && { ssl_ca_file: file('client-ca.crt', clientCa) }),
    hba_file: file('hba', 'hostssl all all all scram-sha-256\n'),
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
  const run = (command: string): unknown =>
    execFileSync(join(bin, 'psql'), ['-X', '-v', 'ON_ERROR_STOP=1', '-c', command], {
      env: {
        ...process.env,
        PGHOST: 'localhost',
        PGPORT: `${port}`,
        PGUSER: USER,
        PGPASSWORD: PASSWORD,
        PGDATABASE: 'postgres',
        PGSSLMODE: 'require',
      },
      stdio: 'ignore',
    });
  try {
    await started(
      () => run('SELECT 1'),
      () => server.exitCode !== null,
    );
    for (const command of commands) run(command);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, user: USER, password: PASSWORD, stop };
}

/** As soon as it takes connections. */
async function started(ask: () => unknown, isOver: () => boolean): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      ask();
      return;
    } catch (error) {
      if (isOver() || attempt === ATTEMPTS) throw new Error('PostgreSQL does not start', { cause: error });
      await setTimeout(PAUSE);
    }
  }
}

/** Where PostgreSQL's programs are; `undefined` where it is not installed. */
export function programs(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).map((version) => join(DEBIAN, version, 'bin')) : [];
  const places = [...versions, ...(process.env['PATH'] ?? '').split(':')];
  return places.find((place) => ['initdb', 'postgres', 'psql'].every((name) => existsSync(join(place, name))));
}

const idOf = (flag: string): number => Number(execFileSync('id', [flag, USER]).toString());

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
