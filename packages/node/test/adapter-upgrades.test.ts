/**
 * What a server, or somebody between, says in plain text before TLS is not heard by the library: its parser would take
 * it for what comes inside TLS.
 */
import { Duplex, PassThrough, Writable } from 'node:stream';
import { setImmediate as nextTurn, setTimeout as after } from 'node:timers/promises';
import { pki } from '@ferrule/conformance/pki';
import { ImapFlow } from 'imapflow';
import { Client as LdapClient } from 'ldapts';
import { createConnection } from 'mysql2';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { imapflowOptions } from '../src/adapters/imapflow.ts';
import { ldapOptions } from '../src/adapters/ldapts.ts';
import { mysqlOverTls } from '../src/adapters/mysql2.ts';
import { natsConnect } from '../src/adapters/nats.ts';
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
async function serverFor(
  name: string,
  change: (talk: Talk) => Talk = (talk) => talk,
  until = SECRET,
): Promise<Recorder> {
  const use = USES[name];
  if (use === undefined) throw new Error(`no use of ${name}`);
  const server = await record({ identity: honest, tls: use.tls, talk: () => change(use.talk(true)), until });
  servers.push(server);
  return server;
}

describe('mysql2', () => {
  const packet = (sequence: number, ...payload: readonly number[]): Buffer =>
    Buffer.from([payload.length, 0, 0, sequence, ...payload]);
  const ok = [0, 0, 0, 2, 0, 0, 0] as const;
  it.each<[string, Buffer]>([
    ['that the login succeeded', packet(2, ...ok)],
    ['the rows of a query', Buffer.concat([packet(2, ...ok), packet(1, 0, 0, 0, 2, 0, 0, 0)])],
    ['the beginning of a packet, to swallow the refusal', packet(2, ...ok).fill(27, 0, 1)],
    ['one byte', Buffer.of(7)],
  ])('is not told %s', async (_what, injected) => {
    const server = await serverFor('mysql2', (talk) => ({
      ...talk,
      greeting: Buffer.concat([talk.greeting as Buffer, injected]),
    }));
    const connection = mysqlOverTls(
      createConnection({ host: 'localhost', port: server.port, user: 'x', password: SECRET, ssl: {} }),
      connector,
      'localhost',
    );
    const connected: unknown[] = [];
    connection.on('connect', () => connected.push('connect'));
    connection.on('error', () => undefined);
    await expect(
      new Promise((resolve, reject) =>
        connection.query('SELECT 1', (error, rows) => (error ? reject(error) : resolve(rows))),
      ),
    ).rejects.toMatchObject({ code: 'STARTTLS_INJECTION' });
    expect(connected).toEqual([]);
    expect(server.plain() + server.secret()).toBe('');
  });

  it('takes a greeting that comes byte by byte', async () => {
    const greeting = USES['mysql2']?.talk(true).greeting as Buffer;
    const plain = new PassThrough();
    const written: Buffer[] = [];
    const stream = Duplex.from({
      readable: plain,
      writable: new Writable({ write: (chunk: Buffer, _encoding, callback) => void (written.push(chunk), callback()) }),
    });
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
    const server = await serverFor('mysql2', () => ({
      greeting: Buffer.of(255, 255, 255, 0, 10),
      answer: () => undefined,
    }));
    const connection = mysqlOverTls(
      createConnection({ host: 'localhost', port: server.port, user: 'x', ssl: {} }),
      connector,
      'localhost',
    );
    await expect(new Promise((_resolve, reject) => connection.on('error', reject))).rejects.toMatchObject({
      code: 'STARTTLS_MALFORMED',
    });
  });
});

