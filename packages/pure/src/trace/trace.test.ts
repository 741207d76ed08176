import { X509Certificate } from 'node:crypto';
import { recordingBio, type RecordedEvent } from '@ferrule/bio';
import { Client, trusting } from '@ferrule/conformance';
import { pki } from '@ferrule/conformance/pki';
import { OpensslServer, PeerMissing, TestServer, type TestServerOptions } from '@ferrule/conformance/server';
import type { ContextOptions, TlsSession, TraceMessage } from '@ferrule/contract';
import { describe, expect, it } from 'vitest';
import { nodeCrypto } from '../crypto/node.ts';
import { createPure } from '../index.ts';
import { Dissection, type Field, type SeenRecord, Wiretap } from './index.ts';

interface Connection {
  readonly events: readonly RecordedEvent[];
  readonly keylog: readonly string[];
  /** What the engine itself reports, decrypted. */
  readonly messages: readonly TraceMessage[];
}

/** A connection over which `ping` is sent and a few bytes come back. */
async function connection(server: TestServerOptions = {}, options: ContextOptions = {}): Promise<Connection> {
  const peer = await TestServer.make(server);
  const [events, keylog, messages]: [RecordedEvent[], string[], TraceMessage[]] = [[], [], []];
  const client = await Client.make(createPure({ crypto: nodeCrypto }), peer.open(), {
    options: await trusting({
      onKeylog: (line) => void keylog.push(line),
      onMessage: (message) => void messages.push(message),
      ...options,
    }),
  });
  const bio = recordingBio(client.bio, (event) => void events.push(event));
  client.ssl.setBio(bio, bio);
  expect(await client.run(() => client.ssl.connect()), client.ssl.failure?.error.message).toBe(1);
  await client.run(() => client.ssl.write(new TextEncoder().encode('ping')));
  (await peer.accepted()).write('pong');
  await client.run(() => client.ssl.read(new Uint8Array(16)));
  if (client.ssl.version === 'TLSv1.3') await client.run(() => client.ssl.keyUpdate(false));
  await client.run(() => client.ssl.write(new TextEncoder().encode('more')));
  client.ssl.dispose();
  peer.close();
  return { events, keylog, messages };
}

function overhear({ events, keylog }: Connection, secrets: Iterable<string> = keylog): SeenRecord[] {
  const tap = new Wiretap({ crypto: nodeCrypto, keylog: secrets });
  return events.flatMap((event) => ('bytes' in event ? tap.feed(event.kind, event.bytes) : []));
}

const leaves = (fields: readonly Field[]): Field[] =>
  fields.flatMap((field) => (field.fields === undefined ? [field] : leaves(field.fields)));
const named = (fields: readonly Field[], name: string): Field | undefined =>
  fields.reduce<Field | undefined>(
    (found, field) => found ?? (field.name === name ? field : named(field.fields ?? [], name)),
    undefined,
  );
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Each byte once, in order. */
function covers(fields: readonly Field[], length: number): boolean {
  let at = 0;
  for (const leaf of leaves(fields)) {
    if (leaf.offset !== at || leaf.length <= 0) return false;
    at += leaf.length;
  }
  return at === length;
}

const { chain, key } = await pki('client');

/** A plain one, then others whose messages differ. */
const KINDS: readonly (readonly [string, TestServerOptions, ContextOptions])[] = [
  [
    'TLS 1.3',
    { ALPNProtocols: ['h2'] },
    { alpn: ['h2', 'http/1.1'], grease: true, ocsp: 'request', signedCertificateTimestamps: true },
  ],
  [
    'TLS 1.3 with all that can be offered',
    {},
    {
      grease: true,
      ech: 'grease',
      recordSizeLimit: 4096,
      postHandshakeAuth: true,
      certificateCompression: ['zlib', 'brotli'],
      signedCertificateTimestamps: true,
      ocsp: 'request',
      serverCertificateTypes: ['x509', 'raw-public-key'],
      rawPublicKeys: [
        new X509Certificate((await pki('p256')).certificate).publicKey.export({ format: 'der', type: 'spki' }),
      ],
      externalPsks: [{ identity: new Uint8Array(8), key: new Uint8Array(32).fill(1), hash: 'sha256' }],
      keyShares: [29, 23],
      groups: [29, 23],
    },
  ],
  ['TLS 1.3 after HelloRetryRequest', { ecdhCurve: 'P-384' }, { groups: [29, 24] }],
  ['TLS 1.2', { maxVersion: 'TLSv1.2' }, {}],
  [
    'TLS 1.3 with a client certificate',
    { requestCert: true, rejectUnauthorized: false },
    { credentials: [{ chain, key }] },
  ],
  [
    'TLS 1.2 with a client certificate',
    { requestCert: true, rejectUnauthorized: false, maxVersion: 'TLSv1.2' },
    { credentials: [{ chain, key }] },
  ],
  ['TLS 1.2 with ChaCha20', { maxVersion: 'TLSv1.2' }, { cipherSuites: [0xcca9] }],
];

