/** @module What is asked of each real server through each client library. */
import { once, type EventEmitter } from 'node:events';
import https from 'node:https';
import { ImapFlow } from 'imapflow';
import { Redis } from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';
import { Client as LdapClient } from 'ldapts';
import { MqttClient } from 'mqtt';
import { createConnection as mysqlConnect } from 'mysql2';
import { createTransport } from 'nodemailer';
import pg from 'pg';
import postgres from 'postgres';
import { createClient as createRedis } from 'redis';
import { expect } from 'vitest';
import { TlsAgent } from '../src/adapters/https.ts';
import { imapflowTransport } from '../src/adapters/imapflow.ts';
import { ioredisOptions } from '../src/adapters/ioredis.ts';
import { kafkaSocketFactory } from '../src/adapters/kafkajs.ts';
import { ldapOptions } from '../src/adapters/ldapts.ts';
import { mqttStream } from '../src/adapters/mqtt.ts';
import { mysqlOverTls } from '../src/adapters/mysql2.ts';
import { natsConnect } from '../src/adapters/nats.ts';
import { nodemailerOptions } from '../src/adapters/nodemailer.ts';
import { pgConfig } from '../src/adapters/pg.ts';
import { postgresOptions } from '../src/adapters/postgres.ts';
import { type TlsConnector, tunnel } from '../src/duplex/index.ts';
import type { RunningServer, ServerName } from './servers.ts';

/** What is asked of a server; whoever is made is disposed of afterwards. */
export type Proof = (connector: () => TlsConnector, server: RunningServer) => Promise<void>;

