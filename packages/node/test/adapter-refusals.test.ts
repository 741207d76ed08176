import { once } from 'node:events';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import { duplexPair } from 'node:stream';
import nodeTls from 'node:tls';
import { connect as connectNats } from '@nats-io/transport-node';
import axios from 'axios';
import { ImapFlow } from 'imapflow';
import Redis, { Cluster } from 'ioredis';
import { Client as LdapClient } from 'ldapts';
import { createConnection, createPool } from 'mysql2';
import pg from 'pg';
import { Agent, fetch as undiciFetch } from 'undici';
import { describe, expect, it, vi } from 'vitest';
import { axiosOverTls } from '../src/adapters/axios.ts';
import { gotOptions } from '../src/adapters/got.ts';
import { grpcCredentials } from '../src/adapters/grpc.ts';
import { http2Options } from '../src/adapters/http2.ts';
import { TlsAgent } from '../src/adapters/https.ts';
import { imapflowOptions, imapflowTransport } from '../src/adapters/imapflow.ts';
import { ioredisOptions } from '../src/adapters/ioredis.ts';
import { kafkaSocketFactory } from '../src/adapters/kafkajs.ts';
import { ldapOptions } from '../src/adapters/ldapts.ts';
import { mqttStream } from '../src/adapters/mqtt.ts';
import { mysqlOverTls } from '../src/adapters/mysql2.ts';
import { natsConnect } from '../src/adapters/nats.ts';
import { nodemailerOptions } from '../src/adapters/nodemailer.ts';
import { pgConfig } from '../src/adapters/pg.ts';
import { postgresOptions } from '../src/adapters/postgres.ts';
import { undiciConnect } from '../src/adapters/undici.ts';
import { wsOptions } from '../src/adapters/ws.ts';
import { TlsConnector, tunnel } from '../src/duplex/index.ts';
import { SECRET, USES } from './adapter-uses.ts';
import { scene } from './adapter-scene.ts';
import { record, type Recorder } from './recorder.ts';

const { ca, connector, honest, impostor, servers, serverFor } = await scene();

const dialing = new TlsConnector({ dial: () => duplexPair()[0] });
const overHttp2 = new TlsConnector({ alpn: ['h2'] });
const lax = { rejectUnauthorized: false };

