/**
 * Options that are set for one use, beside those of an adapter: none leads around the connector, or counts in place of
 * it. Node itself trusts the server here, so that what goes around would arrive.
 */
import https from 'node:https';
import tls from 'node:tls';
import { pki } from '@ferrule/conformance/pki';
import { httpProxy, type TestProxy } from '@ferrule/conformance/server';
import { ImapFlow } from 'imapflow';
import { createTransport } from 'nodemailer';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { TlsAgent } from '../src/adapters/https.ts';
import { imapflowOptions } from '../src/adapters/imapflow.ts';
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
  // it trusts nobody: a server that hears the secret was reached without it
  connector = new TlsConnector({ trustAnchors: [(await pki('selfSigned')).certificate] });
  const connect = tls.connect.bind(tls) as (options: tls.ConnectionOptions, listener?: () => void) => tls.TLSSocket;
  vi.spyOn(tls, 'connect').mockImplementation(((options: tls.ConnectionOptions, listener?: () => void) =>
    connect({ ...options, ca }, listener)) as typeof tls.connect);
  proxy = await httpProxy(() => server?.port ?? { refusal: 500 });
});
afterEach(async () => {
  vi.restoreAllMocks();
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
  ['a way of its own', /self-signed|issuer/i, { createConnection: (options: object) => tls.connect(options) }],
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
