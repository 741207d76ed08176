/**
 * Options that are set for one use, beside those of an adapter: none leads around the connector, or counts in place of
 * it. Node itself trusts the server here, so that what goes around would arrive.
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { promisify } from 'node:util';
import { pki } from '@ferrule/conformance/pki';
import { httpProxy, type TestProxy } from '@ferrule/conformance/server';
import axios, { type AxiosInstance } from 'axios';
import got, { type OptionsInit } from 'got';
import { ImapFlow, type ImapFlowOptions } from 'imapflow';
import { Client as LdapClient } from 'ldapts';
import { createTransport } from 'nodemailer';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { axiosOverTls } from '../src/adapters/axios.ts';
import { gotOptions } from '../src/adapters/got.ts';
import { TlsAgent } from '../src/adapters/https.ts';
import { imapflowOptions, imapflowTransport } from '../src/adapters/imapflow.ts';
import { ldapOptions } from '../src/adapters/ldapts.ts';
import { pgConfig } from '../src/adapters/pg.ts';
import { nodemailerOptions } from '../src/adapters/nodemailer.ts';
import { wsOptions } from '../src/adapters/ws.ts';
import { TlsConnector } from '../src/duplex/index.ts';
import { SECRET, USES } from './adapter-uses.ts';
import { record, type Recorder } from './recorder.ts';

let connector: TlsConnector;
let server: Recorder | undefined;
let proxy: TestProxy;

beforeEach(async () => {
  const ca = (await pki('root')).certificatePem;
  // It trusts nobody: a server that hears the secret was reached without it
  connector = new TlsConnector({ trustAnchors: [(await pki('selfSigned')).certificate] });
  const connect = tls.connect.bind(tls) as (options: tls.ConnectionOptions, listener?: () => void) => tls.TLSSocket;
  vi.spyOn(tls, 'connect').mockImplementation(((options: tls.ConnectionOptions, listener?: () => void) =>
    connect({ ...options, ca }, listener)) as typeof tls.connect);
  proxy = await httpProxy(() => server?.port ?? { refusal: 500 });
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  proxy.close();
  await server?.close();
});

async function serverFor(name: string): Promise<number> {
  const use = USES[name];
  if (use === undefined) throw new Error(`no use of ${name}`);
  const leaf = await pki('p256');
  server = await record({
    identity: { key: leaf.keyPem, cert: leaf.chainPem },
    tls: use.tls,
    talk: (offers) => use.talk(offers),
    until: SECRET,
  });
  return server.port;
}
const heard = (): string => `${server?.secret()}${server?.plain()}`;
const auth = { user: 'x', pass: SECRET };

it('nodemailer, proxy', async () => {
  const port = await serverFor('nodemailer');
  const ours = nodemailerOptions(connector, { host: 'localhost', port, auth });
  const transport = createTransport({ ...ours, proxy: `http://127.0.0.1:${proxy.port}` });
  await expect(transport.verify()).rejects.toThrow(/nodemailerOptions: the connector was not asked/);
  expect(heard()).not.toContain(SECRET);
});

const oauth2 = { type: 'OAuth2', user: 'x' };
it.each<[string, object, (token: object) => object, (token: object) => object]>([
  ['beside one of the options', { auth: oauth2 }, () => ({}), (auth) => ({ auth })],
  ['without one in the options', {}, () => ({}), (auth) => ({ auth })],
  ['among the defaults', {}, (auth) => ({ auth }), () => ({})],
  ['in a pool', { pool: true, auth: oauth2 }, () => ({}), (auth) => ({ auth })],
])("nodemailer, a message's own OAuth2, %s", async (_where, options, defaults, message) => {
  const asked: string[] = [];
  const token = createServer((request, response) => {
    request.on('data', (bytes: Buffer) => asked.push(bytes.toString())).on('end', () => response.end('{}'));
  }).listen(0, '127.0.0.1');
  await once(token, 'listening');
  const accessUrl = `http://127.0.0.1:${(token.address() as AddressInfo).port}/`;
  const trusting = new TlsConnector({ ca: (await pki('root')).certificatePem });
  const port = await serverFor('nodemailer');
  const ours = nodemailerOptions(trusting, {
    host: 'localhost',
    port,
    forceAuth: true,
    ...options,
  });
  const auth = { ...oauth2, refreshToken: SECRET, clientId: 'x', clientSecret: SECRET, accessUrl };
  const transport = createTransport(ours as object, defaults(auth) as object);
  await expect(
    transport.sendMail({ from: 'a@x.test', to: 'b@x.test', text: 'x', ...message(auth) } as object),
  ).rejects.toThrow(/accessToken or provisionCallback/);
  token.close();
  expect(asked).toEqual([]);
});

it('imapflow, proxy', async () => {
  const port = await serverFor('imapflow');
  const ours = imapflowOptions(connector, { host: 'localhost', port, secure: true, auth, logger: false });
  const client = new ImapFlow({ ...ours, proxy: `http://127.0.0.1:${proxy.port}` });
  client.on('error', () => undefined);
  await expect(client.connect()).rejects.toThrow(/proxy/);
  expect(heard()).toBe('');
});

it.each<[string, RegExp, object]>([
  ['rejectUnauthorized: false', /TlsAgent: rejectUnauthorized/, { rejectUnauthorized: false }],
  ['a way of its own', /not a trust anchor/, { createConnection: (options: object) => tls.connect(options) }],
])('ws, and a request of node:https, %s', async (_name, message, beside) => {
  const port = await serverFor('ws');
  const headers = { authorization: SECRET };
  await expect(
    new Promise((resolve, reject) => {
      const options = { ...wsOptions(connector, { headers }), ...beside };
      new WebSocket(`wss://localhost:${port}/`, options).once('open', resolve).once('error', reject);
    }),
  ).rejects.toThrow(message);
  await expect(
    new Promise((resolve, reject) => {
      const options = { agent: new TlsAgent(connector), headers, ...beside };
      https.get(`https://localhost:${port}/`, options, resolve).once('error', reject);
    }),
  ).rejects.toThrow(message);
  expect(heard()).not.toContain(SECRET);
});

it.each<[string, () => object]>([
  ['no agent', () => ({ agent: undefined })],
  ['another agent', () => ({ agent: new https.Agent() })],
  [
    'another agent that takes any server',
    () => ({ agent: new https.Agent({ rejectUnauthorized: false }), rejectUnauthorized: false }),
  ],
])('ws, %s', async (_name, beside) => {
  const port = await serverFor('ws');
  const headers = { authorization: SECRET };
  await expect(
    new Promise((resolve, reject) => {
      const options = { ...wsOptions(connector, { headers }), ...beside() };
      new WebSocket(`wss://localhost:${port}/`, options).once('open', resolve).once('error', reject);
    }),
  ).rejects.toThrow(/wsOptions: the connector was not asked/);
  expect(heard()).not.toContain(SECRET);
});

/** Where a version of axios has no such way, or null is taken for not given, the connector is asked, and refuses. */
const REFUSED = /not a trust anchor/;