describe('an option that would lead around the connector, or that it would ignore, is refused by name', () => {
  const url = new URL('https://localhost/');
  it.each<[string, RegExp, () => unknown]>([
    ['TlsAgent, proxyEnv', /proxyEnv/, () => new TlsAgent(connector, { proxyEnv: {} } as never)],
    ['TlsAgent, a misspelt one', /keepAlve: unknown/, () => new TlsAgent(connector, { keepAlve: true } as never)],
    ['pg, ssl: false', /ssl: false.*plain text/, () => pgConfig(connector, { host: 'x', ssl: false } as never)],
    ['pg, sslmode', /sslmode=disable.*plain/, () => pgConfig(connector, { host: 'x', sslmode: 'disable' } as never)],
    ['postgres, ssl: false', /ssl: false.*plain text/, () => postgresOptions(connector, { ssl: false } as never)],
    ['TlsAgent, ca', /ca/, () => new TlsAgent(connector, { ca: 'x' })],
    [
      'a request, checkServerIdentity',
      /checkServerIdentity/,
      () => https.get(url, { agent: new TlsAgent(connector), checkServerIdentity: () => undefined }),
    ],
    ['a request, lookup', /lookup/, () => https.get(url, { agent: new TlsAgent(connector), lookup: () => undefined })],
    [
      'a request, localAddress',
      /localAddress/,
      () => https.get(url, { agent: new TlsAgent(connector), localAddress: '127.0.0.1' }),
    ],
    ['a request, family', /family/, () => https.get(url, { agent: new TlsAgent(connector), family: 4 })],
    [
      'a request, rejectUnauthorized: false',
      /rejectUnauthorized/,
      () => https.get(url, { agent: new TlsAgent(connector), ...lax }),
    ],
    ['ws, agent', /agent/, () => wsOptions(connector, { agent: new https.Agent() })],
    [
      'ws, createConnection',
      /createConnection/,
      () => wsOptions(connector, { createConnection: () => undefined } as never),
    ],
    ['ws, rejectUnauthorized: false', /rejectUnauthorized/, () => wsOptions(connector, lax)],
    [
      'axios, httpAgent',
      /httpAgent/,
      () => axiosOverTls(axios.create({ httpAgent: new https.Agent() } as object), connector),
    ],
    ['axios, proxy', /proxy/, () => axiosOverTls(axios.create({ proxy: {} } as object), connector)],
    ['axios, httpVersion: 2', /httpVersion/, () => axiosOverTls(axios.create({ httpVersion: 2 } as object), connector)],
    ['axios, transport', /transport/, () => axiosOverTls(axios.create({ transport: https } as object), connector)],
    ['axios, what is not an instance', /axios\.create/, () => axiosOverTls({} as never, connector)],
    ['axios, a second connector', /already/, () => axiosOverTls(axiosOverTls(axios.create(), connector), connector)],
    ['axios, adapter', /adapter/, () => axiosOverTls(axios.create({ adapter: 'fetch' } as object), connector)],
    ['axios, a connector for HTTP/2', /HTTP\/2/, () => axiosOverTls(axios.create(), overHttp2)],
    ['got, agent', /agent/, () => gotOptions(connector, { agent: {} })],
    ['got, http2', /http2/, () => gotOptions(connector, { http2: true })],
    ['got, a connector for HTTP/2', /HTTP\/2/, () => gotOptions(overHttp2)],
    ['http2, http:', /http:/, () => http2.connect('http://localhost', http2Options(overHttp2))],
    [
      'http2, createConnection',
      /createConnection/,
      () => http2Options(overHttp2, { createConnection: () => undefined } as never),
    ],
    ['http2, rejectUnauthorized: false', /rejectUnauthorized/, () => http2Options(overHttp2, lax)],
    ['pg, ssl', /ssl/, () => pgConfig(connector, { host: 'x', ssl: true })],
    ...(
      [
        ['sslmode=disable', /sslmode=disable would send everything in plain text/],
        ['ssl=false', /ssl=false/],
        ['connection=x', /connection would lead around/],
        ['sslrootcert=x', /sslrootcert/],
        ['sslmode=no-verify', /sslmode=no-verify/],
        ['sslnegotiation=direct', /sslnegotiation=direct/],
      ] as const
    ).map(([query, message]): [string, RegExp, () => unknown] => [
      `pg, connectionString with ${query}`,
      message,
      () => pgConfig(connector, { connectionString: `postgres://x/?${query}` }),
    ]),
    [
      'pg, connectionString that is not a URL',
      /connectionString/,
      () => pgConfig(connector, { connectionString: 'x y' }),
    ],
    ['TlsAgent, a connector for HTTP/2', /HTTP\/2/, () => new TlsAgent(new TlsConnector({ alpn: ['h2'] }))],
    ['ws, a connector for HTTP/2', /HTTP\/2/, () => wsOptions(new TlsConnector({ alpn: ['h2'] }))],
    ['http2, a connector without it', /alpn/, () => http2Options(connector)],
    ['grpc, a connector without HTTP/2', /alpn/, () => grpcCredentials(connector, { servername: 'x' })],
    ['mysql2, a pool without ssl', /ssl/, () => mysqlOverTls(createPool({ host: 'x' }), connector, 'x')],
    [
      'mysql2, a pool of promises',
      /\.promise\(\)/,
      () => mysqlOverTls(createPool({ host: 'x', ssl: {} }).promise(), connector, 'x'),
    ],
    ['pg, no name', /servername/, () => pgConfig(connector, {})],
    ['postgres, ssl', /ssl/, () => postgresOptions(connector, { ssl: 'require' })],
    ['ioredis, sentinels', /sentinels/, () => ioredisOptions(connector, { sentinels: [{ host: 'x', port: 1 }] })],
    [
      'ioredis, sentinels beside it',
      /sentinels/,
      () =>
        new Redis({ ...ioredisOptions(connector), sentinels: [{ host: 'x', port: 1 }], name: 'x', lazyConnect: true }),
    ],
    ['ioredis, Connector', /Connector/, () => ioredisOptions(connector, { Connector: class {} as never })],
    ['ioredis, rejectUnauthorized: false', /rejectUnauthorized/, () => ioredisOptions(connector, { tls: lax })],
    ['ioredis, tls replaced', /tls/, () => new Redis({ ...ioredisOptions(connector), tls: {}, lazyConnect: true })],
    ['nodemailer, url', /url/, () => nodemailerOptions(connector, { url: 'smtp://u:p@localhost' })],
    ['nodemailer, SES', /SES/, () => nodemailerOptions(connector, { SES: {} })],
    [
      'nodemailer, a token of its own',
      /accessToken/,
      () =>
        nodemailerOptions(connector, {
          auth: { type: 'OAuth2', user: 'u', clientId: 'i', clientSecret: SECRET, refreshToken: 'r' },
        }),
    ],
    [
      'nodemailer, a token for a service',
      /accessToken/,
      () =>
        nodemailerOptions(connector, {
          auth: { type: 'OAuth2', serviceClient: 'i', privateKey: SECRET, accessToken: 'old' },
        }),
    ],
    ['nodemailer, proxy', /proxy/, () => nodemailerOptions(connector, { proxy: 'socks5://x' })],
    ['nodemailer, secure: false', /secure/, () => nodemailerOptions(connector, { secure: false })],
    ['nodemailer, starttls in words', /starttls/, () => nodemailerOptions(connector, { starttls: 'yes' as never })],
    ['nodemailer, ignoreTLS', /ignoreTLS/, () => nodemailerOptions(connector, { ignoreTLS: true })],
    ['nodemailer, rejectUnauthorized: false', /rejectUnauthorized/, () => nodemailerOptions(connector, { tls: lax })],
    [
      'imapflow, proxy',
      /proxy/,
      () => imapflowOptions(connector, { host: 'x', port: 1, auth: { user: 'x' }, proxy: 'socks5://x' }),
    ],
    [
      'imapflow, doSTARTTLS: false',
      /doSTARTTLS/,
      () => imapflowOptions(connector, { host: 'x', port: 1, auth: { user: 'x' }, doSTARTTLS: false }),
    ],
    [
      'imapflow, rejectUnauthorized: false',
      /rejectUnauthorized/,
      () => imapflowOptions(connector, { host: 'x', port: 1, auth: { user: 'x' }, tls: lax }),
    ],
    [
      'kafkajs, rejectUnauthorized: false',
      /rejectUnauthorized/,
      () => kafkaSocketFactory(connector)({ host: 'x', port: 1, ssl: lax, onConnect: () => undefined }),
    ],
    ['ldapts, ca', /ca/, () => ldapOptions(connector, { url: 'ldaps://x', tlsOptions: { ca: 'x' } })],
    [
      'ldapts, createConnection',
      /createConnection/,
      () => ldapOptions(connector, { url: 'ldap://x', createConnection: net.connect }),
    ],
    ['pg, connection', /connection/, () => pgConfig(connector, { host: 'x', connection: {} } as never)],
    [
      'pg, nativeConnectionString',
      /pg\.native/,
      () => pgConfig(connector, { host: 'x', nativeConnectionString: 'host=x' } as never),
    ],
    [
      'pg, sslnegotiation',
      /sslnegotiation=direct/,
      () => pgConfig(connector, { host: 'x', sslnegotiation: 'direct' } as never),
    ],
    ['undiciConnect, an option of node:tls', /rejectUnauthorized/, () => undiciConnect(connector, lax as never)],
    [
      'mqttStream, an option of node:tls',
      /rejectUnauthorized/,
      () => mqttStream(connector, { host: 'x', ...lax } as never),
    ],
    ['grpcCredentials, no name', /servername/, () => grpcCredentials(overHttp2, {} as never)],
    [
      'grpcCredentials, an option of node:tls',
      /rejectUnauthorized/,
      () => grpcCredentials(overHttp2, { servername: 'x', ...lax } as never),
    ],
    [
      'imapflowTransport, an option of node:tls',
      /rejectUnauthorized/,
      () => imapflowTransport(connector, lax as never),
    ],
    ['mysql2, no name', /servername/, () => withMysql({ ssl: {} }, '')],
    [
      'mysql2, a pool, no name',
      /servername/,
      () => mysqlOverTls(createPool({ host: 'x', ssl: {} }), connector, undefined as never),
    ],
    ['mysql2, rejectUnauthorized: false', /rejectUnauthorized/, () => withMysql({ ssl: lax })],
    [
      'mysql2, a pool, rejectUnauthorized: false',
      /rejectUnauthorized/,
      () => mysqlOverTls(createPool({ host: 'x', ssl: lax }), connector, 'x'),
    ],
    [
      'mysql2, a pool, which would not ask the dial of the connector',
      /without the dial/,
      () => mysqlOverTls(createPool({ host: 'x', ssl: {} }), dialing, 'x'),
    ],
    ['mysql2, no ssl', /ssl/, () => withMysql({})],
  ])('%s', (_name, message, use) => {
    expect(use).toThrow(message);
    expect(use).toThrow(TypeError);
  });

  it('nats, tls: null and trust of its own', async () => {
    await expect(natsConnect(connector, { tls: null })).rejects.toThrow(TypeError);
    await expect(natsConnect(connector, { tls: { caFile: 'x' } })).rejects.toThrow(/ca/);
  });

  it('undici, http: and a local address', async () => {
    const dispatcher = new Agent({ connect: undiciConnect(connector) });
    await expect(undiciFetch('http://localhost:4433/', { dispatcher })).rejects.toMatchObject({
      cause: { code: 'TLS_REQUIRED' },
    });
    const bound = new Agent({ connect: undiciConnect(connector), localAddress: '127.0.0.1' });
    await expect(undiciFetch('https://localhost:4433/', { dispatcher: bound })).rejects.toMatchObject({
      cause: { message: expect.stringContaining('localAddress') as unknown },
    });
  });

  function withMysql(options: object, servername: string | undefined = 'x'): unknown {
    const connection = createConnection({ host: '127.0.0.1', port: 1, ...options });
    connection.on('error', () => undefined);
    try {
      return mysqlOverTls(connection, connector, servername as string);
    } finally {
      connection.destroy();
    }
  }
});

