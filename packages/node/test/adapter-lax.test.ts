/**
 * `rejectUnauthorized: false`, wherever each library takes it and beside what the adapter gave: it is refused by name,
 * or counts for nothing. A server that the connector refuses is told nothing.
 */
import http2 from 'node:http2';
import https from 'node:https';
import { Client as GrpcClient } from '@grpc/grpc-js';
import { pki } from '@ferrule/conformance/pki';
import axios from 'axios';
import got from 'got';
import { ImapFlow } from 'imapflow';
import Redis from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';
import { Client as LdapClient } from 'ldapts';
import { MqttClient } from 'mqtt';
import { createConnection, createPool } from 'mysql2';
import { createTransport } from 'nodemailer';
import nodeFetch from 'node-fetch';
import pg from 'pg';
import postgres from 'postgres';
import { Agent, fetch as undiciFetch } from 'undici';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { axiosOverTls } from '../src/adapters/axios.ts';
import { gotOptions } from '../src/adapters/got.ts';
import { grpcCredentials } from '../src/adapters/grpc.ts';
import { http2Connect, http2Options } from '../src/adapters/http2.ts';
import { TlsAgent } from '../src/adapters/https.ts';
import { imapflowOptions } from '../src/adapters/imapflow.ts';
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
import { TlsConnector } from '../src/duplex/index.ts';
import { SECRET, USES } from './adapter-uses.ts';
import { record, type Recorder } from './recorder.ts';

const lax = { rejectUnauthorized: false };
const host = 'localhost';
const headers = { authorization: SECRET };
const login = { user: SECRET, password: 'x', database: 'x' };

/** Whatever ends it is a failure: nothing can be got from such a server. */
const ended = (emitter: { on(event: string, heard: (error: Error) => void): unknown }): Promise<never> =>
  new Promise((_resolve, reject) => {
    for (const event of ['error', 'close', 'end'])
      emitter.on(event, (error?: unknown) => reject(error instanceof Error ? error : new Error(event)));
  });

type Attempt = (connector: TlsConnector, port: number) => Promise<unknown>;