const connections = await Promise.all(
  KINDS.map(async ([title, server, options]) => ({ title, ...(await connection(server, options)) })),
);

describe('a dissection', () => {
  it.each(connections)('covers each byte of each message once: $title', ({ messages }) => {
    const dissection = new Dissection();
    for (const { contentType, bytes } of messages) {
      const { fields, length, malformed, name } = dissection.message(contentType, bytes);
      expect([name, malformed, covers(fields, bytes.length), length]).toEqual([name, undefined, true, bytes.length]);
      expect(
        leaves(fields).some((field) => field.name === 'not decoded'),
        name,
      ).toBe(false);
    }
  });

  it('names messages, fields and code points as the RFC does', () => {
    const dissection = new Dissection();
    const dissected = connections[0]!.messages.map(({ contentType, bytes }) => dissection.message(contentType, bytes));
    expect(new Set(dissected.map(({ name }) => name))).toEqual(
      new Set([
        'ClientHello',
        'ServerHello',
        'EncryptedExtensions',
        'Certificate',
        'CertificateVerify',
        'Finished',
        'ChangeCipherSpec',
        'NewSessionTicket',
        'KeyUpdate',
      ]),
    );
    const value = (message: string, field: string): string | undefined =>
      named(dissected.find(({ name }) => name === message)?.fields ?? [], field)?.value;
    expect(value('ClientHello', 'server_name')).toBe('server.test');
    expect(value('ClientHello', 'application_layer_protocol_negotiation')).toBe('h2, http/1.1');
    expect(value('ClientHello', 'cipher_suites')).toMatch(/^GREASE 0x.a.a, TLS_AES_128_GCM_SHA256/);
    expect(value('ServerHello', 'selected_version')).toBe('TLS 1.3');
    expect(value('ServerHello', 'key_share')).toMatch(/^\S+ \(\d+ bytes\)$/);
    expect(value('Certificate', 'cert_data')).toMatch(/^CN=leaf, \d+ bytes$/);
    expect(value('CertificateVerify', 'algorithm')).toBe('ecdsa_secp256r1_sha256');
    expect(value('KeyUpdate', 'request_update')).toBe('update_not_requested');
  });

  it('tells a HelloRetryRequest from a ServerHello', () => {
    const dissection = new Dissection();
    const names = connections[2]!.messages.map(({ contentType, bytes }) => dissection.message(contentType, bytes).name);
    expect(names.slice(0, 2)).toEqual(['ClientHello', 'HelloRetryRequest']);
    expect(names.filter((name) => name === 'ServerHello')).toHaveLength(1);
  });

  it('says of a message that is cut short, or that the engine refuses, why, and still covers it', () => {
    for (const { messages } of connections) {
      for (const { contentType, bytes } of messages) {
        if (contentType !== 22 || bytes.length > 600) continue;
        for (let length = 0; length < bytes.length; length++) {
          const { fields, malformed } = new Dissection().message(contentType, bytes.subarray(0, length));
          expect(malformed).toMatch(/ends too early/);
          expect(covers(fields, length)).toBe(true);
        }
      }
    }
    const twice = Buffer.from('0b0000060000000001ff'.padEnd(20, '0'), 'hex');
    expect(new Dissection().message(22, twice).malformed).toBeDefined();
  });

  it('takes any bytes at all without a throw', () => {
    let seed = 1;
    const random = (): number => (seed = (seed * 48271) % 2147483647) & 0xff;
    for (let run = 0; run < 3000; run++) {
      const bytes = Uint8Array.from({ length: random() }, random);
      if (bytes.length > 4) bytes.set([random() % 26, 0, 0, bytes.length - 4]);
      const { fields } = new Dissection().message([20, 21, 22, 22, 22, 22, 23][run % 7]!, bytes);
      expect(covers(fields, bytes.length)).toBe(true);
    }
  });
});