describe('a library that is about to send data without TLS', () => {
  it('imapflow: LOGIN is refused, even where nobody asked imapflow to insist', async () => {
    const server = await serverFor('imapflow, STARTTLS', { offers: false });
    const client = new ImapFlow({
      host: 'localhost',
      port: server.port,
      secure: false,
      auth: { user: 'x', pass: SECRET },
      logger: false,
      transport: imapflowTransport(connector),
    });
    client.on('error', () => undefined);
    await expect(client.connect()).rejects.toMatchObject({ code: 'STARTTLS_NOT_OFFERED' });
    expect(server.connections()).toBe(1);
    expect(server.plain()).not.toContain(SECRET);
  });

  it('ldapts: a bind without startTLS() goes over TLS too', async () => {
    const server = await serverFor('ldapts, startTLS');
    const client = new LdapClient(ldapOptions(connector, { url: `ldap://localhost:${server.port}` }));
    await expect(client.bind('cn=x', SECRET)).rejects.toThrow();
    expect(server.secret()).toContain(SECRET);
    expect(server.plain()).not.toContain(SECRET);
  });

  it('nats: fails with a code where the server offers no TLS', async () => {
    const server = await serverFor('nats', { offers: false });
    await expect(
      natsConnect(connector, { servers: `localhost:${server.port}`, user: 'x', pass: SECRET, reconnect: false }),
    ).rejects.toThrow(/tls/i);
    expect(server.plain()).toBe('');
  });

  it('nats: what follows INFO in plain text is not read as if it had come over TLS', async () => {
    const use = USES['nats'];
    const server = await record({
      identity: honest,
      tls: 'when asked',
      talk: () => ({
        ...use?.talk(true),
        greeting: `${String(use?.talk(true).greeting)}MSG a 1 1\r\nx\r\n`,
        answer: () => undefined,
      }),
      until: SECRET,
    });
    servers.push(server);
    await expect(
      natsConnect(connector, { servers: `localhost:${server.port}`, reconnect: false }),
    ).rejects.toMatchObject({ code: 'STARTTLS_INJECTION' });
  });
});

