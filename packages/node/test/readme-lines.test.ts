/** Each line of the README that names a client library is used, with a pin that must refuse and one that must not. */
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { pki } from '@ferrule/conformance/pki';
import { createClient } from 'redis';
import { expect, it } from 'vitest';
import { setAndGet } from '../examples/tunnel.ts';
import { TlsConnector, tunnel } from '../src/duplex/index.ts';
import { SECRET, type Use, USES } from './adapter-uses.ts';
import { record } from './recorder.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** The library's side of a connection through the door. */
const throughTunnel: Use = {
  tls: 'at once',
  talk: () => USES['ioredis']?.talk(true) ?? { answer: () => undefined },
  begin(connector, port) {
    const over = async (): Promise<void> => {
      const door = await tunnel(connector, { host: 'localhost', port });
      const client = createClient({
        socket: { port: (door.address as { readonly port: number }).port, host: '127.0.0.1', reconnectStrategy: false },
        password: SECRET,
        RESP: 2,
      });
      try {
        client.on('error', () => undefined);
        await client.connect();
      } finally {
        if (client.isOpen) client.destroy();
        await door.close();
      }
    };
    return { over: over() };
  },
};

/** By the README's text: the uses that are of this line, or the line is not known here. */
const LINES: Readonly<Record<string, readonly string[]>> = {
  '`{ agent: new TlsAgent(connector) }` from `adapters/https`': ['https.Agent', 'node-fetch'],
  '`axiosOverTls(axios.create({ baseURL }), connector)`': ['axios'],
  '`got.extend(gotOptions(connector, { prefixUrl }))`': ['got'],
  "with `new TlsConnector({ alpn: ['h2'] })`: `http2Connect(connector, url)`; `http2.connect(url, http2Options(connector))` for libraries that call it themselves":
    ['http2', 'http2, a library that calls http2.connect()'],
  '`new Agent({ connect: undiciConnect(connector) })`; `setGlobalDispatcher(agent)`': ['undici', 'global fetch'],
  '`new WebSocket(url, wsOptions(connector, { headers }))`': ['ws'],
  '`new pg.Pool(pgConfig(connector, { host, user, password }))`': ['pg', 'pg, a URL with sslmode'],
  '`postgres(postgresOptions(connector, { host, user, password }))`': ['postgres'],
  '`mysqlOverTls(createConnection({ …, ssl: {} }), connector, servername)`': ['mysql2', 'mysql2, a pool with promises'],
  '`new Redis(ioredisOptions(connector, { host, port, password }))`': ['ioredis'],
  '`new MqttClient(mqttStream(connector, { host, port }), options)`': ['mqtt'],
  '`createTransport(nodemailerOptions(connector, { host, auth, starttls }))`': [
    'nodemailer',
    'nodemailer, STARTTLS',
    'nodemailer, LMTP',
  ],
  '`new ImapFlow(imapflowOptions(connector, { host, port, secure, auth }))`': ['imapflow', 'imapflow, STARTTLS'],
  '`new Kafka({ …, ssl: true, socketFactory: kafkaSocketFactory(connector) })`': ['kafkajs'],
  '`natsConnect(connector, { servers, user, pass })`': ['nats'],
  '`new Client(ldapOptions(connector, { url }))`, also for `startTLS()`': ['ldapts, ldaps', 'ldapts, startTLS'],
  '`new Client(target, grpcCredentials(connector, { servername }))`': ['grpc'],
};

const table = /\| library \| line \|\n\|---\|---\|\n((?:\|.*\|\n)+)/.exec(readme)?.[1] ?? '';
const lines = table
  .trim()
  .split('\n')
  .map((row) => row.split('|').map((cell) => cell.trim()))
  .map(([, library = '', line = '']) => ({ library, line }));

it('every line of the README’s table has its uses here, and every use its line', () => {
  expect(lines.map(({ line }) => line)).toEqual(Object.keys(LINES));
  expect(Object.values(LINES).flat().toSorted()).toEqual(Object.keys(USES).toSorted());
});

it('every library of the table is a peer or a development dependency, or Node’s', () => {
  const { peerDependencies, devDependencies } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  ) as Record<string, Record<string, string>>;
  const known = new Set([
    ...Object.keys({ ...peerDependencies, ...devDependencies }),
    'https.request',
    'http2',
    'global fetch',
    'nats',
  ]);
  const named = lines.flatMap(({ library }) =>
    library.replaceAll('`', '').replace(', with SCRAM-SHA-256-PLUS', '').split(', '),
  );
  expect(named.filter((name) => !known.has(name))).toEqual([]);
});

const uses = [
  ...lines.flatMap(({ line }) => (LINES[line] ?? []).map((name) => [name, USES[name] as Use] as const)),
  ['node-redis, through a tunnel', throughTunnel] as const,
];

it.each(uses)('%s: a pin decides, beside a certificate that is trusted', async (_name, use) => {
  const [root, leaf] = [await pki('root'), await pki('p256')];
  const right = createHash('sha256')
    .update(new X509Certificate(leaf.certificatePem).publicKey.export({ type: 'spki', format: 'der' }))
    .digest();
  const server = await record({
    identity: { key: leaf.keyPem, cert: leaf.chainPem },
    tls: use.tls,
    talk: (offers) => use.talk(offers),
    until: SECRET,
    ...(use.alpn && { alpn: use.alpn }),
  });
  const attempt = (pin: Uint8Array): Promise<unknown> =>
    use
      .begin(
        new TlsConnector({ ca: root.certificatePem, pins: [pin], ...(use.alpn && { alpn: use.alpn }) }),
        server.port,
      )
      .over.then(
        () => undefined,
        (error: unknown) => error,
      );
  expect(await attempt(new Uint8Array(32))).toBeInstanceOf(Error);
  expect(server.connections()).toBeGreaterThan(0);
  expect(server.secret() + server.plain()).not.toContain(SECRET);
  await attempt(right);
  expect(server.secret()).toContain(SECRET);
  await server.close();
});

it('node-redis, through a tunnel as the example has it, does not follow its server to another address', async () => {
  const { keyPem: key, chainPem: cert } = await pki('p256');
  const elsewhere = await record({ identity: undefined, tls: 'at once', talk: throughTunnel.talk, until: SECRET });
  const address = `127.0.0.1:${elsewhere.port}`;
  // As a server under maintenance: to each command it answers, and says where it is now
  const moving = `>4\r\n+MOVING\r\n:1\r\n:15\r\n$${address.length}\r\n${address}\r\n`;
  const answer = (received: Buffer): { send: string } => {
    const commands = received.toString('latin1').match(/\*\d+\r\n\$\d+\r\n\w+/g) ?? [];
    const each = commands.map((command) => (command.endsWith('HELLO') ? '%1\r\n+proto\r\n:3\r\n' : '+OK\r\n'));
    return { send: each.join('') + (received.includes('MAINT_NOTIFICATIONS') ? moving : '') };
  };
  const server = await record({ identity: { key, cert }, tls: 'at once', talk: () => ({ answer }), until: 'nothing' });
  const connector = new TlsConnector({ ca: (await pki('root')).certificatePem });
  expect(await setAndGet(connector, 'localhost', server.port, SECRET)).toBe('OK');
  expect(server.secret()).toContain(SECRET);
  expect(elsewhere.connections()).toBe(0);
  await Promise.all([server.close(), elsewhere.close()]);
});
