/** @module What adapters make of options, and their libraries with it, until they have sent a secret. */
import http2 from 'node:http2';
import got from 'got';
import { ImapFlow } from 'imapflow';
import Redis from 'ioredis';
import { Client as LdapClient } from 'ldapts';
import { createTransport } from 'nodemailer';
import pg from 'pg';
import postgres from 'postgres';
import { WebSocket } from 'ws';
import { gotOptions } from '../src/adapters/got.ts';
import { http2Options } from '../src/adapters/http2.ts';
import { imapflowOptions } from '../src/adapters/imapflow.ts';
import { ioredisOptions } from '../src/adapters/ioredis.ts';
import { ldapOptions } from '../src/adapters/ldapts.ts';
import { nodemailerOptions } from '../src/adapters/nodemailer.ts';
import { pgConfig } from '../src/adapters/pg.ts';
import { postgresOptions } from '../src/adapters/postgres.ts';
import { wsOptions } from '../src/adapters/ws.ts';
import type { TlsConnector } from '../src/duplex/index.ts';
import { SECRET } from './adapter-uses.ts';

export interface Row {
  /** Whose server it is. */
  readonly use: string;
  readonly ours: (port: number) => object;
  /** What whoever copies the options by name would take: how its documentation begins. */
  readonly usual: readonly string[];
  /** `isPlain`: by a URL of a scheme without TLS, where there is one. */
  readonly begin: (options: object, port: number, isPlain: boolean) => Promise<unknown>;
}

const headers = { authorization: SECRET };
const auth = { user: 'x', pass: SECRET };
const failed = (emitter: NodeJS.EventEmitter): Promise<never> =>
  new Promise((_resolve, reject) => emitter.on('error', reject).on('end', () => reject(new Error('ended'))));

/**
 * @param overHttp2 the same connector, which offers it.
 * @param user of a database; by default it is a secret, too.
 */
export const rows = (
  connector: TlsConnector,
  overHttp2: TlsConnector,
  user: string = SECRET,
): Readonly<Record<string, Row>> => ({
  ws: {
    use: 'ws',
    usual: ['headers', 'agent'],
    ours: () => wsOptions(connector, { headers }),
    begin: (options, port, isPlain) => failed(new WebSocket(`${isPlain ? 'ws' : 'wss'}://localhost:${port}/`, options)),
  },
  got: {
    use: 'got',
    usual: ['headers', 'retry', 'agent'],
    ours: () => gotOptions(connector, { headers, retry: { limit: 0 } }),
    begin: (options, port, isPlain) => got.extend(options)(`${isPlain ? 'http' : 'https'}://localhost:${port}/`),
  },
  http2: {
    use: 'http2',
    usual: ['createConnection'],
    ours: () => http2Options(overHttp2),
    begin(options, port, isPlain) {
      const session = http2.connect(`${isPlain ? 'http' : 'https'}://localhost:${port}`, options);
      // Headers are compressed
      const stream = session.request({ ':method': 'POST' }).on('error', () => undefined);
      stream.end(SECRET);
      return failed(session.on('close', () => session.emit('end')));
    },
  },
  ioredis: {
    use: 'ioredis',
    usual: ['host', 'port', 'password', 'tls'],
    ours: (port) => ioredisOptions(connector, { port, password: SECRET, lazyConnect: true, retryStrategy: () => null }),
    begin(options) {
      const client = new Redis({ ...options, lazyConnect: true });
      client.on('error', () => client.disconnect());
      return client.connect().then(() => client.ping());
    },
  },
  nodemailer: {
    use: 'nodemailer',
    usual: ['host', 'port', 'secure', 'auth'],
    ours: (port) => nodemailerOptions(connector, { host: 'localhost', port, auth }),
    begin: (options) => createTransport(options).verify(),
  },
  'nodemailer, STARTTLS': {
    use: 'nodemailer, STARTTLS',
    usual: ['host', 'port', 'secure', 'auth'],
    ours: (port) => nodemailerOptions(connector, { host: 'localhost', port, auth, starttls: true }),
    begin: (options) => createTransport(options).verify(),
  },
  imapflow: {
    use: 'imapflow',
    usual: ['host', 'port', 'secure', 'auth'],
    ours: (port) => imapflowOptions(connector, { host: 'localhost', port, secure: true, auth, logger: false }),
    begin: (options) => imapLogin(options),
  },
  'imapflow, STARTTLS': {
    use: 'imapflow, STARTTLS',
    usual: ['host', 'port', 'secure', 'auth'],
    ours: (port) => imapflowOptions(connector, { host: 'localhost', port, secure: false, auth, logger: false }),
    begin: (options) => imapLogin(options),
  },
  'ldapts, ldaps': {
    use: 'ldapts, ldaps',
    usual: ['url', 'tlsOptions'],
    ours: (port) => ldapOptions(connector, { url: `ldaps://localhost:${port}` }),
    begin: (options) => new LdapClient(options as never).bind('cn=x', SECRET),
  },
  'ldapts, ldap': {
    use: 'ldapts, startTLS',
    usual: ['url', 'tlsOptions'],
    ours: (port) => ldapOptions(connector, { url: `ldap://localhost:${port}` }),
    begin: (options) => new LdapClient(options as never).bind('cn=x', SECRET),
  },
  pg: {
    use: 'pg',
    usual: ['host', 'port', 'user', 'password', 'database', 'ssl'],
    ours: (port) => pgConfig(connector, { host: 'localhost', port, user, password: SECRET, database: 'x' }),
    begin: (options) => {
      const client = new pg.Client(options);
      client.on('error', () => undefined);
      return client.connect();
    },
  },
  postgres: {
    use: 'postgres',
    usual: ['host', 'port', 'user', 'password', 'database', 'ssl'],
    ours: (port) =>
      postgresOptions(connector, {
        host: 'localhost',
        port,
        user,
        password: SECRET,
        database: 'x',
        connect_timeout: 5,
      }),
    begin: (options) =>
      postgres(options as never)
        .unsafe('select 1')
        .execute(),
  },
});

function imapLogin(options: object): Promise<unknown> {
  const client = new ImapFlow({ ...(options as { host: string; port: number }), logger: false });
  client.on('error', () => undefined);
  return client.connect();
}
