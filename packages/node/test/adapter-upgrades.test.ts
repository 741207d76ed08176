/** What a server, or somebody between, says in plain text before TLS is not heard by the library: its parser would take it for what comes inside TLS. */
import { Duplex, PassThrough, Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pki } from '@ferrule/conformance/pki';
import { createConnection } from 'mysql2';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { mysqlOverTls } from '../src/adapters/mysql2.ts';
import { TlsConnector } from '../src/duplex/index.ts';
import { SECRET, USES } from './adapter-uses.ts';
import { type Identity, record, type Recorder, type Talk } from './recorder.ts';

let honest: Identity;
let connector: TlsConnector;

beforeAll(async () => {
  const [root, leaf] = [await pki('root'), await pki('p256')];
  honest = { key: leaf.keyPem, cert: leaf.chainPem };
  connector = new TlsConnector({ ca: root.certificatePem });
});

let servers: Recorder[] = [];
afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  servers = [];
});

/** The server of a use, who says something else. */
async function serverFor(name: string, change: (talk: Talk) => Talk): Promise<Recorder> {
  const use = USES[name];
  if (use === undefined) throw new Error(`no use of ${name}`);
  const server = await record({ identity: honest, tls: use.tls, talk: () => change(use.talk(true)), until: SECRET });
  servers.push(server);
  return server;
}

describe('mysql2', () => {
  const packet = (sequence: number, ...payload: readonly number[]): Buffer => Buffer.from([payload.length, 0, 0, sequence, ...payload]);
  const ok = [0, 0, 0, 2, 0, 0, 0] as const;
  it.each<[string, Buffer]>([
    ['that the login succeeded', packet(2, ...ok)],
    ['the rows of a query', Buffer.concat([packet(2, ...ok), packet(1, 0, 0, 0, 2, 0, 0, 0)])],
    ['the beginning of a packet, to swallow the refusal', packet(2, ...ok).fill(27, 0, 1)],
    ['one byte', Buffer.of(7)],
  ])('is not told %s', async (_what, injected) => {
    const server = await serverFor('mysql2', (talk) => ({ ...talk, greeting: Buffer.concat([talk.greeting as Buffer, injected]) }));
    const connection = mysqlOverTls(createConnection({ host: 'localhost', port: server.port, user: 'x', password: SECRET, ssl: {} }), connector, 'localhost');
    const connected: unknown[] = [];
    connection.on('connect', () => connected.push('connect'));
    connection.on('error', () => undefined);
    await expect(new Promise((resolve, reject) => connection.query('SELECT 1', (error, rows) => (error ? reject(error) : resolve(rows))))).rejects.toMatchObject({ code: 'STARTTLS_INJECTION' });
    expect(connected).toEqual([]);
    expect(server.plain() + server.secret()).toBe('');
  });

  it('takes a greeting that comes byte by byte', async () => {
    const greeting = USES['mysql2']?.talk(true).greeting as Buffer;
    const plain = new PassThrough();
    const written: Buffer[] = [];
    const stream = Duplex.from({ readable: plain, writable: new Writable({ write: (chunk: Buffer, _encoding, callback) => void (written.push(chunk), callback()) }) });
    const connection = mysqlOverTls(createConnection({ stream, user: 'x', ssl: {} } as never), connector, 'localhost');
    connection.on('error', () => undefined);
    for (const byte of greeting) {
      plain.write(Buffer.of(byte));
      await nextTurn();
    }
    await expect.poll(() => Buffer.concat(written)[36], { timeout: 10_000 }).toBe(22);
    connection.destroy();
  });

  it('has no greeting without an end', async () => {
    const server = await serverFor('mysql2', () => ({ greeting: Buffer.of(255, 255, 255, 0, 10), answer: () => undefined }));
    const connection = mysqlOverTls(createConnection({ host: 'localhost', port: server.port, user: 'x', ssl: {} }), connector, 'localhost');
    await expect(new Promise((_resolve, reject) => connection.on('error', reject))).rejects.toMatchObject({ code: 'STARTTLS_MALFORMED' });
  });
});