it('pg: a URL says what it says to pg, but for TLS, which begins once', () => {
  const connectionString = 'postgres://us%40er:p%40ss@db.test:5433/the%20db?sslmode=require&application_name=app';
  const config = pgConfig(connector, { connectionString, host: 'overruled.test', max: 3 } as pg.PoolConfig);
  expect(config).toMatchObject({
    host: 'db.test',
    port: 5433,
    user: 'us@er',
    password: expect.any(Function) as unknown,
    database: 'the db',
    application_name: 'app',
    max: 3,
  });
  expect(config).not.toHaveProperty('connectionString');
  const { connectionParameters } = new pg.Client(config) as unknown as { connectionParameters: object };
  expect(connectionParameters).toMatchObject({ host: 'db.test', port: 5433, database: 'the db' });
});

it.each(['p%ss', 'a%20b%zz', '100%', 'a b', 'x%2Fy', 'ü', 'p%40ss'])(
  'pg: a password %j in a URL is what it is to pg',
  async (password) => {
    const { port, secret } = await serverFor('pg', { until: 'never said' });
    const connectionString = `postgres://u:${password}@localhost:${port}/x`;
    const { password: theirs } = new pg.Client({ connectionString });
    const client = new pg.Client(pgConfig(connector, { connectionString }));
    client.on('error', () => undefined);
    client.connect().catch(() => undefined);
    // PasswordMessage
    await vi.waitFor(() => expect(secret()).toMatch(/p\0\0\0.[^\0]+\0$/));
    expect(Buffer.from(secret(), 'latin1').toString().endsWith(`${theirs}\0`)).toBe(true);
  },
);

