/** @module Real servers with TLS under the test PKI, each on a free loopback port, in a directory of its own, ended by its pid. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pki } from '@ferrule/conformance/pki';

export interface RunningServer {
  readonly port: number;
  /** A second port, where the server has one (implicit TLS beside STARTTLS). */
  readonly tlsPort: number;
  stop(): Promise<void>;
}

interface Context {
  readonly directory: string;
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  readonly port: number;
  readonly tlsPort: number;
}

/** How to start a server: which program it needs, and the command once its files are laid out. */
interface Recipe {
  readonly programs: readonly string[];
  /** Lay out files; the command to run, and as whom. */
  prepare(context: Context): { readonly command: string; readonly args: readonly string[]; readonly user?: string };
  /** After it listens. */
  ready?(context: Context): Promise<void> | void;
}

const PLACES = ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/usr/local/sbin'];
const versioned = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql').map((version) => `/usr/lib/postgresql/${version}/bin`) : [];

/** The path of a program; `undefined` where it is not installed. */
export const program = (name: string): string | undefined => [...versioned, ...PLACES].map((place) => join(place, name)).find((path) => existsSync(path));
const path = (name: string): string => program(name) ?? name;

const isRoot = process.getuid?.() === 0;
const idOf = (user: string, flag: '-u' | '-g'): number => Number(execFileSync('id', [flag, user]).toString());
function giveTo(user: string, ...files: readonly string[]): void {
  if (isRoot) for (const file of files) chownSync(file, idOf(user, '-u'), idOf(user, '-g'));
}

export type ServerName = 'postgres' | 'redis' | 'mariadb' | 'mosquitto' | 'nats' | 'slapd' | 'dovecot' | 'nginx';

const RECIPES: Readonly<Record<ServerName, Recipe>> = {
  postgres: {
    programs: ['postgres', 'initdb'],
    prepare({ directory, cert, key, port }) {
      const data = join(directory, 'data');
      const user = isRoot ? 'postgres' : undefined;
      if (user) giveTo(user, directory, cert, key);
      writeFileSync(join(directory, 'password'), 'secret');
      execFileSync(path('initdb'), ['-D', data, '-U', 'ferrule', '--auth=scram-sha-256', `--pwfile=${join(directory, 'password')}`, '--no-sync'], { stdio: 'ignore', cwd: directory, ...(user && { uid: idOf(user, '-u'), gid: idOf(user, '-g') }) });
      return {
        command: path('postgres'),
        args: ['-D', data, '-p', `${port}`, '-k', directory, '-h', '127.0.0.1', '-F', '-c', 'ssl=on', '-c', `ssl_cert_file=${cert}`, '-c', `ssl_key_file=${key}`],
        ...(user && { user }),
      };
    },
  },
  redis: {
    programs: ['redis-server'],
    prepare: ({ directory, cert, key, ca, tlsPort }) => ({
      command: path('redis-server'),
      args: ['--port', '0', '--tls-port', `${tlsPort}`, '--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', ca, '--tls-auth-clients', 'no', '--dir', directory, '--save', '', '--bind', '127.0.0.1'],
    }),
  },
  mariadb: {
    programs: ['mariadbd', 'mariadb-install-db'],
    prepare({ directory, cert, key, ca, port }) {
      const data = join(directory, 'data');
      const init = join(directory, 'init.sql');
      const user = isRoot ? 'mysql' : undefined;
      writeFileSync(init, "CREATE USER 'ferrule'@'%' IDENTIFIED BY 'secret' REQUIRE SSL;\n");
      if (user) giveTo(user, directory, cert, key, ca, init);
      execFileSync(path('mariadb-install-db'), ['--no-defaults', `--datadir=${data}`, '--skip-test-db', '--auth-root-authentication-method=normal', ...(user ? [`--user=${user}`] : [])], { stdio: 'ignore' });
      return {
        command: path('mariadbd'),
        args: ['--no-defaults', `--datadir=${data}`, `--port=${port}`, '--bind-address=127.0.0.1', `--socket=${join(directory, 'sock')}`, `--pid-file=${join(directory, 'pid')}`, `--ssl-cert=${cert}`, `--ssl-key=${key}`, `--ssl-ca=${ca}`, `--init-file=${init}`, ...(user ? [`--user=${user}`] : [])],
      };
    },
  },
  mosquitto: {
    programs: ['mosquitto'],
    prepare({ directory, cert, key, tlsPort }) {
      const config = join(directory, 'mosquitto.conf');
      writeFileSync(config, `listener ${tlsPort} 127.0.0.1\ncertfile ${cert}\nkeyfile ${key}\nallow_anonymous true\n`);
      // it gives up root before it reads its key
      if (isRoot) giveTo('mosquitto', directory, cert, key, config);
      return { command: path('mosquitto'), args: ['-c', config] };
    },
  },
  nats: {
    programs: ['nats-server'],
    prepare: ({ cert, key, port }) => ({ command: path('nats-server'), args: ['-a', '127.0.0.1', '-p', `${port}`, '--tls', '--tlscert', cert, '--tlskey', key] }),
  },
  slapd: {
    programs: ['slapd'],
    prepare({ directory, cert, key, ca, port, tlsPort }) {
      const config = join(directory, 'slapd.conf');
      const modules = ['/usr/lib/ldap', '/usr/lib64/openldap'].find((each) => existsSync(each)) ?? '';
      mkdirSync(join(directory, 'db'));
      writeFileSync(
        config,
        `include /etc/ldap/schema/core.schema\nmodulepath ${modules}\nmoduleload back_mdb\npidfile ${directory}/pid\nTLSCertificateFile ${cert}\nTLSCertificateKeyFile ${key}\nTLSCACertificateFile ${ca}\ndatabase mdb\nsuffix "dc=test"\nrootdn "cn=admin,dc=test"\nrootpw secret\ndirectory ${directory}/db\n`,
      );
      return { command: path('slapd'), args: ['-f', config, '-h', `ldap://127.0.0.1:${port}/ ldaps://127.0.0.1:${tlsPort}/`, '-d', '0'] };
    },
  },
  dovecot: {
    programs: ['dovecot'],
    prepare({ directory, cert, key, port, tlsPort }) {
      const config = join(directory, 'dovecot.conf');
      const users = join(directory, 'users');
      mkdirSync(join(directory, 'mail'));
      const owner = isRoot ? 'nobody' : (process.env['USER'] ?? 'nobody');
      const group = execFileSync('id', ['-gn', owner]).toString().trim();
      giveTo(owner, join(directory, 'mail'));
      chmodSync(directory, 0o755);
      writeFileSync(users, 'ferrule:{PLAIN}secret::::::\n');
      writeFileSync(
        config,
        `base_dir = ${directory}/run\nlog_path = ${directory}/log\nprotocols = imap\nlisten = 127.0.0.1\nssl = yes\nssl_cert = <${cert}\nssl_key = <${key}\n` +
          `default_internal_user = ${isRoot ? 'dovecot' : owner}\ndefault_login_user = ${isRoot ? 'dovenull' : owner}\nfirst_valid_uid = 1\nlast_valid_uid = 0\nfirst_valid_gid = 1\n` +
          `passdb {\n driver = passwd-file\n args = ${users}\n}\nuserdb {\n driver = static\n args = uid=${owner} gid=${group} home=${directory}/mail\n}\nmail_location = maildir:${directory}/mail\n` +
          `service imap-login {\n inet_listener imap {\n  port = ${port}\n }\n inet_listener imaps {\n  port = ${tlsPort}\n }\n}\n`,
      );
      return { command: path('dovecot'), args: ['-F', '-c', config] };
    },
  },
  nginx: {
    programs: ['nginx'],
    prepare({ directory, cert, key, tlsPort }) {
      const config = join(directory, 'nginx.conf');
      writeFileSync(
        config,
        `daemon off;\nmaster_process off;\npid ${directory}/pid;\nerror_log ${directory}/error.log;\nevents {}\nhttp {\n access_log off;\n client_body_temp_path ${directory};\n proxy_temp_path ${directory};\n fastcgi_temp_path ${directory};\n uwsgi_temp_path ${directory};\n scgi_temp_path ${directory};\n server {\n  listen 127.0.0.1:${tlsPort} ssl;\n  ssl_certificate ${cert};\n  ssl_certificate_key ${key};\n  location / { return 200 "nginx says $request_uri"; }\n }\n}\n`,
      );
      return { command: path('nginx'), args: ['-p', directory, '-c', config, '-e', join(directory, 'error.log')] };
    },
  },
};

