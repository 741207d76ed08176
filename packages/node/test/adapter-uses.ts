/**
 * @module Each adapter with its library, used until it has sent a secret; and the least of a server that makes it do
 * so.
 */
import http2 from 'node:http2';
import https from 'node:https';
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
import { Agent, fetch as undiciFetch, getGlobalDispatcher, setGlobalDispatcher } from 'undici';
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
import type { TlsConnector } from '../src/duplex/index.ts';
import type { Talk } from './recorder.ts';

/** What no server that the connector refuses may see. */
export const SECRET = 'hunter2-of-ferrule';

export interface Use {
  readonly tls: 'at once' | 'when asked';
  readonly alpn?: readonly string[];
  /** The server's side; `offers` is whether it admits to TLS. */
  talk(offers: boolean): Talk;
  begin(connector: TlsConnector, port: number, signal?: AbortSignal): Running;
  /** It takes a signal, which ends the attempt. */
  readonly aborts?: true;
  /** Why the library cannot end an attempt before the handshake is done: its limit ends it. */
  readonly cannotEnd?: string;
}

export interface Running {
  /** Rejects, or resolves once the server has hung up. */
  readonly over: Promise<unknown>;
  /** The library's own way to end it, also before the handshake is done. */
  readonly end?: () => unknown;
}

const HOST = 'localhost';
const silent = (): Talk => ({ answer: () => undefined });

/** `TAG COMMAND` in, `TAG OK` out. */
const imap = (offers: boolean): Talk => ({
  greeting: `* OK [CAPABILITY IMAP4rev1${offers ? ' STARTTLS' : ''}] ready\r\n`,
  answer(received, inTls) {
    const [tag = '*', command = ''] = received.toString('latin1').trim().split(' ');
    const starts = command.toUpperCase() === 'STARTTLS';
    const capabilities =
      command.toUpperCase() === 'CAPABILITY' ? `* CAPABILITY IMAP4rev1${offers && !inTls ? ' STARTTLS' : ''}\r\n` : '';
    return {
      send: `${capabilities}${tag} ${starts && !offers ? 'BAD' : 'OK'} done\r\n`,
      startTlsAt: starts && offers ? received.length : undefined,
    };
  },
});

const smtp = (offers: boolean, hello: 'EHLO' | 'LHLO' = 'EHLO'): Talk => ({
  greeting: '220 mail.test ESMTP\r\n',
  answer(received) {
    const command = received.toString('latin1').slice(0, 4).toUpperCase();
    if (command === hello)
      return { send: `250-mail.test\r\n${offers ? '250-STARTTLS\r\n' : ''}250-AUTH PLAIN\r\n250 8BITMIME\r\n` };
    if (command === 'STAR')
      return { send: offers ? '220 go\r\n' : '502 no\r\n', startTlsAt: offers ? received.length : undefined };
    if (command.endsWith('HLO')) return { send: '500 no\r\n' };
    return { send: command === 'DATA' ? '354 go\r\n' : '250 ok\r\n' };
  },
});

/** ExtendedResponse with success, or protocolError (RFC 4511 section 4.12). */
const ldap = (offers: boolean): Talk => ({
  answer(received) {
    if (received[5] !== 0x77) return undefined;
    return {
      send: Uint8Array.of(
        0x30,
        0x0c,
        0x02,
        0x01,
        received[4] as number,
        0x78,
        0x07,
        0x0a,
        0x01,
        offers ? 0 : 2,
        0x04,
        0x00,
        0x04,
        0x00,
      ),
      startTlsAt: offers ? received.length : undefined,
    };
  },
});

/** HandshakeV10, with CLIENT_SSL or without. */
function mysql(offers: boolean): Talk {
  const capabilities = 0x0000_8201 | 0x0008_0000 | (offers ? 0x0800 : 0);
  const payload = Buffer.concat([
    Buffer.from('\x0a8.0.0\0', 'latin1'),
    Buffer.from([1, 0, 0, 0]),
    Buffer.alloc(8, 0x41),
    Buffer.from([0, capabilities, capabilities >>> 8, 0x21, 2, 0, capabilities >>> 16, capabilities >>> 24, 21]),
    Buffer.alloc(10),
    Buffer.concat([Buffer.alloc(12, 0x42), Buffer.from([0])]),
    Buffer.from('mysql_native_password\0', 'latin1'),
  ]);
  return {
    greeting: Buffer.concat([Buffer.from([payload.length, 0, 0, 0]), payload]),
    answer: (received, inTls) => ({ startTlsAt: inTls || received.length < 36 ? undefined : 36 }),
  };
}

