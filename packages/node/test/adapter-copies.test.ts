/**
 * Options that an adapter made, in copies as programs and the layers between make them: each goes through the connector or
 * to nobody. Node itself trusts the server here, so that what goes around would arrive.
 */
import { syncBuiltinESMExports } from 'node:module';
import { setTimeout } from 'node:timers/promises';
import tls from 'node:tls';
import { pki } from '@ferrule/conformance/pki';
import pg from 'pg';
import postgres from 'postgres';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { pgConfig } from '../src/adapters/pg.ts';
import { postgresOptions } from '../src/adapters/postgres.ts';
import { TlsConnector } from '../src/duplex/index.ts';
import { rows } from './adapter-rows.ts';
import { SECRET, USES } from './adapter-uses.ts';
import { record, type Recorder, type Talk } from './recorder.ts';

const trustAnchors = [(await pki('selfSigned')).certificate];
const leaf = await pki('p256');
const ca = (await pki('root')).certificatePem;
const refusing = rows(new TlsConnector({ trustAnchors }), new TlsConnector({ trustAnchors, alpn: ['h2'] }), 'somebody');
const taking = rows(new TlsConnector({ ca }), new TlsConnector({ ca, alpn: ['h2'] }), 'somebody');

const servers: Recorder[] = [];
let connect: ReturnType<typeof vi.spyOn>;

beforeEach(() => {
  const byNode = tls.connect.bind(tls) as (...args: readonly unknown[]) => tls.TLSSocket;
  const trusting = (...args: readonly unknown[]): tls.TLSSocket =>
    byNode(...args.map((each) => (typeof each === 'object' && each !== null ? { ...each, ca } : each)));
  connect = vi.spyOn(tls, 'connect').mockImplementation(trusting as typeof tls.connect);
  syncBuiltinESMExports();
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  syncBuiltinESMExports();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serverFor(name: string, offers: boolean): Promise<Recorder> {
  const use = USES[name];
  if (use === undefined) throw new Error(`no use of ${name}`);
  const server = await record({
    identity: offers ? { key: leaf.keyPem, cert: leaf.chainPem } : undefined,
    tls: use.tls,
    talk: (admits) => use.talk(admits),
    until: SECRET,
    ...(use.alpn && { alpn: use.alpn }),
  });
  servers.push(server);
  return server;
}

type Options = Readonly<Record<string, unknown>>;

const picked = (options: object, names: readonly string[]): object =>
  Object.fromEntries(names.filter((name) => name in options).map((name) => [name, (options as Options)[name]]));

/** Plain objects and lists anew, all else as it is. */
function deep(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(deep);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, deep(each)]));
}

const COPIES: Readonly<Record<string, (options: object, usual: readonly string[]) => object>> = {
  spread: (options) => ({ ...options }),
  'Object.assign()': (options) => Object.assign({}, options),
  'an object that inherits it': (options) => Object.create(options) as object,
  'a deep copy': (options) => deep(options) as object,
  'a copy as JSON': (options) => JSON.parse(JSON.stringify(options)) as object,
  'a copy of a copy as JSON': (options) => JSON.parse(JSON.stringify({ ...options })) as object,
  'structuredClone()': (options) => structuredClone(options),
  'the usual options': picked,
  'the usual options, as JSON': (options, usual) => JSON.parse(JSON.stringify(picked(options, usual))) as object,
};
/** In these all of ours is. */
const WHOLE = ['spread', 'Object.assign()'];

const inBase64 = Buffer.from(SECRET).toString('base64').slice(0, 12);

/** Of what is left in these, some libraries make TLS by themselves, as for whoever asks for no connector. */
const TRUSTS_AS_NODE: readonly string[] = [
  'an object that inherits it',
  'the usual options',
  'the usual options, as JSON',
];

/** After this time an attempt waits for an answer, milliseconds. */
const LIMIT = 1500;

