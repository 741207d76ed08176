/**
 * A client that is kept while its connections come and go asks its connector for each of them: whoever takes the place
 * of the server meanwhile is told nothing.
 */
import https from 'node:https';
import { Client as GrpcClient } from '@grpc/grpc-js';
import { pki } from '@ferrule/conformance/pki';
import Redis from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';
import { Client as LdapClient } from 'ldapts';
import { MqttClient } from 'mqtt';
import { createPool } from 'mysql2';
import { createTransport } from 'nodemailer';
import pg from 'pg';
import postgres from 'postgres';
import { Agent, request } from 'undici';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { grpcCredentials } from '../src/adapters/grpc.ts';
import { TlsAgent } from '../src/adapters/https.ts';
import { ioredisOptions } from '../src/adapters/ioredis.ts';
import { kafkaSocketFactory } from '../src/adapters/kafkajs.ts';
import { ldapOptions } from '../src/adapters/ldapts.ts';
import { mqttStream } from '../src/adapters/mqtt.ts';
import { mysqlOverTls } from '../src/adapters/mysql2.ts';
import { nodemailerOptions } from '../src/adapters/nodemailer.ts';
import { pgConfig } from '../src/adapters/pg.ts';
import { postgresOptions } from '../src/adapters/postgres.ts';
import { undiciConnect } from '../src/adapters/undici.ts';
import { TlsConnector } from '../src/duplex/index.ts';
import { ENGINES } from './adapter-engines.ts';
import { SECRET, USES } from './adapter-uses.ts';
import { type Identity, record, type Recorder } from './recorder.ts';

interface Kept {
  /** Makes it send the secret, over a new connection where there is none; settles in any case. */
  send(): Promise<unknown>;
  close(): unknown;
}

const host = 'localhost';
/** Milliseconds between attempts of a library that reconnects by itself. */
const SOON = 5;

/** By the use whose server it needs. */
const CLIENTS: Readonly<Record<string, (connector: TlsConnector, port: number) => Kept>> = {
  'https.Agent': (connector, port) => {
    const agent = new TlsAgent(connector, { keepAlive: true });
    const options = { host, port, agent, headers: { authorization: SECRET } };
    return {
      send: () =>
        new Promise((resolve) =>
          https
            .get(options, (response) => response.resume())
            .on('error', resolve)
            .on('close', resolve),
        ),
      close: () => agent.destroy(),
    };
  },
  undici: (connector, port) => {
    const dispatcher = new Agent({ connect: undiciConnect(connector) });
    return {
      send: () => request(`https://${host}:${port}/`, { method: 'POST', body: SECRET, dispatcher }),
      close: () => dispatcher.destroy(),
    };
  },
  pg: (connector, port) => {
    const pool = new pg.Pool(pgConfig(connector, { host, port, user: SECRET, password: 'x', database: 'x' }));
    pool.on('error', () => undefined);
    return { send: () => pool.query('SELECT 1'), close: () => pool.end() };
  },
  postgres: (connector, port) => {
    const options = { host, port, user: SECRET, password: 'x', database: 'x', max: 1, backoff: 0 };
    const sql = postgres(postgresOptions(connector, options) as never);
    return { send: () => sql.unsafe('select 1').execute(), close: () => sql.end({ timeout: 0 }) };
  },
  mysql2: (connector, port) => {
    const pool = mysqlOverTls(createPool({ host, port, user: SECRET, password: 'x', ssl: {} }), connector, host);
    return { send: () => pool.promise().query('SELECT 1'), close: () => pool.end() };
  },
  ioredis: (connector, port) => {
    const redis = new Redis(
      ioredisOptions(connector, { host, port, password: SECRET, retryStrategy: () => SOON, maxRetriesPerRequest: 2 }),
    );
    redis.on('error', () => undefined);
    return { send: () => redis.ping(), close: () => redis.disconnect() };
  },
  mqtt: (connector, port) => {
    const options = { username: 'x', password: SECRET, reconnectPeriod: SOON };
    const client = new MqttClient(mqttStream(connector, { host, port }), options);
    client.on('error', () => undefined);
    return {
      send: () => new Promise((resolve) => (client as unknown as NodeJS.EventEmitter).once('close', resolve)),
      close: () => client.end(true),
    };
  },
  'nodemailer, STARTTLS': (connector, port) => {
    const transport = createTransport({
      ...nodemailerOptions(connector, { host, port, starttls: true }),
      pool: true,
    } as object);
    return {
      send: () => transport.sendMail({ from: 'a@x.test', to: 'b@x.test', text: SECRET }),
      close: () => transport.close(),
    };
  },
  kafkajs: (connector, port) => {
    const admin = new Kafka({
      clientId: SECRET,
      brokers: [`${host}:${port}`],
      ssl: true,
      socketFactory: kafkaSocketFactory(connector),
      logLevel: logLevel.NOTHING,
      retry: { retries: 1, initialRetryTime: SOON, maxRetryTime: SOON },
    }).admin();
    return { send: () => admin.connect(), close: () => admin.disconnect() };
  },
  'ldapts, ldaps': (connector, port) => {
    const client = new LdapClient(ldapOptions(connector, { url: `ldaps://${host}:${port}` }));
    return { send: () => client.bind('cn=x', SECRET), close: () => client.unbind() };
  },
  'ldapts, startTLS': (connector, port) => {
    const client = new LdapClient(ldapOptions(connector, { url: `ldap://${host}:${port}` }));
    return { send: () => client.bind('cn=x', SECRET), close: () => client.unbind() };
  },
  grpc: (connector, port) => {
    const backoff = { 'grpc.initial_reconnect_backoff_ms': SOON, 'grpc.max_reconnect_backoff_ms': SOON };
    const client = new GrpcClient(`${host}:${port}`, grpcCredentials(connector, { servername: host }), backoff);
    const asIs = (bytes: Buffer): Buffer => bytes;
    return {
      send: () =>
        new Promise((resolve) =>
          client.makeUnaryRequest(
            '/a/b',
            asIs,
            asIs,
            Buffer.from(SECRET),
            { deadline: Date.now() + 5000 } as never,
            resolve,
          ),
        ),
      close: () => client.close(),
    };
  },
};