const ATTEMPTS: Readonly<Record<string, Attempt>> = {
  'https.Agent': (connector, port) => ended(https.get({ host, port, headers, agent: new TlsAgent(connector), ...lax })),
  'node-fetch': async (connector, port) =>
    nodeFetch(`https://${host}:${port}/`, { headers, agent: Object.assign(new TlsAgent(connector), { options: lax }) }),
  axios: (connector, port) => {
    const instance = axiosOverTls(axios.create({ headers }), connector);
    Object.assign((instance.defaults.httpsAgent as TlsAgent).options, lax);
    return instance.get(`https://${host}:${port}/`);
  },
  got: (connector, port) =>
    got.extend(gotOptions(connector, { headers, retry: { limit: 0 } }))(`https://${host}:${port}/`, { https: lax }),
  'global fetch': (connector, port) =>
    fetch(`https://${host}:${port}/`, {
      headers,
      dispatcher: new Agent({ connect: Object.assign(undiciConnect(connector), lax) }),
    } as object),
  undici: (connector, port) =>
    undiciFetch(`https://${host}:${port}/`, {
      method: 'POST',
      body: SECRET,
      dispatcher: new Agent({ connect: undiciConnect(connector), ...(lax as object) }),
    }),
  http2: (connector, port) => {
    const session = http2Connect(connector, `https://${host}:${port}`, lax);
    session.request({ ':method': 'POST' }).end(SECRET);
    return ended(session);
  },
  'http2, a library that calls http2.connect()': (connector, port) => {
    const session = http2.connect(`https://${host}:${port}`, { ...http2Options(connector), ...lax });
    const over = ended(session);
    session
      .request({ ':method': 'POST' })
      .on('error', () => undefined)
      .end(SECRET);
    return over;
  },
  ws: (connector, port) =>
    ended(new WebSocket(`wss://${host}:${port}`, { ...wsOptions(connector, { headers }), ...lax })),
  pg: (connector, port) =>
    new pg.Client({ ...pgConfig(connector, { host, port, ...login }), ssl: lax } as pg.ClientConfig).connect(),
  'pg, a URL with sslmode': async (connector, port) =>
    new pg.Client(
      pgConfig(connector, { connectionString: `postgres://${SECRET}:x@${host}:${port}/x?sslmode=no-verify` }),
    ).connect(),
  postgres: (connector, port) =>
    postgres({ ...postgresOptions(connector, { host, port, ...login }), ssl: lax } as never)
      .unsafe('select 1')
      .execute(),
  mysql2: async (connector, port) => {
    const connection = createConnection({ host, port, ...login, ssl: lax });
    connection.on('error', () => undefined);
    return ended(mysqlOverTls(connection, connector, host) as unknown as NodeJS.EventEmitter);
  },
  'mysql2, a pool with promises': async (connector, port) =>
    mysqlOverTls(createPool({ host, port, ...login, ssl: lax }), connector, host)
      .promise()
      .query('SELECT 1'),
  ioredis: async (connector, port) => {
    const ours = ioredisOptions(connector, { host, port, password: SECRET, lazyConnect: true });
    return new Redis({ ...ours, tls: lax }).connect();
  },
  mqtt: (connector, port) => {
    const options = { username: 'x', password: SECRET, reconnectPeriod: 0, ...lax };
    return ended(new MqttClient(mqttStream(connector, { host, port }), options) as unknown as NodeJS.EventEmitter);
  },
  nodemailer: (connector, port) => mail({ ...nodemailerOptions(connector, { host, port }), tls: lax }),
  'nodemailer, STARTTLS': (connector, port) =>
    mail({ ...nodemailerOptions(connector, { host, port, starttls: true }), tls: lax }),
  'nodemailer, LMTP': (connector, port) =>
    mail({ ...nodemailerOptions(connector, { host, port, starttls: true, lmtp: true }), tls: lax }),
  imapflow: (connector, port) => imap(connector, port, true),
  'imapflow, STARTTLS': (connector, port) => imap(connector, port, false),
  kafkajs: (connector, port) =>
    new Kafka({
      clientId: SECRET,
      brokers: [`${host}:${port}`],
      ssl: lax,
      socketFactory: kafkaSocketFactory(connector),
      logLevel: logLevel.NOTHING,
      retry: { retries: 0 },
    })
      .admin()
      .connect(),
  nats: (connector, port) =>
    natsConnect(connector, {
      servers: `${host}:${port}`,
      user: 'x',
      pass: SECRET,
      reconnect: false,
      tls: lax as object,
    }),
  'ldapts, ldaps': (connector, port) => {
    const url = `ldaps://${host}:${port}`;
    return new LdapClient({ ...ldapOptions(connector, { url }), url, tlsOptions: lax }).bind('cn=x', SECRET);
  },
  'ldapts, startTLS': (connector, port) => {
    const client = new LdapClient(ldapOptions(connector, { url: `ldap://${host}:${port}` }));
    return client.startTLS(lax).then(() => client.bind('cn=x', SECRET));
  },
  grpc: (connector, port) => {
    const client = new GrpcClient(`${host}:${port}`, grpcCredentials(connector, { servername: host }), {
      'grpc.ssl_target_name_override': 'server.test',
      'grpc.enable_retries': 0,
      ...lax,
    });
    const asIs = (bytes: Buffer): Buffer => bytes;
    return new Promise((_resolve, reject) =>
      client.makeUnaryRequest('/a/b', asIs, asIs, Buffer.from(SECRET), (error) =>
        reject(error ?? new Error('answered')),
      ),
    ).finally(() => client.close());
  },
};

const mail = (options: object): Promise<unknown> =>
  createTransport(options).sendMail({ from: 'a@x.test', to: 'b@x.test', subject: 'x', text: SECRET });

function imap(connector: TlsConnector, port: number, secure: boolean): Promise<void> {
  const auth = { user: 'x', pass: SECRET };
  const ours = imapflowOptions(connector, { host, port, secure, auth, logger: false });
  const client = new ImapFlow({ ...ours, tls: lax });
  client.on('error', () => undefined);
  return client.connect();
}

let server: Recorder | undefined;
let identity: { readonly key: string; readonly cert: string };
let ca: string;
beforeAll(async () => {
  ca = (await pki('root')).certificatePem;
  const { keyPem, chainPem } = await pki('selfSigned');
  identity = { key: keyPem, cert: chainPem };
});
afterEach(() => server?.close());

it('every use of the table of adapters is tried', () => {
  expect(Object.keys(ATTEMPTS).toSorted()).toEqual(Object.keys(USES).toSorted());
});

it.each(Object.entries(ATTEMPTS))('%s', async (name, attempt) => {
  const use = USES[name];
  if (use === undefined) throw new Error(`no use of ${name}`);
  const { tls, talk, alpn } = use;
  server = await record({ identity, tls, talk: (offers) => talk(offers), until: SECRET, ...(alpn && { alpn }) });
  const connector = new TlsConnector({ ca, ...(alpn && { alpn }) });
  const { port } = server;
  await expect((async (): Promise<unknown> => attempt(connector, port))()).rejects.toThrow();
  expect(server.secret() + server.plain()).not.toContain(SECRET);
});
