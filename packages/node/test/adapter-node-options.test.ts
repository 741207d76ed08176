/** Options of Node's clients that an adapter does not use: it says so, and takes null for nothing given. */
import axios from 'axios';
import { describe, expect, it } from 'vitest';
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
import { NODE_OPTIONS } from '../src/adapters/node-options.ts';
import { nodemailerOptions } from '../src/adapters/nodemailer.ts';
import { pgConfig } from '../src/adapters/pg.ts';
import { postgresOptions } from '../src/adapters/postgres.ts';
import { undiciConnect } from '../src/adapters/undici.ts';
import { wsOptions } from '../src/adapters/ws.ts';
import { TlsConnector } from '../src/duplex/index.ts';
import { TLS_OPTIONS } from '../src/tls/options.ts';

const connector = new TlsConnector();
const imap = { host: 'x', port: 1, auth: { user: 'x' } };
const transport = imapflowTransport(connector);

/** Where each library takes options of Node's; those of nats are refused by a promise. */
const PLACES: Readonly<Record<string, (options: object | null) => unknown>> = {
  TlsAgent: (options) => new TlsAgent(connector, options ?? undefined),
  axios: (options) => axiosOverTls(axios.create({ ...options }), connector),
  got: (options) => gotOptions(connector, { ...options }),
  http2: (options) => http2Options(new TlsConnector({ alpn: ['h2'] }), { ...options }),
  ws: (options) => wsOptions(connector, { ...options }),
  pg: (options) => pgConfig(connector, { host: 'x', ...options }),
  postgres: (options) => postgresOptions(connector, { ...options }),
  ioredis: (options) => ioredisOptions(connector, { ...options }),
  nodemailer: (options) => nodemailerOptions(connector, { ...options }),
  imapflow: (options) => imapflowOptions(connector, { ...imap, ...options }),
  ldapts: (options) => ldapOptions(connector, { url: 'ldap://x', ...options }),
  nats: (options) => natsConnect(connector, { servers: 'localhost:1', reconnect: false, ...options }),
};
/** Objects of options for node:tls alone. */
const WITHIN: Readonly<Record<string, (tls: object | null) => unknown>> = {
  ioredis: (tls) => ioredisOptions(connector, { tls } as object),
  nodemailer: (tls) => nodemailerOptions(connector, { tls }),
  imapflow: (tls) => imapflowOptions(connector, { ...imap, tls } as never),
  'imapflow, its transport': (tls) => transport.connect({ ...imap, tls, secure: true } as never, () => undefined),
  kafkajs: (ssl) => kafkaSocketFactory(connector)({ host: 'x', port: 1, ssl, onConnect: () => undefined } as never),
  ldapts: (tlsOptions) => ldapOptions(connector, { url: 'ldap://x', tlsOptions } as never),
  nats: (tls) => natsConnect(connector, { servers: 'localhost:1', reconnect: false, tls } as never),
};

const named = (...parts: readonly string[]): readonly string[] =>
  Object.keys(NODE_OPTIONS).filter((name) => parts.includes(NODE_OPTIONS[name] ?? ''));

/** None of them is what it says anyway. */
const given = (name: string): object => ({
  [name]: name === 'rejectUnauthorized' || name === 'autoSelectFamily' ? false : 'x',
});

/** Those that are not refused by a TypeError that names them. */
async function passedOver(names: readonly string[], make: (options: object) => unknown): Promise<readonly string[]> {
  const passed: string[] = [];
  for (const name of names) {
    const [outcome] = await Promise.allSettled([(async (): Promise<unknown> => make(given(name)))()]);
    const reason: unknown = outcome.status === 'rejected' ? outcome.reason : undefined;
    if (!(reason instanceof TypeError && reason.message.includes(name))) passed.push(name);
  }
  return passed;
}

describe.each(Object.entries(PLACES))('%s', (_library, make) => {
  it('refuses each option by name that is the connector’s or another way', async () => {
    expect(await passedOver(named('connector', 'way'), make)).toEqual([]);
  });

  if (make !== PLACES['nats'])
    it('takes null for not given', () => {
      expect(() => make({ ca: null, lookup: null })).not.toThrow();
    });
});

describe.each(Object.entries(WITHIN))('in the options for TLS of %s', (library, make) => {
  it('each is refused by name that is the connector’s, another way or another place', async () => {
    expect(await passedOver(named('connector', 'way', 'place'), make)).toEqual([]);
  });

  // To nats null says that there is to be no TLS
  if (library !== 'nats')
    it('null is taken for none', () => {
      const made = make(null) as { destroy?(): void; on?(event: string, heard: () => void): unknown };
      expect(made).toBeTypeOf('object');
      made.on?.('error', () => undefined);
      made.destroy?.();
    });
});

/** Each with the options as they come. */
const FROM: Readonly<Record<string, (connector: never, options: never) => unknown>> = {
  TlsAgent: (connector, options) => new TlsAgent(connector, options).options,
  got: gotOptions,
  http2: (_connector, options) => http2Options(new TlsConnector({ alpn: ['h2'] }), options),
  ws: wsOptions,
  pg: pgConfig,
  postgres: postgresOptions,
  ioredis: ioredisOptions,
  nodemailer: nodemailerOptions,
  imapflow: imapflowOptions,
  ldapts: ldapOptions,
};

describe.each(Object.entries(FROM))('%s', (library, make) => {
  it('has the options of an object of a class', () => {
    class Base {
      get host(): string {
        return 'db.example';
      }
    }
    class Config extends Base {
      readonly url = 'ldap://db.example';
      get timeout(): number {
        return 5;
      }
    }
    const { url: _url, ...rest } = new Config();
    expect(rest).toEqual({});
    // Those of nodemailer and ldapts have a URL, and a host
    const options = library === 'ldapts' ? new Config() : Object.create(Config.prototype);
    expect(make(connector as never, options as never)).toMatchObject({ host: 'db.example', timeout: 5 });
  });

  it('takes null for no options, and refuses what holds none', () => {
    const outcome = (options: unknown): string => {
      try {
        make(connector as never, options as never);
        return 'made';
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(outcome(null)).toMatch(/^(made|pgConfig: servername or host is needed|ldapOptions: url is needed)/);
    expect(outcome('x')).toMatch(/must be an object/);
  });
});

it.each<[string, (connector: never, options: never) => unknown]>([
  ...Object.entries(FROM).filter(([library]) => library !== 'http2'),
  ['http2', http2Options],
  ['axios', (connector) => axiosOverTls(axios.create(), connector)],
  ['mqtt', (connector) => mqttStream(connector, { host: 'x' })],
  ['undici', undiciConnect],
  ['kafkajs', kafkaSocketFactory],
  ['imapflow, its transport', imapflowTransport],
  ['grpc', (connector) => grpcCredentials(connector, { servername: 'x' })],
  ['mysql2', (connector) => mysqlOverTls({}, connector, 'x')],
])('%s refuses what is not a connector', (_library, make) => {
  for (const wrong of [undefined, {}, { alpn: [] }])
    expect(() => make(wrong as never, {} as never)).toThrow(/connector is missing/);
});

it('every option of our node:tls is in the table', () => {
  const known = Object.keys(TLS_OPTIONS).filter((name) => TLS_OPTIONS[name]?.of !== 'ferrule');
  expect(known.filter((name) => NODE_OPTIONS[name] === undefined)).toEqual([]);
});