describe('a wiretap', () => {
  it.each(connections)(
    'with the key log sees the messages that the engine sees, in order in each direction: $title',
    (connection) => {
      const records = overhear(connection);
      expect(records.filter(({ state }) => state === 'sealed' || state === 'foreign')).toEqual([]);
      for (const direction of ['sent', 'received'] as const) {
        const seen = records
          .filter((record) => record.direction === direction)
          .flatMap(({ messages }) => messages.map(hex));
        expect(seen).toEqual(
          connection.messages.filter((message) => message.direction === direction).map(({ bytes }) => hex(bytes)),
        );
      }
    },
  );

  it.each(connections)('reads application data, before and after a KeyUpdate: $title', (connection) => {
    const data = overhear(connection)
      .filter(({ contentType }) => contentType === 23)
      .map(({ direction, content }) => `${direction} ${Buffer.from(content).toString()}`);
    expect(data).toEqual(['sent ping', 'received pong', 'sent more']);
  });

  it.each(['accepted', 'rejected'] as const)(
    'reads early data that is %s, and finds the keys that follow',
    async (outcome) => {
      const started: OpensslServer[] = [];
      const start = async (): Promise<OpensslServer> => {
        const server = await OpensslServer.start(['-tls1_3', '-early_data', '-max_early_data', '16384']);
        started.push(server);
        return server;
      };
      try {
        const [first, sessions, keylog, events]: [OpensslServer, TlsSession[], string[], RecordedEvent[]] = [
          await start(),
          [],
          [],
          [],
        ];
        // ChaCha20 has a hash of the same size as the suite that is tried before it
        const options = {
          cipherSuites: [0x1301, 0x1303, 0x1302],
          onSession: (each: TlsSession) => void sessions.push(each),
          onKeylog: (line: string) => void keylog.push(line),
        };
        const context = createPure({ crypto: nodeCrypto }).createContext(await trusting(options));
        const peer = first.dial();
        const before = await Client.make(createPure({ crypto: nodeCrypto }), peer, { context });
        expect(await before.run(() => before.ssl.connect())).toBe(1);
        for (before.ssl.read(new Uint8Array(1)); sessions.length === 0; before.ssl.read(new Uint8Array(1)))
          await peer.fill(before.net);
        // It serves one at a time, and forgets the sessions of those who leave without a word
        await before.run(() => before.ssl.shutdown() || 1);
        before.ssl.dispose();
        peer.end();
        const server = outcome === 'accepted' ? first : await start();
        const client = await Client.make(createPure({ crypto: nodeCrypto }), server.dial(), { context });
        const bio = recordingBio(client.bio, (event) => void events.push(event));
        client.ssl.setBio(bio, bio);
        client.ssl.setSession(sessions[0]!);
        await client.run(() => client.ssl.writeEarlyData(new TextEncoder().encode('early')));
        expect(await client.run(() => client.ssl.connect()), client.ssl.failure?.error.message).toBe(1);
        expect(client.ssl.earlyData).toBe(outcome);
        await client.run(() => client.ssl.write(new TextEncoder().encode('later')));
        client.ssl.dispose();
        const records = overhear({ events, keylog, messages: [] });
        const dissection = new Dissection();
        for (const { contentType, messages } of records) {
          for (const message of messages)
            expect(covers(dissection.message(contentType, message).fields, message.length)).toBe(true);
        }
        expect(records.filter(({ state }) => state === 'sealed')).toEqual([]);
        expect(
          records.filter(({ contentType }) => contentType === 23).map(({ content }) => Buffer.from(content).toString()),
        ).toEqual(['early', 'later']);
      } catch (error) {
        if (!(error instanceof PeerMissing)) throw error;
        console.info(`skipped: ${error.message}`);
      } finally {
        for (const server of started) server.close();
      }
    },
  );

  it('without the key log sees what is sealed, and what is in the clear', () => {
    const states = overhear(connections[0]!, []).map(
      ({ direction, state, contentType }) => `${direction} ${state} ${contentType}`,
    );
    expect(states.slice(0, 2)).toEqual(['sent clear 22', 'received clear 22']);
    expect(states.filter((state) => state.includes('sealed')).length).toBeGreaterThan(3);
    expect(states.some((state) => state.includes('opened'))).toBe(false);
  });

  it('gives the same however the bytes are cut', () => {
    const connection = connections[0]!;
    const whole = overhear(connection);
    const tap = new Wiretap({ crypto: nodeCrypto, keylog: connection.keylog });
    const cut = connection.events.flatMap((event) =>
      'bytes' in event ? Array.from(event.bytes, (byte) => tap.feed(event.kind, Uint8Array.of(byte))).flat() : [],
    );
    expect(cut.map(({ bytes }) => hex(bytes))).toEqual(whole.map(({ bytes }) => hex(bytes)));
    expect(cut.map(({ messages }) => messages.length)).toEqual(whole.map(({ messages }) => messages.length));
  });

  it('shows an alert that is sent in the clear although there are keys, as OpenSSL does', () => {
    const connection = connections[0]!;
    const tap = new Wiretap({ crypto: nodeCrypto, keylog: connection.keylog });
    for (const event of connection.events.slice(0, 2)) if ('bytes' in event) tap.feed(event.kind, event.bytes);
    const alert = Uint8Array.of(21, 3, 3, 0, 2, 2, 48);
    expect(tap.feed('sent', alert)).toMatchObject([{ state: 'clear', contentType: 21, messages: [alert.subarray(5)] }]);
  });

  it('calls what is not a record foreign, and a record that never ends too', () => {
    const tap = new Wiretap({ crypto: nodeCrypto });
    expect(tap.feed('received', Buffer.from('HTTP/1.1 400 Bad Request')).map(({ state }) => state)).toEqual([
      'foreign',
    ]);
    expect(tap.feed('sent', Uint8Array.of(22, 3, 1, 0, 9, 1))).toEqual([]);
    expect(tap.end('sent').map(({ state, bytes }) => [state, bytes.length])).toEqual([['foreign', 6]]);
  });
});
