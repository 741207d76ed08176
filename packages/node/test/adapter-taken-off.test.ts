/**
 * What an adapter sets, taken off by an option of the same name beside it: nobody is told the secret but a server that
 * the connector takes. Node itself trusts the server here, so that what goes around would arrive.
 */
import http2 from 'node:http2';
import { syncBuiltinESMExports } from 'node:module';
import tls from 'node:tls';
import { pki } from '@ferrule/conformance/pki';
import got from 'got';
import { ImapFlow } from 'imapflow';
import Redis from 'ioredis';
import { Client as LdapClient } from 'ldapts';
import { createTransport } from 'nodemailer';
import pg from 'pg';
import postgres from 'postgres';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
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
import { TlsConnector } from '../src/duplex/index.ts';
import { SECRET, USES } from './adapter-uses.ts';
import { record, type Recorder } from './recorder.ts';

const trusted = (await pki('selfSigned')).certificate;
const leaf = await pki('p256');
const ca = (await pki('root')).certificatePem;
/** It trusts none of the servers: whoever hears the secret was reached without it. */
const connector = new TlsConnector({ trustAnchors: [trusted] });
const overHttp2 = new TlsConnector({ trustAnchors: [trusted], alpn: ['h2'] });

const servers: Recorder[] = [];

beforeEach(() => {
  const connect = tls.connect.bind(tls) as (...args: readonly unknown[]) => tls.TLSSocket;
  const trusting = (...args: readonly unknown[]): tls.TLSSocket =>
    connect(...args.map((each) => (typeof each === 'object' && each !== null ? { ...each, ca } : each)));
  vi.spyOn(tls, 'connect').mockImplementation(trusting as typeof tls.connect);
  syncBuiltinESMExports();
});
afterEach(async () => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

interface Row {
  /** Whose server it is. */
  readonly use: string;
  readonly ours: (port: number) => object;
  /** `isPlain`: by a URL of a scheme without TLS, where there is one. */
  readonly begin: (options: object, port: number, isPlain: boolean) => Promise<unknown>;
}

const headers = { authorization: SECRET };
const login = { user: SECRET, password: SECRET, database: 'x' };
const auth = { user: 'x', pass: SECRET };
const failed = (emitter: NodeJS.EventEmitter): Promise<never> =>
  new Promise((_resolve, reject) => emitter.on('error', reject).on('end', () => reject(new Error('ended'))));

const ROWS: Readonly<Record<string, Row>> = {
  ws: {
    use: 'ws',
    ours: () => wsOptions(connector, { headers }),
    begin: (options, port, isPlain) => failed(new WebSocket(`${isPlain ? 'ws' : 'wss'}://localhost:${port}/`, options)),
  },
  got: {
    use: 'got',
    ours: () => gotOptions(connector, { headers, retry: { limit: 0 } }),
    begin: (options, port, isPlain) => got.extend(options)(`${isPlain ? 'http' : 'https'}://localhost:${port}/`),
  },
  http2: {
    use: 'http2',
    ours: () => http2Options(overHttp2),
    begin(options, port, isPlain) {
      const session = http2.connect(`${isPlain ? 'http' : 'https'}://localhost:${port}`, options);
      const stream = session.request(headers);
      stream.on('error', () => undefined);
      return failed(session);
    },
  },
  ioredis: {
    use: 'ioredis',
    ours: (port) => ioredisOptions(connector, { port, password: SECRET, lazyConnect: true, retryStrategy: () => null }),
    begin(options) {
      const client = new Redis({ ...options, lazyConnect: true });
      client.on('error', () => client.disconnect());
      return client.connect().then(() => client.ping());
    },
  },
  nodemailer: {
    use: 'nodemailer',
    ours: (port) => nodemailerOptions(connector, { host: 'localhost', port, auth }),
    begin: (options) => createTransport(options).verify(),
  },
  'nodemailer, STARTTLS': {
    use: 'nodemailer, STARTTLS',
    ours: (port) => nodemailerOptions(connector, { host: 'localhost', port, auth, starttls: true }),
    begin: (options) => createTransport(options).verify(),
  },
  imapflow: {
    use: 'imapflow',
    ours: (port) => imapflowOptions(connector, { host: 'localhost', port, secure: true, auth, logger: false }),
    begin: (options) => imapLogin(options),
  },
  'imapflow, STARTTLS': {
    use: 'imapflow, STARTTLS',
    ours: (port) => imapflowOptions(connector, { host: 'localhost', port, secure: false, auth, logger: false }),
    begin: (options) => imapLogin(options),
  },
  'ldapts, ldaps': {
    use: 'ldapts, ldaps',
    ours: (port) => ldapOptions(connector, { url: `ldaps://localhost:${port}` }),
    begin: (options) => new LdapClient(options as never).bind('cn=x', SECRET),
  },
  'ldapts, ldap': {
    use: 'ldapts, startTLS',
    ours: (port) => ldapOptions(connector, { url: `ldap://localhost:${port}` }),
    begin: (options) => new LdapClient(options as never).bind('cn=x', SECRET),
  },
  pg: {
    use: 'pg',
    ours: (port) => pgConfig(connector, { host: 'localhost', port, ...login }),
    begin: (options) => {
      const client = new pg.Client(options);
      client.on('error', () => undefined);
      return client.connect();
    },
  },
  postgres: {
    use: 'postgres',
    ours: (port) => postgresOptions(connector, { host: 'localhost', port, ...login, connect_timeout: 5 }),
    begin: (options) =>
      postgres(options as never)
        .unsafe('select 1')
        .execute(),
  },
};

function imapLogin(options: object): Promise<unknown> {
  const client = new ImapFlow({ ...(options as { host: string; port: number }), logger: false });
  client.on('error', () => undefined);
  return client.connect();
}

describe.each(Object.entries(ROWS))('%s', (_name, { use: name, ours, begin }) => {
  const keys = Object.keys(ours(1)).filter(
    (key) => !['host', 'port', 'url', 'headers', 'auth', 'connect_timeout', ...Object.keys(login)].includes(key),
  );
  it.each(keys.flatMap((key) => [undefined, null, false].map((value) => [key, value] as const)))(
    '%s: %s',
    async (key, value) => {
      for (const isPlain of [false, true]) {
        const use = USES[name];
        if (use === undefined) throw new Error(`no use of ${name}`);
        const server = await record({
          identity: isPlain ? undefined : { key: leaf.keyPem, cert: leaf.chainPem },
          tls: use.tls,
          talk: (offers) => use.talk(offers),
          until: SECRET,
          ...(use.alpn && { alpn: use.alpn }),
        });
        servers.push(server);
        const attempt = async (): Promise<unknown> =>
          begin({ ...ours(server.port), [key]: value }, server.port, isPlain);
        await expect(attempt()).rejects.toThrow();
        const heard = server.secret() + server.plain();
        expect(heard).not.toContain(SECRET);
        expect(heard).not.toContain(Buffer.from(SECRET).toString('base64').slice(0, 12));
      }
    },
  );
});