const another = (): https.Agent => new https.Agent();
const axiosWays: readonly (readonly [string, () => object, RegExp])[] = [
  ['HTTP/2', () => ({ httpVersion: 2 }), /httpVersion/],
  ['HTTP/2 with options of its own', () => ({ httpVersion: 2, http2Options: null }), /httpVersion/],
  ['fetch', () => ({ adapter: 'fetch' }), /adapter/],
  ['fetch with an environment of its own', () => ({ adapter: ['fetch'], env: { fetch: undefined } }), /adapter/],
  ['an adapter of its own', () => ({ adapter: () => Promise.resolve({ data: 'no' }) }), /adapter/],
  ['a transport', () => ({ transport: https }), /transport/],
  ['lookup', () => ({ lookup: () => ['127.0.0.1', 4] }), /lookup/],
  ['proxy', () => ({ proxy: { protocol: 'http', host: '127.0.0.1', port: proxy.port } }), /proxy/],
  ['another agent', () => ({ httpsAgent: another() }), /httpsAgent/],
  ['another agent for http:', () => ({ httpAgent: another() }), /httpAgent/],
  ['no agents', () => ({ httpsAgent: null, httpAgent: false, proxy: null, adapter: null, env: null }), REFUSED],
];
describe.each<[string, () => AxiosInstance]>([
  ['axiosOverTls()', () => axiosOverTls(axios.create({ headers: { authorization: SECRET } }), connector)],
  [
    'axiosOverTls(), an instance of an instance,',
    () => axiosOverTls(axios.create(), connector).create({ headers: { authorization: SECRET } }),
  ],
])('%s', (_name, make) => {
  it.each(axiosWays)('%s', async (_way, beside, message) => {
    const port = await serverFor('axios');
    await expect(make().get(`https://localhost:${port}/`, beside())).rejects.toThrow(message);
    expect(heard()).toBe('');
  });

  it('a proxy of the environment, and a default that is taken away', async () => {
    const port = await serverFor('axios');
    for (const name of ['no_proxy', 'NO_PROXY']) vi.stubEnv(name, '');
    vi.stubEnv('HTTPS_PROXY', `http://127.0.0.1:${proxy.port}`);
    const instance = make();
    Object.assign(instance.defaults, { proxy: undefined, httpsAgent: undefined });
    await expect(instance.get(`https://localhost:${port}/`)).rejects.toThrow(REFUSED);
    expect(heard()).toBe('');
  });

  const led = (config: object): object => Object.assign(config, { httpsAgent: another() });
  it.each<[string, () => AxiosInstance, object]>([
    ['behind', () => make(), {}],
    ['in the other order', () => make(), { transitional: { legacyInterceptorReqResOrdering: false } }],
    [
      'in place of all that are there',
      () => {
        const instance = make();
        instance.interceptors.request.clear();
        return instance;
      },
      {},
    ],
  ])('an interceptor, %s', async (_where, instance, beside) => {
    const port = await serverFor('axios');
    const made = instance();
    made.interceptors.request.use(led as never);
    // axios 1.2 throws for an option that it does not know yet
    const attempt = async (): Promise<unknown> => made.get(`https://localhost:${port}/`, beside);
    await expect(attempt()).rejects.toThrow(/httpsAgent|Unknown option/);
    expect(heard()).toBe('');
  });

  it('an adapter that is put on the instance, as axios-mock-adapter does', async () => {
    const instance = make();
    instance.defaults.adapter = () => Promise.reject(new Error('the mock was asked'));
    await expect(instance.get('https://localhost/')).rejects.toThrow(/mocks axios needs an instance without/);
  });

  it('agents taken off before a redirect', async () => {
    const leaf = await pki('p256');
    const leading = https
      .createServer({ key: leaf.keyPem, cert: leaf.chainPem }, (_request, response) => {
        response.writeHead(307, { location: `https://localhost:${port}/` }).end();
      })
      .listen(0, '127.0.0.1');
    await once(leading, 'listening');
    const port = await serverFor('axios');
    const refusing = connector;
    // The redirect is refused before a second server is asked
    let asked = 0;
    connector = new TlsConnector({ verify: () => asked++ === 0 });
    const from = `https://localhost:${(leading.address() as AddressInfo).port}/`;
    const beforeRedirect = (options: Record<string, unknown>): void =>
      void Object.assign(options, { agents: {}, agent: undefined });
    await expect(make().get(from, { beforeRedirect })).rejects.toThrow(/agents would lead around/);
    connector = refusing;
    leading.close();
    expect(asked).toBe(1);
    expect(heard()).not.toContain(SECRET);
  });
});