describe.each(Object.entries(refusing))('%s', (name, { use, usual, ours, begin }) => {
  it.each(Object.entries(COPIES))('%s: no server that the connector refuses is told', async (copied, copy) => {
    for (const offers of [true, false]) {
      const server = await serverFor(use, offers);
      const attempt = async (): Promise<unknown> => begin(copy(ours(server.port), usual), server.port, false);
      const over = attempt().catch(() => undefined);
      await Promise.race([over, setTimeout(LIMIT)]);
      const heard = TRUSTS_AS_NODE.includes(copied) ? server.plain() : server.secret() + server.plain();
      expect(heard).not.toContain(SECRET);
      expect(heard).not.toContain(inBase64);
    }
  });

  it.each(WHOLE)('%s: the connector is asked, and nobody else', async (copied) => {
    const server = await serverFor(use, true);
    const mine = taking[name];
    const copy = COPIES[copied];
    if (mine === undefined || copy === undefined) throw new Error('no such row');
    mine.begin(copy(mine.ours(server.port), usual), server.port, false).catch(() => undefined);
    await vi.waitFor(() => expect(server.secret()).toMatch(new RegExp(`${SECRET}|${inBase64}`)), 10_000);
    expect(connect.mock.calls.filter((args: readonly unknown[]) => !isElsewhere(args, server.port))).toEqual([]);
  });
});

/** got tries again after a second, when another test runs. */
const isElsewhere = (args: readonly unknown[], port: number): boolean =>
  args.some((each) => {
    const named = (each as { readonly port?: unknown } | null | undefined)?.port;
    return named !== undefined && Number(named) !== port;
  });

it('the password that the environment has for postgres and pg is not for a copy either', async () => {
  vi.stubEnv('PGPASSWORD', SECRET);
  const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  for (const [name, options] of Object.entries({
    postgres: (given: object) => postgresOptions(new TlsConnector({ ca }), given),
    pg: (given: object) => pgConfig(new TlsConnector({ ca }), given),
  })) {
    const server = await serverFor(name, false);
    const given = options({ host: 'localhost', port: server.port, user: 'x', database: 'x' });
    const copy = picked(given, ['host', 'port', 'user', 'password', 'database']);
    const row = refusing[name];
    if (row === undefined) throw new Error('no such row');
    const attempt = row.begin(copy, server.port, false).catch(() => undefined);
    await Promise.race([attempt, setTimeout(LIMIT)]);
    // It was asked for one
    expect(server.plain()).toContain('database');
    expect(server.plain()).not.toContain(SECRET);
  }
  expect(String(warnings.mock.calls[0]?.[0])).toMatch(/postgresOptions: the connector was not asked/);
});

/** A server that takes any password, after SSLRequest (PostgreSQL protocol, section 55.7). */
const postgresql = (): Talk => ({
  answer(received, inTls) {
    if (!inTls && received.length === 8) return { send: 'S', startTlsAt: 8 };
    // AuthenticationCleartextPassword; AuthenticationOk, BackendKeyData and ReadyForQuery; CommandComplete and ReadyForQuery
    const hex = { 0: '520000000800000003', 0x70: '5200000008000000004b0000000c00000000000000005a0000000549' };
    const done = '430000000d53454c454354203100' + '5a0000000549';
    return { send: Buffer.from(hex[received[0] as 0 | 0x70] ?? done, 'hex') };
  },
});

it.each<[string, (port: number) => Promise<{ readonly options: object; end(): unknown }>]>([
  [
    'pg',
    async (port) => {
      const options = pgConfig(new TlsConnector({ ca }), { host: 'localhost', port, user: 'x', password: SECRET });
      const client = new pg.Client(options);
      client.on('error', () => undefined);
      await client.connect();
      return { options, end: () => client.end() };
    },
  ],
  [
    'postgres',
    async (port) => {
      const given = { host: 'localhost', port, user: 'x', password: SECRET, fetch_types: false };
      const options = postgresOptions(new TlsConnector({ ca }), given);
      const sql = postgres(options as never);
      await sql.unsafe('select 1').simple();
      return { options, end: () => sql.end({ timeout: 0 }) };
    },
  ],
])('%s: a copy is told no password while a connection of the options is open', async (name, open) => {
  const honest = await record({
    identity: { key: leaf.keyPem, cert: leaf.chainPem },
    tls: 'when asked',
    talk: postgresql,
    until: 'nothing',
  });
  const other = await serverFor(name, false);
  servers.push(honest);
  const { options, end } = await open(honest.port);
  expect(honest.secret()).toContain(SECRET);
  vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const copy = { ...picked(options, ['host', 'user', 'password', 'database']), port: other.port };
  const attempt = refusing[name]?.begin(copy, other.port, false).catch(() => undefined);
  await Promise.race([attempt, setTimeout(LIMIT)]);
  // It was asked for one
  expect(other.plain()).toContain('database');
  expect(other.plain()).not.toContain(SECRET);
  await end();
});