/** What is asked of each server through each library. */
export const ADAPTERS: Readonly<Partial<Record<ServerName, Readonly<Record<string, Proof>>>>> = {
  postgres: {
    'pg, with SCRAM-SHA-256-PLUS': async (connector, { port }) => {
      const client = new pg.Client({ host: '127.0.0.1', port: port('plain'), user: 'ferrule', password: 'secret', database: 'postgres', ...pgConfig(connector(), { servername: 'localhost' }) });
      await client.connect();
      const { rows } = await client.query<{ ssl: boolean; version: string }>('SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
      expect(rows).toEqual([{ ssl: true, version: 'TLSv1.3' }]);
      await client.end();
    },
    postgres: async (connector, { port }) => {
      const sql = postgres({ host: 'localhost', port: port('plain'), user: 'ferrule', password: 'secret', database: 'postgres', max: 1, ...postgresOptions(connector()) } as never);
      expect(await sql`SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()`).toMatchObject([{ ssl: true }]);
      await sql.end({ timeout: 1 });
    },
  },
  redis: {
    ioredis: async (connector, { port }) => {
      const redis = new Redis({ host: 'localhost', port: port('tls'), ...ioredisOptions(connector()) });
      expect([await redis.set('key', 'value'), await redis.get('key')]).toEqual(['OK', 'value']);
      await redis.quit();
    },
    'node-redis, through the tunnel': async (connector, { port }) => {
      const door = await tunnel(connector(), { host: 'localhost', port: port('tls') });
      const redis = createRedis({ socket: door.address as { host: string; port: number } });
      await redis.connect();
      expect([await redis.set('door', 'open'), await redis.get('door')]).toEqual(['OK', 'open']);
      await redis.close();
      await door.close();
    },
  },
  mariadb: {
    mysql2: async (connector, { port }) => {
      const connection = mysqlOverTls(mysqlConnect({ host: '127.0.0.1', port: port('plain'), user: 'ferrule', password: 'secret', ssl: {} }), connector(), 'localhost');
      const [rows] = await connection.promise().query("SHOW STATUS LIKE 'Ssl_version'");
      expect(rows).toMatchObject([{ Value: 'TLSv1.3' }]);
      await connection.promise().end();
    },
  },
  mosquitto: {
    mqtt: async (connector, { port }) => {
      const client = new MqttClient(mqttStream(connector(), { host: 'localhost', port: port('tls') }), { protocolVersion: 5, reconnectPeriod: 0 });
      const emitter = client as unknown as EventEmitter;
      await once(emitter, 'connect');
      await client.subscribeAsync('ferrule/test');
      const message = once(emitter, 'message') as Promise<[string, Buffer]>;
      await client.publishAsync('ferrule/test', 'hello');
      const [topic, payload] = await message;
      expect([topic, payload.toString()]).toEqual(['ferrule/test', 'hello']);
      await client.endAsync();
    },
  },
  nats: {
    nats: async (connector, { port }) => {
      const connection = await natsConnect(connector(), { servers: `localhost:${port('plain')}` });
      const subscription = connection.subscribe('ferrule', { max: 1 });
      connection.publish('ferrule', 'hello');
      for await (const message of subscription) expect(message.string()).toBe('hello');
      await connection.close();
    },
  },
  slapd: {
    'ldapts over ldaps': async (connector, { port }) => {
      const client = new LdapClient({ url: `ldaps://127.0.0.1:${port('tls')}`, ...ldapOptions(connector(), { servername: 'localhost' }) });
      await client.bind('cn=admin,dc=test', 'secret');
      await client.unbind();
    },
    'ldapts with startTLS': async (connector, { port }) => {
      const client = new LdapClient({ url: `ldap://127.0.0.1:${port('plain')}`, ...ldapOptions(connector(), { servername: 'localhost' }) });
      await client.startTLS();
      await client.bind('cn=admin,dc=test', 'secret');
      await client.unbind();
    },
  },
  dovecot: {
    'imapflow over imaps': async (connector, { port }) => imap(connector, port('tls'), true),
    'imapflow with STARTTLS': async (connector, { port }) => imap(connector, port('plain'), false),
  },
  kafka: {
    kafkajs: async (connector, { port }) => {
      const kafka = new Kafka({ brokers: [`localhost:${port('tls')}`], ssl: true, socketFactory: kafkaSocketFactory(connector()), logLevel: logLevel.NOTHING });
      const topic = `ferrule-${process.hrtime.bigint()}`;
      const admin = kafka.admin();
      await admin.connect();
      await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
      await admin.disconnect();
      const [producer, consumer] = [kafka.producer(), kafka.consumer({ groupId: topic })];
      await producer.connect();
      await producer.send({ topic, messages: [{ key: 'key', value: 'x'.repeat(500_000) }] });
      await producer.disconnect();
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      const received = await new Promise<Buffer | null>((resolve) => void consumer.run({ eachMessage: ({ message }) => Promise.resolve(resolve(message.value)) }));
      expect(received?.toString()).toBe('x'.repeat(500_000));
      await consumer.disconnect();
    },
  },
  postfix: {
    'nodemailer over implicit TLS': async (connector, { port }) => mail(port('tls'), nodemailerOptions(connector())),
    'nodemailer with STARTTLS': async (connector, { port }) => mail(port('plain'), nodemailerOptions(connector(), { starttls: true })),
  },
  nginx: {
    'https.Agent': async (connector, { port }) => {
      const agent = new TlsAgent(connector());
      const text = await new Promise<string>((resolve, reject) => {
        https
          .get({ host: 'localhost', port: port('tls'), path: '/here', agent }, (response) => {
            let body = '';
            response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk)).on('end', () => resolve(body));
          })
          .on('error', reject);
      });
      expect(text).toBe('nginx says /here');
      agent.destroy();
    },
  },
};

async function imap(connector: () => TlsConnector, port: number, secure: boolean): Promise<void> {
  const client = new ImapFlow({ host: 'localhost', port, secure, auth: { user: 'ferrule', pass: 'secret' }, logger: false, transport: imapflowTransport(connector()), ...(secure ? {} : { doSTARTTLS: true }) });
  await client.connect();
  expect(await client.status('INBOX', { messages: true })).toMatchObject({ messages: 0 });
  await client.logout();
}

async function mail(port: number, options: object): Promise<void> {
  const transport = createTransport({ host: 'localhost', port, ...options } as object);
  const sent = (await transport.sendMail({ from: 'a@server.test', to: 'b@server.test', subject: 'ferrule', text: 'by mail' })) as { readonly accepted: unknown; readonly response: string };
  expect(sent).toMatchObject({ accepted: ['b@server.test'], response: expect.stringMatching(/^250 2\.0\.0 Ok: queued/) });
  transport.close();
}
