/**
 * Sessions between the connections of both faces: whose they are, how often they are used, and what a store may do
 * wrong.
 */
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { pki } from '@ferrule/conformance/pki';
import type { ContextOptions, Credential, TlsSession } from '@ferrule/contract';
import type { TlsError } from '@ferrule/result';
import { connect, keyvSessionCache, memorySessionCache, type SessionCache, type SessionStore } from 'ferrule';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TlsConnector } from '@ferrule/node/duplex';

type Sessions = SessionCache | SessionStore;
type Version = 'TLSv1.2' | 'TLSv1.3';

interface Dial extends ContextOptions {
  readonly port: number;
  readonly sessions: Sessions;
  readonly backend: 'native' | 'pure';
  readonly timeout?: number;
}

/** One connection that is established, says something, hears it again and ends. Whether it resumed. */
type Face = (options: Dial) => Promise<boolean>;

const root = (await pki('root')).certificate;
const host = '127.0.0.1';
const trust = ({ verify }: ContextOptions): ContextOptions =>
  typeof verify === 'function' ? {} : { trustAnchors: [root] };
const servername = 'server.test';

const faces: Readonly<Record<'connect()' | 'TlsConnector', Face>> = {
  async 'connect()'({ ...options }) {
    const connection = await connect({ host, servername, ...trust(options), ...options });
    await connection.write(new Uint8Array([1]));
    await connection.read(new Uint8Array(1));
    await connection.close();
    return connection.info.sessionReused;
  },
  async TlsConnector({ port, timeout, ...options }) {
    const connector = new TlsConnector({ ...trust(options), ...options });
    const duplex = connector.duplex({
      host,
      servername,
      port,
      ...(timeout !== undefined && { handshakeTimeout: timeout }),
    });
    try {
      duplex.write(new Uint8Array([1]));
      await once(duplex, 'data');
      return duplex.isSessionReused();
    } finally {
      duplex.destroy();
      await connector.dispose();
    }
  },
};

const engines = ['native', 'pure'] as const;
const cases = engines.flatMap((backend) =>
  (['TLSv1.3', 'TLSv1.2'] as const).flatMap((version) =>
    (['connect()', 'TlsConnector'] as const).map((face) => ({ backend, version, face })),
  ),
);

/** Whom the server takes each client for, in order. */
const seen: string[] = [];
const servers = new Map<Version, tls.Server>();
const ports = new Map<Version, number>();
const open = new Set<net.Socket>();
const later: (() => unknown)[] = [];

beforeAll(async () => {
  const identity = await pki('p256');
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const server = tls.createServer(
      {
        key: identity.keyPem,
        cert: identity.chainPem,
        maxVersion: version,
        requestCert: true,
        rejectUnauthorized: false,
      },
      (socket) => {
        socket.on('error', () => undefined);
        seen.push(socket.getPeerX509Certificate()?.fingerprint256 ?? 'nobody');
        socket.pipe(socket);
      },
    );
    server.on('connection', (socket: net.Socket) => {
      open.add(socket);
      socket.on('close', () => open.delete(socket));
    });
    server.on('tlsClientError', () => undefined);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.set(version, server);
    ports.set(version, (server.address() as net.AddressInfo).port);
  }
});
afterEach(async () => {
  for (const undo of later.splice(0)) await undo();
});
afterAll(() => {
  for (const socket of open) socket.destroy();
  for (const server of servers.values()) server.close();
});

const portOf = (version: Version): number => ports.get(version) as number;

async function credentialOf(name: 'client' | 'client-rsa'): Promise<Credential> {
  const { chain, key } = await pki(name);
  return { chain, key };
}

/** keyv, as far as it is used. */
function keyv(): { readonly store: Parameters<typeof keyvSessionCache>[0]; readonly map: Map<string, string> } {
  const map = new Map<string, string>();
  const store = {
    get: (key: string) => Promise.resolve(map.get(key)),
    set: (key: string, value: string) => Promise.resolve(map.set(key, value)),
    delete: (key: string) => Promise.resolve(map.delete(key)),
  };
  return { store, map };
}