it('axiosOverTls(), an interceptor that the instance has already, as axios-cookiejar-support puts one there', async () => {
  const port = await serverFor('axios');
  const instance = axios.create({ headers: { authorization: SECRET } });
  instance.interceptors.request.use((config) => Object.assign(config, { httpsAgent: another() }));
  await expect(axiosOverTls(instance, connector).get(`https://localhost:${port}/`)).rejects.toThrow(/httpsAgent/);
  expect(heard()).toBe('');
});

const hooked = (beside: object): OptionsInit => ({
  hooks: { beforeRequest: [(options) => void Object.assign(options, beside)] },
});
it.each<[string, OptionsInit, RegExp]>([
  ['another agent by a hook', hooked({ agent: { https: another() } }), /agent/],
  ['a request of its own by a hook', hooked({ request: https.request }), /request/],
  ['http2 by a hook', hooked({ http2: true }), /http2/],
  ['http2', { http2: true }, /http2/],
  ['a session', { h2session: {} as never }, /h2session/],
  ['another agent', { agent: { https: new https.Agent() } }, /agent/],
  ['a request of its own', { request: https.request as never }, /request/],
  ['a connection of its own', { createConnection: (() => undefined) as never }, /createConnection/],
  ['lookup', { dnsLookup: (() => undefined) as never }, /lookup/],
])('an instance of got with gotOptions(), %s', async (_name, beside, message) => {
  const port = await serverFor('got');
  const instance = got.extend(gotOptions(connector, { headers: { authorization: SECRET }, retry: { limit: 0 } }));
  await expect(instance(`https://localhost:${port}/`, beside)).rejects.toThrow(message);
  expect(heard()).toBe('');
});