/** Why this server cannot be started here; `undefined` when it can. */
export function missing(name: ServerName): string | undefined {
  const absent = RECIPES[name].programs.filter((each) => program(each) === undefined);
  return absent.length > 0 ? `${absent.join(' and ')} not installed` : undefined;
}

/** @throws Error when the server does not listen within twenty seconds. */
export async function start(name: ServerName): Promise<RunningServer> {
  const recipe = RECIPES[name];
  const directory = mkdtempSync(join(tmpdir(), `ferrule-${name}-`));
  const [root, leaf] = [await pki('root'), await pki('rsa')];
  const files = { cert: join(directory, 'cert.pem'), key: join(directory, 'key.pem'), ca: join(directory, 'ca.pem') };
  writeFileSync(files.cert, leaf.chainPem);
  writeFileSync(files.key, leaf.keyPem, { mode: 0o600 });
  writeFileSync(files.ca, root.certificatePem);
  const context = { directory, ...files, port: await freePort(), tlsPort: await freePort() };
  const { command, args, user } = recipe.prepare(context);
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: directory, ...(user && { uid: idOf(user, '-u'), gid: idOf(user, '-g') }) });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-2000)));
  const stop = async (): Promise<void> => {
    await ended(child);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await Promise.race([
      Promise.any([listening(context.port), listening(context.tlsPort)]),
      new Promise((_, reject) => child.once('exit', (code) => reject(new Error(`${name} ended with ${code}: ${said}`)))),
    ]);
  } catch (error) {
    await stop();
    throw error instanceof AggregateError ? new Error(`${name} does not listen: ${said}`) : error;
  }
  return { port: context.port, tlsPort: context.tlsPort, stop };
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const impatient = setTimeout(() => child.kill('SIGKILL'), 5000);
    child.once('exit', () => {
      clearTimeout(impatient);
      resolve();
    });
    child.kill('SIGTERM');
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = net.createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as net.AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

async function listening(port: number): Promise<void> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; ) {
    const open = await new Promise<boolean>((resolve) => {
      const probe = net.connect(port, '127.0.0.1', () => resolve(true)).once('error', () => resolve(false));
      probe.once('connect', () => probe.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('nobody listens');
}