it('pg: what only the engine refuses is told to connect(), however late that is called', async () => {
  const picky = new TlsConnector({ ca, groups: [0xfefe] });
  const client = new pg.Client(pgConfig(picky, { host: 'localhost', port: 1, user: 'x', password: SECRET }));
  const [refusal] = (await once(picky.duplex({ servername: 'localhost', stream: duplexPair()[0] }), 'error')) as [
    Error,
  ];
  await expect(client.connect()).rejects.toBe(refusal);
});

it('tunnel: a target that is changed later changes nothing', async () => {
  const server = await serverFor('https.Agent');
  const target = { host: 'localhost', port: server.port };
  const door = await tunnel(connector, target);
  target.port = 0;
  const client = net
    .connect((door.address as { readonly port: number }).port, '127.0.0.1')
    .on('error', () => undefined);
  client.write(SECRET);
  await expect.poll(() => server.secret(), { timeout: 10_000 }).toBe(SECRET);
  await door.close();
});

it('mysql2: a connection that is refused does not go on by itself', async () => {
  const server = await serverFor('mysql2');
  const connection = createConnection({ host: '127.0.0.1', port: server.port, user: 'x', password: SECRET });
  expect(() => mysqlOverTls(connection, connector, 'x')).toThrow(TypeError);
  await new Promise((resolve) => connection.query('SELECT 1', resolve));
  expect(server.plain() + server.secret()).toBe('');
});