/** SSLRequest (80877103): `S` or `N`. StartupMessage, which has no letter: AuthenticationCleartextPassword. */
const postgresql = (offers: boolean): Talk => ({
  answer(received, inTls) {
    if (!inTls && received.length === 8) return { send: offers ? 'S' : 'N', startTlsAt: offers ? 8 : undefined };
    return received[0] === 0 ? { send: Uint8Array.of(0x52, 0, 0, 0, 8, 0, 0, 0, 3) } : undefined;
  },
});

const nats = (offers: boolean): Talk => ({
  greeting: `INFO ${JSON.stringify({ server_id: 'x', version: '2.10.0', proto: 1, max_payload: 1_000_000, ...(offers && { tls_required: true }) })}\r\n`,
  thenTls: offers,
  answer: (received) => ({ send: received.includes('PING') ? 'PONG\r\n' : '' }),
});

/** +OK for each command, which is an array. */
const redis = (): Talk => ({
  answer: (received) => ({ send: '+OK\r\n'.repeat(received.toString('latin1').match(/\*\d+\r\n/g)?.length ?? 0) }),
});

/** An empty SETTINGS frame. */
const h2 = (): Talk => ({ answer: () => ({ send: Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 0, 0) }) });

/** Whatever ends it: an error is a rejection. */
function ended(emitter: NodeJS.EventEmitter, last = 'close'): Promise<never> {
  const over = new Promise<never>((_resolve, reject) =>
    emitter.on('error', reject).once(last, () => reject(new Error('closed'))),
  );
  over.catch(() => undefined);
  return over;
}

