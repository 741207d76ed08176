/** What libraries over our connector are told when they cannot be connected, and whom they try next. */
import { once } from 'node:events';
import http2 from 'node:http2';
import { Client as GrpcClient } from '@grpc/grpc-js';
import { ImapFlow, type ImapFlowOptions } from 'imapflow';
import Redis from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';
import { Client as LdapClient } from 'ldapts';
import { MqttClient } from 'mqtt';
import { createTransport } from 'nodemailer';
import postgres from 'postgres';
import { describe, expect, it, vi } from 'vitest';
import { grpcCredentials } from '../src/adapters/grpc.ts';
import { http2Connect, http2Options } from '../src/adapters/http2.ts';
import { imapflowOptions } from '../src/adapters/imapflow.ts';
import { ioredisOptions } from '../src/adapters/ioredis.ts';
import { kafkaSocketFactory } from '../src/adapters/kafkajs.ts';
import { ldapOptions } from '../src/adapters/ldapts.ts';
import { mqttStream } from '../src/adapters/mqtt.ts';
import { natsConnect } from '../src/adapters/nats.ts';
import { nodemailerOptions } from '../src/adapters/nodemailer.ts';
import { postgresOptions } from '../src/adapters/postgres.ts';
import { TlsConnector } from '../src/duplex/index.ts';
import { SECRET } from './adapter-uses.ts';
import { scene } from './adapter-scene.ts';
import { record, type Recorder } from './recorder.ts';

const { ca, connector, honest, impostor, servers, serverFor } = await scene();

const overHttp2 = new TlsConnector({ alpn: ['h2'] });
const lax = { rejectUnauthorized: false };

describe('what cannot be connected to is an error of the library’s, not an exception amid its work:', () => {
  const auth = { user: 'x', pass: SECRET };
  it.each<[string, () => Promise<unknown>]>([
    [
      'nodemailer',
      () => createTransport(nodemailerOptions(connector, { host: 'localhost', port: 'x', auth })).verify(),
    ],
    ['ioredis', () => once(new Redis(ioredisOptions(connector, { port: 70_000, retryStrategy: () => null })), 'end')],
    ['kafkajs', () => kafka('localhost:70000').connect()],
    ['postgres', () => postgres(postgresOptions(connector, { host: 'localhost', port: 70_000 }) as never)`select 1`],
    ['imapflow', () => imap({ host: 'localhost', port: 70_000, auth, secure: true })],
    ['nats', () => natsConnect(connector, { servers: 'localhost', port: 70_000, reconnect: false })],
    ['ldapts', () => new LdapClient(ldapOptions(connector, { url: 'ldaps://localhost:0' })).bind('cn=x', SECRET)],
  ])('%s', async (_library, connect) => {
    await expect(connect()).rejects.toThrow(/port/i);
  });

  const kafka = (broker: string): ReturnType<Kafka['admin']> =>
    new Kafka({
      brokers: [broker],
      ssl: true,
      socketFactory: kafkaSocketFactory(connector),
      logLevel: logLevel.NOTHING,
      retry: { retries: 0 },
    }).admin();
  const imap = (options: ImapFlowOptions): Promise<void> =>
    new ImapFlow(imapflowOptions(connector, { ...options, logger: false })).on('error', () => undefined).connect();
});

it('postgres: of several hosts the next one is tried, by its own name and port', async () => {
  const server = await serverFor('postgres');
  const options = { host: ['localhost', 'localhost'], port: [1, server.port], user: SECRET, password: 'x', max: 1 };
  const sql = postgres(postgresOptions(connector, { ...options, backoff: 0 }) as never);
  const query = sql.unsafe('select 1').execute();
  query.catch(() => undefined);
  await expect.poll(() => server.secret(), { timeout: 10_000 }).toContain(SECRET);
  await sql.end({ timeout: 0 });
});

it.each([{}, lax])(
  'http2: beside other options, and without createConnection, nobody is connected to: %o',
  (beside) => {
    const ours = { ...http2Options(overHttp2), createConnection: undefined, ...beside };
    expect(() => http2.connect('https://localhost:1', ours as object)).toThrow(/http2: the connector was not asked/);
  },
);

it('mqtt: why a server was refused is an error of the client', async () => {
  const server = await serverFor('mqtt');
  server.become(impostor);
  const stream = mqttStream(connector, { host: 'localhost', port: server.port });
  const client = new MqttClient(stream, { reconnectPeriod: 0 }) as unknown as NodeJS.EventEmitter;
  await expect(once(client, 'connect')).rejects.toThrow(/self-signed/);
});

it('postgres: of several hosts the first is for all connections', async () => {
  const [first, second] = [await serverFor('postgres'), await serverFor('postgres')];
  const options = { host: ['localhost', 'localhost'], port: [first.port, second.port], user: SECRET, password: 'x' };
  const dials = vi.spyOn(connector, 'duplex');
  const sql = postgres(postgresOptions(connector, { ...options, max: 3 }) as never);
  for (let i = 0; i < 3; i++)
    sql
      .unsafe('select 1')
      .execute()
      .catch(() => undefined);
  await expect.poll(() => first.secret(), { timeout: 10_000 }).toContain(SECRET);
  // Later ones may be of connections that the server has ended
  expect(dials.mock.calls.slice(0, 3).map(([{ port }]) => port)).toEqual([first.port, first.port, first.port]);
  dials.mockRestore();
  await sql.end({ timeout: 0 });
});

describe.each([
  ['another protocol', ['http/1.1'], /chose http\/1\.1/],
  ['no protocol', [], /chose no protocol/],
])('HTTP/2, to a server that chooses %s, sends nothing:', (_which, protocols, message) => {
  const mixed = (): TlsConnector => new TlsConnector({ ca, alpn: ['h2', 'http/1.1'] });
  const serve = async (): Promise<Recorder> => {
    const silent = { tls: 'at once', talk: () => ({ answer: () => undefined }), until: SECRET } as const;
    const server = await record({ ...silent, identity: honest, alpn: protocols });
    servers.push(server);
    return server;
  };

  it('http2', async () => {
    const server = await serve();
    const session = http2Connect(mixed(), `https://localhost:${server.port}`);
    const told: string[] = [];
    session.on('connect', () => told.push('connect'));
    session.request({ 'x-secret': SECRET }).on('error', () => undefined);
    await expect(once(session, 'close')).rejects.toThrow(message);
    expect(told).toEqual([]);
    expect(server.secret()).toBe('');
  });

  it('grpc', async () => {
    const server = await serve();
    const client = new GrpcClient(`localhost:${server.port}`, grpcCredentials(mixed(), { servername: 'localhost' }));
    const asIs = (bytes: Buffer): Buffer => bytes;
    const call = new Promise((_resolve, reject) =>
      client.makeUnaryRequest('/a/b', asIs, asIs, Buffer.from(SECRET), (error) => reject(error as Error)),
    );
    await expect(call).rejects.toThrow(message);
    client.close();
    expect(server.secret()).toBe('');
  });
});