describe("ioredis's Cluster, whose subscriber leaves the connector,", () => {
  /** Node of a cluster of one. */
  const serveCluster = async (): Promise<Recorder> => {
    const command = (received: Buffer): string => {
      if (/\r\nslots\r\n/i.test(received.toString('latin1')))
        return `*1\r\n*3\r\n:0\r\n:16383\r\n*3\r\n$9\r\nlocalhost\r\n:${server.port}\r\n$2\r\nid\r\n`;
      return '+OK\r\n'.repeat(received.toString('latin1').match(/\*\d+\r\n/g)?.length ?? 0);
    };
    const server = await record({
      identity: honest,
      tls: 'at once',
      talk: () => ({ answer: (received) => ({ send: command(received) }) }),
      until: 'never said',
    });
    servers.push(server);
    return server;
  };

  it.each<[string, () => object]>([
    ['as it comes', () => ioredisOptions(connector, { password: SECRET })],
    ['without tls', () => ({ ...ioredisOptions(connector, { password: SECRET }), tls: undefined })],
    [
      'without attempts to reconnect',
      () => ioredisOptions(connector, { password: SECRET, retryStrategy: null } as never),
    ],
  ])('is refused by name: %s', async (_how, redisOptions) => {
    const server = await serveCluster();
    const cluster = new Cluster([{ host: 'localhost', port: server.port }], {
      redisOptions: redisOptions(),
      clusterRetryStrategy: () => null,
    });
    const [error] = (await once(cluster, 'error')) as [Error & { readonly lastNodeError?: Error }];
    expect(error.lastNodeError?.message).toMatch(/Cluster is not supported/);
    await expect(cluster.ping()).rejects.toThrow();
    cluster.disconnect();
    expect(server.connections()).toBe(0);
  });

  it.each([{}, lax])('tells nobody its secret: node:tls connects to nobody with these options, and %o', (beside) => {
    const { tls } = ioredisOptions(connector, { tls: { servername: 'localhost' } }) as {
      readonly tls?: nodeTls.ConnectionOptions;
    };
    expect(tls).toMatchObject({ servername: 'localhost' });
    expect(() => nodeTls.connect({ host: 'localhost', port: 1, ...tls, ...beside })).toThrow(
      /ioredisOptions: the connector was not asked/,
    );
  });
});

describe('at a reconnect', () => {
  it.each([
    ['an impostor', () => impostor],
    ['one that offers no TLS', () => undefined],
  ])(
    "nats tells nothing to %s, whatever others connect with meanwhile, the library's own connect() among them",
    async (_who, who) => {
      const server = await serverFor('nats', { until: 'never said' });
      const lost = await natsConnect(connector, {
        servers: `localhost:${server.port}`,
        user: 'x',
        pass: SECRET,
        maxReconnectAttempts: 2,
        reconnectTimeWait: 1,
      });
      expect(server.secret()).toContain(SECRET);
      const before = server.secret().length;
      server.become(who());
      // Each leaves something process-wide behind
      const others = await serverFor('nats', { until: 'never said' });
      others.become(impostor);
      const theirs = await natsConnect(new TlsConnector({ verify: 'none' }), {
        servers: `localhost:${others.port}`,
        user: 'x',
        pass: 'x',
      });
      await connectNats({ servers: 'localhost:1', reconnect: false }).catch(() => undefined);
      server.hangUp();
      await expect(lost.closed()).resolves.toBeInstanceOf(Error);
      expect(server.connections()).toBeGreaterThan(1);
      expect(server.secret().slice(before)).toBe('');
      expect(server.plain()).not.toContain(SECRET);
      await theirs.close();
    },
  );
});

it('a request over a unix socket goes to that socket, with the name that it is to be verified by', async () => {
  const agent = new TlsAgent(connector);
  const path = '/nonexistent/ferrule.sock';
  await expect(
    new Promise((_resolve, reject) => https.get({ socketPath: path, host: 'localhost', agent }).on('error', reject)),
  ).rejects.toThrow(/ENOENT/);
});
