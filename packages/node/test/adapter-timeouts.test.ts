/**
 * The time that a library gives a connection counts with ours as well: here the connector has no limit, the server is
 * silent, and only that time can end the attempt.
 */
import { once } from 'node:events';
import https from 'node:https';
import net from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { TLSSocket } from 'node:tls';
import { pki } from '@ferrule/conformance/pki';
import { Client as GrpcClient } from '@grpc/grpc-js';
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
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { grpcCredentials } from '../src/adapters/grpc.ts';
import { http2Connect } from '../src/adapters/http2.ts';
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
import { USES } from './adapter-uses.ts';

let silent: net.Server;
let port: number;
let url: string;
const open = new Set<net.Socket>();

beforeAll(async () => {
  silent = net
    .createServer((socket) => {
      open.add(socket);
      socket
        .on('error', () => undefined)
        .on('close', () => open.delete(socket))
        .resume();
    })
    .listen(0, '127.0.0.1');
  await once(silent, 'listening');
  port = (silent.address() as net.AddressInfo).port;
  url = `https://localhost:${port}/`;
});
afterAll(() => silent.close());

const connector = new TlsConnector({ handshakeTimeout: 0 });
const h2 = new TlsConnector({ handshakeTimeout: 0, alpn: ['h2'] });
const host = 'localhost';
/** Milliseconds. */
const SOON = 150;

const failure = (emitter: NodeJS.EventEmitter, last = 'close'): Promise<never> =>
  new Promise((_resolve, reject) => emitter.on('error', reject).once(last, () => reject(new Error('closed'))));

const LIBRARIES: Readonly<Record<string, () => Promise<unknown>>> = {
  'https, timeout': () => {
    const request = https.get(url, { agent: new TlsAgent(connector), timeout: SOON });
    return failure(request.on('timeout', () => request.destroy(new Error('timeout'))));
  },
  'https, setTimeout() at once': () => {
    const request = https.get(url, { agent: new TlsAgent(connector) });
    return failure(request.setTimeout(SOON, () => request.destroy(new Error('timeout'))));
  },
  'https, setTimeout() during the handshake': () => {
    const request = https.get(url, { agent: new TlsAgent(connector) });
    void setTimeout(50).then(() => request.setTimeout(SOON, () => request.destroy(new Error('timeout'))));
    return failure(request);
  },
  'https.Agent, timeout': () => {
    const request = https.get(url, { agent: new TlsAgent(connector, { timeout: SOON }) });
    return failure(request.on('timeout', () => request.destroy(new Error('timeout'))));
  },
  'axios, timeout': () => axios.get(url, { httpsAgent: new TlsAgent(connector), proxy: false, timeout: SOON }),
  'got, timeout': () =>
    got(url, { agent: { https: new TlsAgent(connector) }, timeout: { request: SOON }, retry: { limit: 0 } }),
  'node-fetch, signal': () =>
    nodeFetch(url, { agent: new TlsAgent(connector), signal: AbortSignal.timeout(SOON) as never }),
  'http2, setTimeout()': () => {
    const session = http2Connect(h2, url);
    session.setTimeout(SOON, () => session.destroy());
    return failure(session);
  },
  'undici, connectTimeout': () =>
    undiciFetch(url, { dispatcher: new Agent({ connect: undiciConnect(connector, { connectTimeout: SOON }) }) }),
  'ws, handshakeTimeout': () =>
    failure(new WebSocket(`wss://${host}:${port}`, wsOptions(connector, { handshakeTimeout: SOON }))),
  'pg, connectionTimeoutMillis': () =>
    new pg.Client(
      pgConfig(connector, { host, port, user: 'x', password: 'x', connectionTimeoutMillis: SOON }),
    ).connect(),
  'pg.Pool, connectionTimeoutMillis': () =>
    new pg.Pool(pgConfig(connector, { host, port, user: 'x', password: 'x', connectionTimeoutMillis: SOON })).connect(),
  'postgres, connect_timeout': () =>
    postgres(
      postgresOptions(connector, { host, port, user: 'x', password: 'x', connect_timeout: SOON / 1000 }) as never,
    )
      .unsafe('select 1')
      .execute(),
  'mysql2, connectTimeout': () =>
    failure(
      mysqlOverTls(
        createConnection({ host, port, user: 'x', ssl: {}, connectTimeout: SOON }),
        connector,
        host,
      ) as unknown as NodeJS.EventEmitter,
      'end',
    ),
  'mysql2, a pool, connectTimeout': () =>
    mysqlOverTls(createPool({ host, port, user: 'x', ssl: {}, connectTimeout: SOON }), connector, host)
      .promise()
      .query('SELECT 1'),
  'ioredis, connectTimeout': () => {
    const redis = new Redis(
      ioredisOptions(connector, {
        host,
        port,
        connectTimeout: SOON,
        lazyConnect: true,
        retryStrategy: () => null,
      }),
    );
    redis.on('error', () => undefined);
    return redis.connect();
  },
  'mqtt, connectTimeout': () =>
    failure(
      new MqttClient(mqttStream(connector, { host, port }), {
        connectTimeout: SOON,
        reconnectPeriod: 0,
      }) as unknown as NodeJS.EventEmitter,
    ),
  'nodemailer, connectionTimeout': () =>
    createTransport(nodemailerOptions(connector, { host, port, connectionTimeout: SOON })).sendMail({ to: 'a@x.test' }),
  'imapflow, connectionTimeout': () => {
    const client = new ImapFlow(
      imapflowOptions(connector, {
        host,
        port,
        secure: true,
        auth: { user: 'x', pass: 'x' },
        logger: false,
        connectionTimeout: SOON,
      }),
    );
    client.on('error', () => undefined);
    return client.connect();
  },
  'kafkajs, connectionTimeout': () =>
    new Kafka({
      brokers: [`${host}:${port}`],
      ssl: true,
      socketFactory: kafkaSocketFactory(connector),
      logLevel: logLevel.NOTHING,
      retry: { retries: 0 },
      connectionTimeout: SOON,
    })
      .admin()
      .connect(),
  'ldapts, connectTimeout': () =>
    new LdapClient(
      ldapOptions(connector, { url: `ldaps://${host}:${port}`, connectTimeout: SOON, timeout: SOON }),
    ).bind('cn=x', 'x'),
  'nats, timeout': () => natsConnect(connector, { servers: `${host}:${port}`, reconnect: false, timeout: SOON }),
  'grpc, deadline': () => {
    const client = new GrpcClient(`${host}:${port}`, grpcCredentials(h2, { servername: host }));
    const asIs = (bytes: Buffer): Buffer => bytes;
    return new Promise((_resolve, reject) =>
      client.makeUnaryRequest('/a/b', asIs, asIs, Buffer.from('x'), { deadline: Date.now() + SOON } as never, (error) =>
        reject(error ?? new Error('answered')),
      ),
    ).finally(() => client.close());
  },
};

