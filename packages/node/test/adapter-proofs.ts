/** @module What is asked of each real server through each client library: the examples, and what comes of them. */
import { expect } from 'vitest';
import { get } from '../examples/https.ts';
import { count } from '../examples/imapflow.ts';
import { setAndGet } from '../examples/ioredis.ts';
import { sendAndReceive } from '../examples/kafkajs.ts';
import { bind } from '../examples/ldapts.ts';
import { publishAndReceive as overMqtt } from '../examples/mqtt.ts';
import { query as mysqlQuery } from '../examples/mysql2.ts';
import { publishAndReceive as overNats } from '../examples/nats.ts';
import { send } from '../examples/nodemailer.ts';
import { query as pgQuery } from '../examples/pg.ts';
import { query as postgresQuery } from '../examples/postgres.ts';
import { setAndGet as throughTunnel } from '../examples/tunnel.ts';
import type { TlsConnector } from '../src/duplex/index.ts';
import type { RunningServer, ServerName } from './servers.ts';

export type Proof = (connector: TlsConnector, server: RunningServer) => Promise<void>;

const HOST = 'localhost';
const OUR_TLS = 'SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
const QUEUED = { accepted: ['b@server.test'], response: expect.stringMatching(/^250 2\.0\.0 Ok: queued/) as unknown };

export const ADAPTERS: Readonly<Partial<Record<ServerName, Readonly<Record<string, Proof>>>>> = {
  postgres: {
    'pg, with SCRAM-SHA-256-PLUS': async (connector, { port }) =>
      expect(await pgQuery(connector, HOST, port('plain'), OUR_TLS)).toEqual([{ ssl: true, version: 'TLSv1.3' }]),
    postgres: async (connector, { port }) =>
      expect(await postgresQuery(connector, HOST, port('plain'), OUR_TLS)).toEqual([{ ssl: true, version: 'TLSv1.3' }]),
  },
  redis: {
    ioredis: async (connector, { port }) =>
      expect(await setAndGet(connector, HOST, port('tls'), 'value')).toBe('value'),
    'node-redis, through the tunnel': async (connector, { port }) =>
      expect(await throughTunnel(connector, HOST, port('tls'), 'open')).toBe('open'),
  },
  mariadb: {
    mysql2: async (connector, { port }) =>
      expect(await mysqlQuery(connector, HOST, port('plain'), "SHOW STATUS LIKE 'Ssl_version'")).toMatchObject([
        { Value: 'TLSv1.3' },
      ]),
  },
  mosquitto: {
    mqtt: async (connector, { port }) => expect(await overMqtt(connector, HOST, port('tls'), 'hello')).toBe('hello'),
  },
  nats: {
    nats: async (connector, { port }) => expect(await overNats(connector, HOST, port('plain'), 'hello')).toBe('hello'),
  },
  slapd: {
    'ldapts over ldaps': (connector, { port }) => bind(connector, HOST, port('tls'), false),
    'ldapts with startTLS': (connector, { port }) => bind(connector, HOST, port('plain'), true),
  },
  dovecot: {
    'imapflow over imaps': async (connector, { port }) =>
      expect(await count(connector, HOST, port('tls'), true)).toBe(0),
    'imapflow with STARTTLS': async (connector, { port }) =>
      expect(await count(connector, HOST, port('plain'), false)).toBe(0),
  },
  kafka: {
    kafkajs: async (connector, { port }) =>
      expect(await sendAndReceive(connector, HOST, port('tls'), 'x'.repeat(500_000))).toBe('x'.repeat(500_000)),
  },
  postfix: {
    'nodemailer over implicit TLS': async (connector, { port }) =>
      expect(await send(connector, HOST, port('tls'), false)).toMatchObject(QUEUED),
    'nodemailer with STARTTLS': async (connector, { port }) =>
      expect(await send(connector, HOST, port('plain'), true)).toMatchObject(QUEUED),
  },
  nginx: {
    'https.Agent': async (connector, { port }) =>
      expect(await get(connector, HOST, port('tls'), '/here')).toBe('nginx says /here'),
  },
};