describe.each(cases)('$face on $backend, $version', ({ backend, version, face }) => {
  const dial = (
    sessions: Sessions,
    options: ContextOptions & { timeout?: number; port?: number } = {},
  ): Promise<boolean> => faces[face]({ backend, sessions, port: portOf(version), ...options });

  it('is taken by the server for who it is now, whoever has used the store before', async () => {
    const [alice, bob] = [await credentialOf('client'), await credentialOf('client-rsa')];
    for (const sessions of [new Map<string, TlsSession>(), memorySessionCache(), keyvSessionCache(keyv().store)]) {
      seen.length = 0;
      const reused: boolean[] = [];
      for (const credentials of [[alice], [bob], undefined, [alice], undefined])
        reused.push(await dial(sessions, credentials && { credentials }));
      const [first, second] = seen;
      expect([first, second, new Set(seen).size]).toEqual([seen[3], seen[1], 3]);
      expect([seen[2], seen[4]]).toEqual(['nobody', 'nobody']);
      expect(reused).toEqual([false, false, false, true, true]);
    }
  });

  it('asks the verify function that it was given, whatever another one has accepted', async () => {
    const sessions = memorySessionCache();
    const yes = (): boolean => true;
    await dial(sessions, { verify: yes });
    await expect(dial(sessions, { verify: () => false })).rejects.toMatchObject({ code: 'CERT_REJECTED' });
    expect(await dial(sessions, { verify: yes })).toBe(true);
  });

  it(version === 'TLSv1.2' ? 'uses a session as long as it works' : 'uses a ticket once', async () => {
    const copies = new Map<string, TlsSession>();
    const bare: SessionStore = { get: (key) => copies.get(key), set: (key, session) => copies.set(key, session) };
    // Node's server issues two tickets in a full handshake, and none after a resumption; a Map keeps one.
    const map = version === 'TLSv1.2' ? [false, true, true, true] : [false, true, false, true];
    const cache = version === 'TLSv1.2' ? [false, true, true, true] : [false, true, true, false];
    for (const [sessions, expected] of [
      [new Map<string, TlsSession>(), map],
      [bare, map],
      [memorySessionCache(), cache],
      [keyvSessionCache(keyv().store), map],
    ] as const) {
      const reused: boolean[] = [];
      for (let i = 0; i < 4; i++) reused.push(await dial(sessions));
      expect(reused).toEqual(expected);
    }
  });

  it('forgets a session that breaks the handshake', async () => {
    const port = await startGrudge(portOf(version));
    for (const sessions of [new Map<string, TlsSession>(), memorySessionCache(1)]) {
      expect(await dial(sessions, { port })).toBe(false);
      let failures = 0;
      // A cache may hold two tickets.
      for (let i = 0; i < 3; i++)
        await dial(sessions, { port }).then(
          (reused) => expect(reused).toBe(false),
          (error: TlsError) => (failures += error.code === 'PEER_ALERT' ? 1 : 10),
        );
      expect([1, 2]).toContain(failures);
    }
  });

  it('puts a session back that comes when the attempt is over', async () => {
    const map = new Map<string, TlsSession>();
    await dial(map);
    let asked: () => void = () => undefined;
    let answer: () => void = () => undefined;
    const looking = new Promise<void>((resolve) => (asked = resolve));
    const gate = new Promise<void>((resolve) => (answer = resolve));
    const back = new Promise<void>((resolve) => {
      const slow: SessionStore = {
        get: async (key) => (asked(), await gate, map.get(key)),
        set: (key, session) => (map.set(key, session), resolve()),
        delete: (key) => map.delete(key),
      };
      const failed = dial(slow, { timeout: 100 }).catch((error: TlsError) => error.code);
      void Promise.all([looking, failed]).then(answer);
    });
    await back;
    expect(map.size).toBe(1);
  });

  it('keeps a session for the next attempt when the server cannot be reached', async () => {
    const sessions = new Map<string, TlsSession>();
    const gate = net.createServer((socket) =>
      socket
        .pipe(net.connect(portOf(version), '127.0.0.1'))
        .pipe(socket)
        .on('error', () => undefined),
    );
    gate.listen(0, '127.0.0.1');
    await once(gate, 'listening');
    const { port } = gate.address() as net.AddressInfo;
    await dial(sessions, { port });
    gate.close();
    await expect(dial(sessions, { port })).rejects.toMatchObject({ tlsCode: 'TRANSPORT_ERROR' });
    expect(sessions.size).toBe(1);
  });

  const broken = { take: (): undefined => undefined, put: (): void => undefined };
  const junk = new Uint8Array(300).fill(7);
  it.each<[string, () => unknown]>([
    [
      'throws',
      () => ({
        ...broken,
        take: () => {
          throw new Error('no');
        },
        put: () => {
          throw new Error('no');
        },
      }),
    ],
    [
      'rejects',
      () => ({ ...broken, take: () => Promise.reject(new Error('no')), put: () => Promise.reject(new Error('no')) }),
    ],
    [
      'never answers',
      () => ({ ...broken, take: () => new Promise(() => undefined), put: () => new Promise(() => undefined) }),
    ],
    ['returns junk', () => ({ ...broken, take: () => junk })],
    ['returns what is of another kind', () => ({ ...broken, take: () => ({ version: 'TLSv1.3' }) })],
    ['returns null', () => ({ ...broken, take: () => null })],
    [
      'is a store whose get() throws',
      () => ({
        get: () => {
          throw new Error('no');
        },
        set: () => {
          throw new Error('no');
        },
      }),
    ],
    [
      'is a store whose get() rejects',
      () => ({ get: () => Promise.reject(new Error('no')), set: () => Promise.reject(new Error('no')) }),
    ],
    [
      'is a store that returns an object of somebody else',
      () =>
        new Map(Object.entries({})).set('', 1) && {
          get: () => ({ host: servername, toBytes: () => junk }),
          set: () => undefined,
        },
    ],
  ])('does a full handshake with a cache that %s', async (_what, make) => {
    expect(await dial(make() as Sessions, { timeout: 2000 })).toBe(false);
  });

  it('does a full handshake with a session of another host, whatever key it was under', async () => {
    const kept = new Map<string, TlsSession>();
    await connect({
      host,
      trustAnchors: [root],
      servername: 'localhost',
      backend,
      sessions: kept,
      port: portOf(version),
    }).then(async (connection) => {
      await connection.write(new Uint8Array([1]));
      await connection.read(new Uint8Array(1));
      await connection.close();
    });
    const [session] = kept.values();
    if (session === undefined) throw new Error('no session');
    expect(await dial({ get: () => session, set: () => undefined })).toBe(false);
    expect(await dial({ take: () => session.toBytes(), put: () => undefined })).toBe(false);
  });
});