describe('a connection to a silent server ends by the time of', () => {
  it.each(Object.entries(LIBRARIES))('%s', async (_name, attempt) => {
    await expect(attempt()).rejects.toThrow();
    await expect.poll(() => open.size, { timeout: 10_000 }).toBe(0);
  });
});

/** Bytes. */
const SSL_REQUEST = 36;

// Old versions end it in the listener for `data` that the adapter takes the place of
it('the connectTimeout of mysql2 is over with the greeting', async () => {
  const { keyPem: key, chainPem: cert } = await pki('p256');
  const ok = (sequence: number): Buffer => Buffer.from([7, 0, 0, sequence, 0, 0, 0, 2, 0, 0, 0]);
  const server = net.createServer((raw) => {
    raw.on('error', () => undefined).write(USES['mysql2']?.talk(true).greeting ?? '');
    raw.once('data', (request: Buffer) => {
      raw.pause();
      if (request.length > SSL_REQUEST) raw.unshift(request.subarray(SSL_REQUEST));
      let sequence = 3;
      const secure = new TLSSocket(raw, { isServer: true, key, cert });
      secure
        .on('error', () => undefined)
        .on('data', () => {
          secure.write(ok(sequence));
          sequence = 1;
        });
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port: there } = server.address() as net.AddressInfo;
  const trusting = new TlsConnector({ trustAnchors: [(await pki('root')).certificate] });
  const connection = mysqlOverTls(
    createConnection({ host, port: there, user: 'x', ssl: {}, connectTimeout: 1000 }),
    trusting,
    host,
  );
  const asked = (): Promise<unknown> =>
    new Promise((resolve, reject) =>
      connection.query('SELECT 1', (error) => (error ? reject(error) : resolve('answered'))),
    );
  try {
    expect(await asked()).toBe('answered');
    await setTimeout(1300);
    expect(await asked()).toBe('answered');
  } finally {
    connection.destroy();
    server.close();
  }
});
