/** Each program of the migration guide, against a server that it must accept and one that it must refuse. */
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import nodeTls from 'node:tls';
import type { Duplex } from 'node:stream';
import { pki } from '@ferrule/conformance/pki';
import { fetch as undiciFetch } from 'undici';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { client as axiosClient } from '../examples/migrating/axios.ts';
import { connect as connectWithCa } from '../examples/migrating/company-ca.ts';
import { connect as connectMutually } from '../examples/migrating/mutual-tls.ts';
import { pool } from '../examples/migrating/pg.ts';
import { connect as connectPinned } from '../examples/migrating/pinning.ts';
import { agentThrough } from '../examples/migrating/proxy.ts';
import { dispatcher } from '../examples/migrating/undici.ts';
import { SECRET, USES } from './adapter-uses.ts';
import { type Identity, record, type Recorder } from './recorder.ts';

const folder = mkdtempSync(join(tmpdir(), 'ferrule-migrating-'));
let ca: string;
let caFile: string;
let honest: Identity;
let impostor: Identity;
let pin: string;

beforeAll(async () => {
  const [root, leaf, stranger] = [await pki('root'), await pki('p256'), await pki('selfSigned')];
  ca = root.certificatePem;
  caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, ca);
  honest = { key: leaf.keyPem, cert: leaf.chainPem };
  impostor = { key: stranger.keyPem, cert: stranger.chainPem };
  const spki = new X509Certificate(leaf.chainPem).publicKey.export({ type: 'spki', format: 'der' });
  pin = createHash('sha256').update(spki).digest('base64');
});
afterAll(() => rmSync(folder, { recursive: true }));

let closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing) await close();
  closing = [];
});

async function server(identity: Identity, use = 'https.Agent'): Promise<Recorder> {
  const made = await record({
    identity,
    tls: USES[use]?.tls ?? 'at once',
    talk: (offers) => USES[use]?.talk(offers) ?? { answer: () => undefined },
    until: SECRET,
  });
  closing.push(() => made.close());
  return made;
}

/** A proxy for CONNECT that counts what it leads on. */
async function proxy(): Promise<{ readonly url: string; asked: number }> {
  const made = { url: '', asked: 0 };
  const listening = http.createServer().listen(0, '127.0.0.1');
  listening.on('connect', ({ url = '' }: http.IncomingMessage, socket: Duplex) => {
    made.asked++;
    const onward = net.connect(Number(url.split(':').at(-1)), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    for (const each of [onward, socket]) each.on('error', () => (onward.destroy(), socket.destroy()));
  });
  await once(listening, 'listening');
  made.url = `http://127.0.0.1:${(listening.address() as net.AddressInfo).port}`;
  closing.push(() => listening.close());
  return made;
}

const told = (socket: Duplex): Promise<unknown> =>
  new Promise((resolve) => socket.on('error', resolve).on('close', resolve).end(SECRET));

describe.each<[string, string, (port: number) => Promise<unknown>]>([
  ['company-ca', 'https.Agent', (port) => told(connectWithCa('localhost', port, caFile))],
  ['pinning', 'https.Agent', (port) => told(connectPinned('localhost', port, ca, pin))],
  ['axios', 'axios', (port) => axiosClient(`https://localhost:${port}`, ca).post('/', SECRET)],
  [
    'undici',
    'undici',
    (port) => undiciFetch(`https://localhost:${port}/`, { method: 'POST', body: SECRET, dispatcher: dispatcher(ca) }),
  ],
  ['pg', 'pg', (port) => pool(`postgres://${SECRET}:x@localhost:${port}/x?sslmode=require`, ca).connect()],
])('%s', (_name, use, run) => {
  it('tells its secret to the right server', async () => {
    const right = await server(honest, use);
    await run(right.port).catch(() => undefined);
    expect(right.secret()).toContain(SECRET);
  });
  it('tells an impostor nothing', async () => {
    const wrong = await server(impostor, use);
    await run(wrong.port).catch(() => undefined);
    expect(wrong.connections()).toBeGreaterThan(0);
    expect(wrong.secret()).toBe('');
  });
});

it('pinning refuses another key of the same name from the same CA', async () => {
  const right = await server(honest);
  const other = createHash('sha256').update('another').digest('base64');
  const refusal = await told(connectPinned('localhost', right.port, ca, other));
  expect(refusal).toMatchObject({ message: expect.stringContaining('pinned') as unknown });
  expect(right.secret()).toBe('');
});

it('proxy leads through the proxy, and an impostor behind it learns nothing', async () => {
  for (const identity of [honest, impostor]) {
    const [far, way] = [await server(identity), await proxy()];
    const request = https.request({ host: 'localhost', port: far.port, agent: agentThrough(way.url, ca) });
    const over = new Promise((resolve) => request.on('error', resolve).on('close', resolve));
    request.end(SECRET);
    await over;
    expect(way.asked).toBe(1);
    expect(far.secret().includes(SECRET)).toBe(identity === honest);
  }
});

it('mutual-tls shows its certificate to the right server, and an impostor nothing', async () => {
  const files = { ca: caFile, cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  writeFileSync(files.cert, honest.cert);
  writeFileSync(files.key, honest.key);
  for (const identity of [honest, impostor]) {
    const seen: boolean[] = [];
    const asking = nodeTls
      .createServer({ ...identity, ca, requestCert: true, rejectUnauthorized: false }, (socket) => {
        seen.push(socket.getPeerX509Certificate() !== undefined);
        socket.on('error', () => undefined).end();
      })
      .listen(0, '127.0.0.1');
    await once(asking, 'listening');
    await told(connectMutually('localhost', (asking.address() as net.AddressInfo).port, files));
    expect(seen).toEqual(identity === honest ? [true] : []);
    asking.close();
  }
});