export const USES: Readonly<Record<string, Use>> = {
  'https.Agent': {
    tls: 'at once',
    talk: silent,
    aborts: true,
    begin(connector, port, signal) {
      const request = https.get({
        host: HOST,
        port,
        agent: new TlsAgent(connector),
        headers: { authorization: SECRET },
        ...(signal && { signal }),
      });
      return { over: ended(request), end: () => request.destroy() };
    },
  },
  'node-fetch': {
    tls: 'at once',
    talk: silent,
    aborts: true,
    cannotEnd: 'a signal is its end',
    begin: (connector, port, signal) => ({
      over: nodeFetch(`https://${HOST}:${port}/`, {
        agent: new TlsAgent(connector),
        headers: { authorization: SECRET },
        ...(signal && { signal }),
      }),
    }),
  },
  axios: {
    tls: 'at once',
    talk: silent,
    aborts: true,
    cannotEnd: 'a signal is its end',
    begin: (connector, port, signal) => ({
      over: axiosOverTls(axios.create({ headers: { authorization: SECRET } }), connector).get(
        `https://${HOST}:${port}/`,
        signal && { signal },
      ),
    }),
  },
  got: {
    tls: 'at once',
    talk: silent,
    aborts: true,
    cannotEnd: 'a signal is its end',
    begin: (connector, port, signal) => ({
      over: got.extend(gotOptions(connector, { headers: { authorization: SECRET }, retry: { limit: 0 } }))(
        `https://${HOST}:${port}/`,
        signal && { signal },
      ),
    }),
  },
  'global fetch': {
    tls: 'at once',
    talk: silent,
    cannotEnd: 'the connector of its dispatcher hears of no signal',
    begin(connector, port) {
      const before = getGlobalDispatcher();
      setGlobalDispatcher(new Agent({ connect: undiciConnect(connector) }));
      const over = fetch(`https://${HOST}:${port}/`, { headers: { authorization: SECRET } });
      // A request has its dispatcher from the beginning
      setGlobalDispatcher(before);
      return { over };
    },
  },
  http2: {
    tls: 'at once',
    alpn: ['h2'],
    talk: h2,
    begin(connector, port) {
      const session = http2Connect(connector, `https://${HOST}:${port}`);
      const over = ended(session);
      session
        .request({ ':method': 'POST' })
        .on('error', () => undefined)
        .end(SECRET);
      return { over, end: () => session.destroy() };
    },
  },
  'http2, a library that calls http2.connect()': {
    tls: 'at once',
    alpn: ['h2'],
    talk: h2,
    begin(connector, port) {
      const session = http2.connect(`https://${HOST}:${port}`, http2Options(connector));
      const over = ended(session);
      session
        .request({ ':method': 'POST' })
        .on('error', () => undefined)
        .end(SECRET);
      return { over, end: () => session.destroy() };
    },
  },
  undici: {
    tls: 'at once',
    talk: silent,
    cannotEnd: 'its connector hears neither of a signal nor of destroy()',
    begin: (connector, port) => ({
      over: undiciFetch(`https://${HOST}:${port}/`, {
        method: 'POST',
        body: SECRET,
        dispatcher: new Agent({ connect: undiciConnect(connector) }),
      }),
    }),
  },
  ws: {
    tls: 'at once',
    talk: silent,
    begin(connector, port) {
      const socket = new WebSocket(
        `wss://${HOST}:${port}`,
        wsOptions(connector, { headers: { authorization: SECRET } }),
      );
      return { over: ended(socket), end: () => socket.close() };
    },
  },
  pg: {
    tls: 'when asked',
    talk: postgresql,
    begin(connector, port) {
      const client = new pg.Client(
        pgConfig(connector, { host: HOST, port, user: SECRET, password: 'x', database: 'x' }),
      );
      return {
        over: Promise.race([client.connect().then(() => ended(client)), ended(client, 'end')]),
        end: () => client.end(),
      };
    },
  },
  'pg, a URL with sslmode': {
    tls: 'when asked',
    talk: postgresql,
    begin(connector, port) {
      const connectionString = `postgres://${SECRET}:x@${HOST}:${port}/x?sslmode=require`;
      const client = new pg.Client(pgConfig(connector, { connectionString }));
      return {
        over: Promise.race([client.connect().then(() => ended(client)), ended(client, 'end')]),
        end: () => client.end(),
      };
    },
  },
  postgres: {
    tls: 'when asked',
    talk: postgresql,
    begin(connector, port) {
      const sql = postgres(
        postgresOptions(connector, { host: HOST, port, user: SECRET, password: 'x', database: 'x', max: 1 }) as never,
      );
      return { over: sql.unsafe('select 1').execute(), end: () => sql.end({ timeout: 0 }) };
    },
  },
  mysql2: {
    tls: 'when asked',
    talk: mysql,
    begin(connector, port) {
      const connection = mysqlOverTls(
        createConnection({ host: HOST, port, user: SECRET, password: 'x', ssl: {} }),
        connector,
        HOST,
      );
      return { over: ended(connection as unknown as NodeJS.EventEmitter, 'end'), end: () => connection.destroy() };
    },
  },
  'mysql2, a pool with promises': {
    tls: 'when asked',
    talk: mysql,
    cannotEnd: 'a pool ends no connection that is being made',
    begin(connector, port) {
      const pool = mysqlOverTls(
        createPool({ host: HOST, port, user: SECRET, password: 'x', ssl: {} }),
        connector,
        HOST,
      );
      return { over: pool.promise().query('SELECT 1') };
    },
  },
  ioredis: {
    tls: 'at once',
    talk: redis,
    begin(connector, port) {
      const client = new Redis(
        ioredisOptions(connector, { host: HOST, port, password: SECRET, lazyConnect: true, retryStrategy: () => null }),
      );
      const failed = ended(client, 'end');
      return { over: Promise.race([client.connect().then(() => client.ping()), failed]), end: () => client.quit() };
    },
  },
  mqtt: {
    tls: 'at once',
    talk: silent,
    begin(connector, port) {
      const client = new MqttClient(mqttStream(connector, { host: HOST, port }), {
        username: 'x',
        password: SECRET,
        reconnectPeriod: 0,
      });
      return { over: ended(client as unknown as NodeJS.EventEmitter), end: () => client.end(true) };
    },
  },
  nodemailer: {
    cannotEnd: 'its connections hear of an end once they are made',
    tls: 'at once',
    talk: (offers) => smtp(offers),
    begin: (connector, port) => ({ over: mail(nodemailerOptions(connector, { host: HOST, port })) }),
  },
  'nodemailer, STARTTLS': {
    cannotEnd: 'its connections hear of an end once they are made',
    tls: 'when asked',
    talk: (offers) => smtp(offers),
    begin: (connector, port) => ({ over: mail(nodemailerOptions(connector, { host: HOST, port, starttls: true })) }),
  },
  'nodemailer, LMTP': {
    cannotEnd: 'its connections hear of an end once they are made',
    tls: 'when asked',
    talk: (offers) => smtp(offers, 'LHLO'),
    begin: (connector, port) => ({
      over: mail(nodemailerOptions(connector, { host: HOST, port, starttls: true, lmtp: true })),
    }),
  },
  imapflow: {
    tls: 'at once',
    talk: imap,
    begin: (connector, port) =>
      imapLogin(
        imapflowOptions(connector, {
          host: HOST,
          port,
          secure: true,
          auth: { user: 'x', pass: SECRET },
          logger: false,
        }),
      ),
  },
  'imapflow, STARTTLS': {
    tls: 'when asked',
    talk: imap,
    begin: (connector, port) =>
      imapLogin(
        imapflowOptions(connector, {
          host: HOST,
          port,
          secure: false,
          auth: { user: 'x', pass: SECRET },
          logger: false,
        }),
      ),
  },
  kafkajs: {
    tls: 'at once',
    talk: silent,
    begin(connector, port) {
      const admin = new Kafka({
        clientId: SECRET,
        brokers: [`${HOST}:${port}`],
        ssl: true,
        socketFactory: kafkaSocketFactory(connector),
        logLevel: logLevel.NOTHING,
        retry: { retries: 0 },
      }).admin();
      return { over: admin.connect(), end: () => admin.disconnect() };
    },
  },
  nats: {
    cannotEnd: 'there is no connection to end before it is made',
    tls: 'when asked',
    talk: nats,
    begin: (connector, port) => ({
      over: natsConnect(connector, {
        servers: `${HOST}:${port}`,
        user: 'x',
        pass: SECRET,
        reconnect: false,
      }),
    }),
  },
  'ldapts, ldaps': {
    tls: 'at once',
    talk: silent,
    begin(connector, port) {
      const client = new LdapClient(ldapOptions(connector, { url: `ldaps://${HOST}:${port}` }));
      return {
        over: client.bind('cn=x', SECRET).then(() => Promise.reject(new Error('nothing was answered'))),
        end: () => client.unbind(),
      };
    },
  },
  'ldapts, startTLS': {
    tls: 'when asked',
    talk: ldap,
    begin(connector, port) {
      const client = new LdapClient(ldapOptions(connector, { url: `ldap://${HOST}:${port}` }));
      return { over: client.startTLS().then(() => client.bind('cn=x', SECRET)), end: () => client.unbind() };
    },
  },
  grpc: {
    tls: 'at once',
    alpn: ['h2'],
    talk: h2,
    begin(connector, port) {
      const client = new GrpcClient(`${HOST}:${port}`, grpcCredentials(connector, { servername: HOST }), {
        'grpc.enable_retries': 0,
        'grpc.initial_reconnect_backoff_ms': 60_000,
      });
      const asIs = (bytes: Buffer): Buffer => bytes;
      const over = new Promise((_resolve, reject) =>
        client.makeUnaryRequest('/a/b', asIs, asIs, Buffer.from(SECRET), (error) =>
          reject(error ?? new Error('answered')),
        ),
      );
      return { over: over.finally(() => client.close()), end: () => client.close() };
    },
  },
};

function mail(options: object): Promise<unknown> {
  const transport = createTransport(options);
  return transport
    .sendMail({ from: 'a@x.test', to: 'b@x.test', subject: 'x', text: SECRET })
    .finally(() => transport.close());
}

function imapLogin(options: ConstructorParameters<typeof ImapFlow>[0]): Running {
  const client = new ImapFlow(options);
  return { over: Promise.race([client.connect(), ended(client)]), end: () => client.close() };
}