let ca: string;
let honest: Identity;
let impostor: Identity;

beforeAll(async () => {
  const [root, leaf, stranger] = [await pki('root'), await pki('p256'), await pki('selfSigned')];
  ca = root.certificatePem;
  honest = { key: leaf.keyPem, cert: leaf.chainPem };
  impostor = { key: stranger.keyPem, cert: stranger.chainPem };
});

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const each of undo.splice(0).reverse()) await Promise.resolve(each()).catch(() => undefined);
});

async function serverFor(name: string, then: Identity | undefined): Promise<Recorder> {
  const use = USES[name];
  if (use === undefined) throw new Error(`no use of ${name}`);
  const { tls, talk, alpn } = use;
  const server = await record({
    identity: honest,
    tls,
    talk: (offers) => talk(offers),
    until: SECRET,
    afterwards: { identity: then },
    ...(alpn && { alpn }),
  });
  undo.push(() => server.close());
  return server;
}

describe.each(ENGINES)('on the $name engine', async ({ name: backend, available }) => {
  describe.skipIf(!(await available)).each(Object.entries(CLIENTS))('%s', (name, make) => {
    it.each([
      ['an impostor', (): Identity | undefined => impostor],
      ['one that offers no TLS', (): Identity | undefined => undefined],
    ])('tells nothing to %s, where it reconnects', async (_who, who) => {
      const server = await serverFor(name, who());
      const alpn = USES[name]?.alpn;
      const client = make(new TlsConnector({ backend, ca, ...(alpn && { alpn }) }), server.port);
      undo.push(() => client.close());
      const sent = client.send().catch(() => undefined);
      await expect.poll(() => server.secret(), { timeout: 10_000 }).toContain(SECRET);
      // The server has hung up, and somebody else is at its address
      const before = server.secret().length;
      await sent;
      await client.send().catch(() => undefined);
      await expect.poll(() => server.connections(), { timeout: 10_000 }).toBeGreaterThan(1);
      await client.send().catch(() => undefined);
      expect(server.secret().slice(before)).toBe('');
      expect(server.plain()).not.toContain(SECRET);
    });
  });
});