describe('ldapts', () => {
  const clientOf = (server: Recorder): LdapClient =>
    new LdapClient(ldapOptions(connector, { url: `ldap://localhost:${server.port}`, timeout: 5000 }));
  /**
   * BindResponse, success, to the message with this number; its diagnosticMessage is `longer` bytes, which are the next
   * ones.
   */
  const bound = (messageId: number, longer = 0): Uint8Array =>
    Uint8Array.of(
      0x30,
      0x0c + longer,
      0x02,
      0x01,
      messageId,
      0x61,
      0x07 + longer,
      0x0a,
      0x01,
      0x00,
      0x04,
      0x00,
      0x04,
      longer,
    );

  it.each<[string, Uint8Array]>([
    ['that the password is good', bound(2)],
    ['the beginning of that, to swallow the refusal', bound(2, 14)],
    ['one byte', Uint8Array.of(0x30)],
  ])('is not told %s', async (_what, injected) => {
    const server = await serverFor('ldapts, startTLS', ({ answer }) => ({
      answer: (received, inTls) => {
        const { send, startTlsAt } = answer(received, inTls) ?? {};
        return { ...(send !== undefined && { send: Buffer.concat([send as Uint8Array, injected]) }), startTlsAt };
      },
    }));
    const client = clientOf(server);
    await expect(client.startTLS().then(() => client.bind('cn=x', SECRET))).rejects.toMatchObject({
      code: 'STARTTLS_INJECTION',
    });
    expect(server.plain() + server.secret()).not.toContain(SECRET);
  });

  it.each<[string, (client: LdapClient) => Promise<unknown>]>([
    ['a password', (client) => client.bind('cn=x', SECRET)],
    ['a search', (client) => client.search('dc=x', { filter: `(cn=${SECRET})` })],
    ['what is compared', (client) => client.compare('cn=x', 'userPassword', SECRET)],
  ])('does not send %s in plain text while TLS begins', async (_what, use) => {
    // Says yes, and then nothing
    const server = await serverFor('ldapts, startTLS', ({ answer }) => ({
      answer: (received, inTls) => ({ ...answer(received, inTls), startTlsAt: undefined }),
    }));
    const client = clientOf(server);
    const begin = (work: Promise<unknown>): void => void work.catch(() => undefined);
    begin(client.startTLS());
    begin(use(client));
    await expect.poll(() => server.plain(), { timeout: 10_000 }).toContain('\x16\x03');
    begin(use(client));
    await after(100);
    expect(server.plain()).not.toContain(SECRET);
  });

  it('has one connection, whether or not it says startTLS(), and another after that', async () => {
    const server = await serverFor('ldapts, startTLS');
    const client = clientOf(server);
    await client.startTLS();
    expect(client.isConnected).toBe(true);
    await client.unbind();
    expect(client.isConnected).toBe(false);
    await expect(client.bind('cn=x', SECRET)).rejects.toThrow();
    expect(server.connections()).toBe(2);
    expect(server.secret()).toContain(SECRET);
  });
});

describe('imapflow', () => {
  it.each([
    ['that it is logged in', '* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] x\r\n2 OK done\r\n'],
    ['the beginning of a literal, to swallow the refusal', '* OK {40}\r\n'],
  ])('is not told %s', async (_what, injected) => {
    const server = await serverFor('imapflow, STARTTLS', ({ greeting, answer }) => ({
      greeting,
      answer: (received, inTls) => {
        const { send, startTlsAt } = answer(received, inTls) ?? {};
        return { send: `${String(send)}${startTlsAt === undefined ? '' : injected}`, startTlsAt };
      },
    }));
    const client = new ImapFlow(
      imapflowOptions(connector, {
        host: 'localhost',
        port: server.port,
        auth: { user: 'x', pass: SECRET },
        logger: false,
      }),
    );
    client.on('error', () => undefined);
    await expect(client.connect()).rejects.toMatchObject({ code: 'STARTTLS_INJECTION' });
    expect(server.plain() + server.secret()).not.toContain(SECRET);
  });
});

describe('nats', () => {
  const NEVER = 'never said';
  const gossip = (other: Recorder): string =>
    `INFO ${JSON.stringify({ server_id: 'x', version: '2.10.0', proto: 1, max_payload: 1_000_000, tls_required: true, ldm: true, connect_urls: [`localhost:${other.port}`] })}\r\n`;

  it.each([
    ['does not go to servers that INFO names in plain text', false],
    ['goes to servers that INFO names inside TLS', true],
  ])('%s', async (_what, inTls) => {
    const other = await serverFor('nats', undefined, NEVER);
    const server = await serverFor(
      'nats',
      (talk) => ({
        ...talk,
        ...(!inTls && { greeting: gossip(other) }),
        answer: (received) => ({ send: `${received.includes('PING') ? 'PONG\r\n' : ''}${inTls ? gossip(other) : ''}` }),
      }),
      NEVER,
    );
    const connection = await natsConnect(connector, {
      servers: `localhost:${server.port}`,
      user: 'x',
      pass: SECRET,
      maxReconnectAttempts: 3,
      reconnectTimeWait: 1,
    });
    expect(server.secret()).toContain(SECRET);
    await connection.flush();
    servers = servers.filter((each) => each !== server);
    await server.close();
    if (inTls) await expect.poll(() => other.secret(), { timeout: 10_000 }).toContain(SECRET);
    else expect(await connection.closed()).toBeInstanceOf(Error);
    expect(other.connections()).toBe(inTls ? 1 : 0);
    await connection.close();
  });

  it('is told what it needs to speak to the server, and no more', async () => {
    const info = {
      server_id: 'x',
      version: '2.10.0',
      proto: 1,
      max_payload: 77,
      headers: true,
      nonce: 'abc',
      tls_available: true,
    };
    const server = await serverFor(
      'nats',
      (talk) => ({
        ...talk,
        greeting: `INFO ${JSON.stringify({ ...info, client_ip: '1.2.3.4', host: 'evil.test', ldm: true })}\r\n`,
      }),
      NEVER,
    );
    const connection = await natsConnect(connector, { servers: `localhost:${server.port}` });
    expect(connection.info).toEqual(info);
    await connection.close();
  });
});