it('pg.native, which has sockets of its own, is told nothing with which it could connect to anybody', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ferrule-native-'));
  mkdirSync(join(folder, 'pg-native'));
  writeFileSync(
    join(folder, 'pg-native/index.js'),
    'module.exports = class { connect(to, done) { done(new Error(`told: ${to}`)); } end() {} };',
  );
  const config = pgConfig(connector, { host: '127.0.0.1', user: 'x', password: SECRET });
  const program =
    'new (require("pg").Client)(JSON.parse(process.argv[1])).on("error", () => {}).connect((error) => console.log(error.message))';
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', program, JSON.stringify(config)], {
    cwd: import.meta.dirname,
    env: { ...process.env, NODE_PATH: folder, NODE_PG_FORCE_NATIVE: '1' },
  });
  // libpq takes what has no `=` and no scheme for no connection string
  expect(stdout).toMatch(/^told: pgConfig:[^=/?#]+$/);
  rmSync(folder, { recursive: true });
});

describe('a name beside the host is the one that the certificate must have:', () => {
  const OTHER = 'other.test';
  const trusting = async (): Promise<TlsConnector> => new TlsConnector({ ca: (await pki('root')).certificatePem });

  it.each<[string, string, (connector: TlsConnector, port: number) => Promise<unknown>]>([
    [
      'imapflow, tls.servername',
      'imapflow',
      (trusting, port) => login(imapflowOptions(trusting, { ...imap(port), tls: { servername: OTHER } })),
    ],
    [
      'imapflow, tls.servername beside',
      'imapflow',
      (trusting, port) => login({ ...imapflowOptions(trusting, imap(port)), tls: { servername: OTHER } }),
    ],
    [
      'ldapts, tlsOptions.servername',
      'ldapts, ldaps',
      (trusting, port) =>
        new LdapClient(
          ldapOptions(trusting, { url: `ldaps://localhost:${port}`, tlsOptions: { servername: OTHER } }),
        ).bind('cn=x', SECRET),
    ],
  ])('%s', async (_name, use, connect) => {
    const port = await serverFor(use);
    await expect(connect(await trusting(), port)).rejects.toThrow(/name|host/i);
    expect(heard()).not.toContain(SECRET);
  });

  it.each<[string, string, (connector: TlsConnector, port: number) => Promise<unknown>]>([
    [
      'imapflow',
      'imapflow',
      (trusting, port) => login({ ...imapflowOptions(trusting, imap(port)), tls: { rejectUnauthorized: false } }),
    ],
    [
      'imapflow, its transport alone',
      'imapflow',
      (trusting, port) =>
        login({ ...imap(port), transport: imapflowTransport(trusting), tls: { rejectUnauthorized: false } }),
    ],
    [
      'ldapts',
      'ldapts, ldaps',
      (trusting, port) =>
        new LdapClient({
          ...ldapOptions(trusting, { url: `ldaps://localhost:${port}` }),
          url: `ldaps://localhost:${port}`,
          tlsOptions: { rejectUnauthorized: false },
        }).bind('cn=x', SECRET),
    ],
  ])('and rejectUnauthorized: false is refused, set beside: %s', async (_name, use, connect) => {
    const port = await serverFor(use);
    await expect(connect(await trusting(), port)).rejects.toThrow(/rejectUnauthorized: false is not used here/);
    expect(heard()).toBe('');
  });
});

const imap = (port: number): ImapFlowOptions => ({ host: 'localhost', port, secure: true, auth, logger: false });
function login(options: ImapFlowOptions): Promise<unknown> {
  const client = new ImapFlow(options);
  client.on('error', () => undefined);
  return client.connect();
}