describe('a cache on keyv', () => {
  it('gives a session to one of those who read it', async () => {
    const { store } = keyv();
    const cache = keyvSessionCache(store);
    const session = new Uint8Array([0, 1, 127, 128, 255]);
    await cache.put('key', session, Date.now() + 1000);
    const both = await Promise.all([cache.take('key'), cache.take('key')]);
    expect(both.filter((each) => each !== undefined)).toEqual([session]);
  });

  it.each([undefined, null, {}, { get: () => undefined, set: () => undefined }])(
    'is on a store, and not on %j',
    (store) => {
      expect(() => keyvSessionCache(store as never)).toThrow(/^store\.(get|delete): must be a function/);
    },
  );
});

/** A server that answers a ClientHello which resumes with a fatal alert, and passes others on. */
async function startGrudge(to: number): Promise<number> {
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (hello) => {
      if (resumes(hello)) return socket.end(Buffer.from([21, 3, 3, 0, 2, 2, 40]));
      const upstream = net.connect(to, '127.0.0.1');
      upstream.on('error', () => undefined);
      upstream.write(hello);
      upstream.pipe(socket).pipe(upstream);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  later.push(() => server.close());
  return (server.address() as net.AddressInfo).port;
}

/** RFC 9846 section 4.2.2: whether pre_shared_key is there, or a session_ticket that is not empty. */
function resumes(record: Buffer): boolean {
  let at = 5 + 4 + 2 + 32;
  at += 1 + record.readUInt8(at);
  at += 2 + record.readUInt16BE(at);
  at += 1 + record.readUInt8(at);
  for (at += 2; at + 4 <= record.length; at += 4 + record.readUInt16BE(at + 2)) {
    const type = record.readUInt16BE(at);
    if (type === 41 || (type === 35 && record.readUInt16BE(at + 2) > 0)) return true;
  }
  return false;
}
