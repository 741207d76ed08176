/**
 * @module The call table of @ferrule/ssl, held to by every engine: each call in each phase does what its row says, and
 * a call that is refused or is misuse leaves the connection as it was.
 */
import assert from 'node:assert/strict';
import { type Bio, bioPair } from '@ferrule/bio';
import type { Backend, PeerIdentity, Ssl, TlsSession } from '@ferrule/contract';
import { SslErrorCode, sslErrorName } from '@ferrule/result';
import { type Call, CALLS, type Phase, type Rule } from '@ferrule/ssl';
import { type CheckGroup, group } from '../check.ts';
import { Client, trusting } from '../client.ts';
import { ScriptedPeer } from '../server/peer.ts';
import { echo } from '../server/tls-server.ts';
import { withEarlyData } from './early-data.ts';
import { scene } from './support.ts';

const TRANSPORT_FAILED = new Error('unplugged');

/** Each call as anybody would make it. An exporter of early data is there only with its feature. */
const calls = (bio: Bio, session: TlsSession | undefined): { readonly [C in Call]: (ssl: Ssl) => unknown } => ({
  setBio: (ssl) => ssl.setBio(bio, bio),
  setConnectState: (ssl) => ssl.setConnectState(),
  setHost: (ssl) => ssl.setHost('server.test'),
  setSession: (ssl) => ssl.setSession(session as TlsSession),
  exportKeyingMaterial: (ssl) => ssl.exportKeyingMaterial('EXPERIMENTAL', undefined, 16),
  exportEarlyKeyingMaterial: (ssl) => ssl.exportEarlyKeyingMaterial?.('EXPERIMENTAL', undefined, 16),
  channelBinding: (ssl) => ssl.channelBinding('tls-exporter'),
  connect: (ssl) => ssl.connect(),
  doHandshake: (ssl) => ssl.doHandshake(),
  writeEarlyData: (ssl) => ssl.writeEarlyData(Uint8Array.of(0x65)),
  read: (ssl) => ssl.read(new Uint8Array(1)),
  write: (ssl) => ssl.write(Uint8Array.of(0x77)),
  keyUpdate: (ssl) => ssl.keyUpdate(false),
  shutdown: (ssl) => ssl.shutdown(),
});

/** Those that return a number, which getError() explains. */
const OPERATIONS: ReadonlySet<string> = new Set<Call>([
  'connect',
  'doHandshake',
  'read',
  'write',
  'writeEarlyData',
  'shutdown',
  'keyUpdate',
]);

/** Every row of the phase that does not run, on one connection. */
function expectRows(phase: Phase, { ssl, bio }: Pick<Client, 'ssl' | 'bio'>, session?: TlsSession): void {
  for (const [call, make] of Object.entries(calls(bio, session)) as [Call, (ssl: Ssl) => unknown][]) {
    const rule = CALLS[call][phase];
    if (call === 'exportEarlyKeyingMaterial' && ssl.exportEarlyKeyingMaterial === undefined) continue;
    if (rule !== 'run') expectRow(`${call} when ${phase}`, rule, ssl, call, () => make(ssl));
  }
}

function expectRow(title: string, rule: Rule, ssl: Ssl, call: Call, make: () => unknown): void {
  const { failure: before } = ssl;
  const told = (ret: unknown): string =>
    `${String(ret)} / ${sslErrorName(ssl.getError(ret as number))} / ${ssl.failure?.error.code ?? 'no failure'}`;
  if (rule === 'done') assert.equal(told(make()), '1 / SSL_ERROR_NONE / no failure', title);
  else if (rule === 'nothing' || rule === 'undefined') assert.equal(make(), undefined, title);
  else if (rule === 'failure') {
    assert.ok(before, title);
    if (OPERATIONS.has(call))
      assert.equal(told(make()), `${before.ret} / ${sslErrorName(before.code)} / ${before.error.code}`, title);
    else assert.throws(make, before.error, title);
    assert.equal(ssl.failure, before, title);
  } else if (typeof rule === 'object' && 'misuse' in rule) {
    assert.throws(make, new TypeError(`${call}: ${rule.misuse}`), title);
    assert.equal(ssl.failure, before, title);
  } else if (typeof rule === 'object') {
    assert.equal(told(make()), `-1 / SSL_ERROR_SSL / ${rule.refusal}`, title);
  }
}

/** Bytes there and back: a refused call has changed nothing. */
async function expectAlive(client: Client): Promise<void> {
  await client.echo('as it was');
  assert.equal(client.ssl.failure, undefined);
}

const rows: CheckGroup = group('the call table, call by call', {
  'before the first byte': (backend) =>
    scene(backend, {}, async ({ client, server }) => {
      expectRows('new', client);
      assert.throws(
        () =>
          client.ssl.exportEarlyKeyingMaterial?.('EXPERIMENTAL', undefined, 16) ?? assert.fail(new TypeError('absent')),
        TypeError,
      );
      assert.throws(() => client.ssl.keyUpdate('yes' as unknown as boolean), TypeError);
      const [bio, net] = bioPair();
      client.ssl.setBio(bio, bio);
      client.ssl.setBio(client.bio, client.bio);
      assert.equal(net.pending, 0);
      await client.established();
      echo(await server.accepted());
      await expectAlive(client);
    }),
  'without a BIO, and without the connect state, which may come later': async (backend) =>
    scene(backend, {}, async ({ client }) => {
      const ssl = backend.createContext({ verify: 'none' }).newConnection();
      for (const operation of [
        () => ssl.doHandshake(),
        () => ssl.read(new Uint8Array(1)),
        () => ssl.write(new Uint8Array(1)),
      ]) {
        expectRow('without connect state', { refusal: 'CONNECTION_TYPE_NOT_SET' }, ssl, 'doHandshake', operation);
      }
      expectRow('without BIO', { refusal: 'BIO_MISSING' }, ssl, 'connect', () => ssl.connect());
      ssl.setBio(client.bio, client.bio);
      for (let ret = ssl.connect(); ret !== 1; ret = ssl.connect()) {
        const why = ssl.getError(ret);
        await client.flush();
        if (why === SslErrorCode.wantAsync) await ssl.asyncReady;
        else await client.peer.fill(client.net);
      }
      ssl.dispose();
    }),
  'in the middle of the handshake': (backend) =>
    scene(backend, { bioSize: 400 }, async ({ client, server }) => {
      client.ssl.connect();
      expectRows('handshaking', client);
      await client.established();
      echo(await server.accepted());
      await expectAlive(client);
    }),
  'once established': async (backend) => {
    for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
      await scene(backend, { server: { maxVersion } }, async ({ client, server }) => {
        await client.established();
        echo(await server.accepted());
        expectRows('established', client);
        await expectAlive(client);
        assert.equal(client.ssl.exportKeyingMaterial('EXPERIMENTAL', undefined, 16).length, 16);
        assert.equal(client.ssl.channelBinding('tls-exporter')?.length, 32);
        assert.throws(() => client.ssl.channelBinding('tls-unique' as unknown as 'tls-exporter'), TypeError);
        if (maxVersion === 'TLSv1.3') assert.equal(await client.run(() => client.ssl.keyUpdate(true)), 1);
        else
          assert.throws(
            () => client.ssl.keyUpdate(true),
            new TypeError('keyUpdate: needs an established TLS 1.3 connection'),
          );
        await expectAlive(client);
      });
    }
  },
  'after shutdown(): the peer may go on sending, and is read': async (backend) => {
    for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
      await scene(backend, { server: { maxVersion } }, async ({ client, server }) => {
        await client.established();
        const socket = (await server.accepted()).resume();
        assert.equal(await client.shutdown(), 0);
        const sent = client.net.pending;
        expectRows('writeClosed', client);
        assert.equal(client.net.pending, sent, 'nothing goes out after close_notify');
        assert.equal(client.ssl.exportKeyingMaterial('EXPERIMENTAL', undefined, 16).length, 16);
        socket.end('the rest');
        assert.equal(await client.receiveText(8), 'the rest');
        await client.readEnd();
        expectRows('writeClosed', client);
        assert.equal(await client.shutdown(), 1);
        assert.equal(client.ssl.failure, undefined);
      });
    }
  },
  'after a failure: of the handshake, of the transport, of the peer': async (backend) => {
    const refused = await scene(backend, { options: { verify: () => false } }, async ({ client }) => {
      await client.refused();
      expectRows('failed', client);
      return client.failure().error.code;
    });
    assert.equal(refused, 'CERT_REJECTED');
    await scene(backend, {}, async ({ client }) => {
      await client.established();
      client.net.fail(TRANSPORT_FAILED);
      await client.run(() => client.ssl.read(new Uint8Array(1)));
      expectRows('failed', client);
      assert.equal(client.failure().error.code, 'TRANSPORT_ERROR');
    });
    await scene(backend, {}, async ({ client, wire }) => {
      await client.established();
      wire.cut();
      await client.readEnd();
      expectRows('failed', client);
    });
    const alert = new ScriptedPeer(new Uint8Array([21, 3, 3, 0, 2, 2, 40]));
    await scene(backend, {}, async ({ client: { ssl, net, bio } }) => {
      for (let ret = ssl.connect(); ssl.failure === undefined; ret = ssl.connect()) {
        if (ssl.getError(ret) === SslErrorCode.wantAsync) await ssl.asyncReady;
        else await alert.fill(net);
      }
      assert.equal(ssl.failure.ret, 0);
      expectRows('failed', { ssl, bio });
    });
  },
  'after dispose()': (backend) =>
    scene(backend, {}, async ({ client }) => {
      await client.established();
      client.ssl.dispose();
      expectRows('disposed', client);
      assert.equal(client.failure().error.code, 'DISPOSED');
      const unused = backend.createContext({}).newConnection();
      unused.dispose();
      expectRows('disposed', { ssl: unused, bio: client.bio });
    }),
});

/** What setHost() takes, and the form that all of a row share. */
const HOSTS: readonly (readonly string[])[] = [
  ['server.test', 'SERVER.test', 'server.test.'],
  ['localhost'],
  ['xn--bcher-kva.test'],
  ['a_b.test'],
  ['127.0.0.1'],
  ['::1', '0:0:0:0:0:0:0:1', '::0001'],
  ['2001:db8::1', '2001:DB8:0:0::1'],
  ['::ffff:1.2.3.4', '::FFFF:102:304'],
];

const NO_HOSTS: readonly unknown[] = [
  '',
  '.',
  '..',
  'a..b',
  '.a',
  '[::1]',
  '1.2.3',
  '0x7f.1',
  'a.0X10',
  '1.2.3.4.',
  '1.2.3.256',
  '01.2.3.4',
  'b\u00fccher.test',
  '\u212aelvin.test',
  'a b',
  'a/b',
  'a:443',
  'fe80::1%eth0',
  ':::',
  '1::2::3',
  `${'a'.repeat(64)}.test`,
  `${'a.'.repeat(127)}test`,
  'a\0b',
  '*.test',
  5,
  null,
  undefined,
  ['server.test'],
];

const hosts: CheckGroup = group('the host of a connection, and of a session', {
  'is a DNS name in ASCII or an IP address, and nothing else': async (backend) => {
    const context = backend.createContext({});
    for (const host of HOSTS.flat()) {
      const ssl = context.newConnection();
      ssl.setHost(host);
      ssl.dispose();
    }
    const ssl = context.newConnection();
    for (const host of NO_HOSTS) assert.throws(() => ssl.setHost(host as string), TypeError, String(host));
    ssl.dispose();
    await Promise.resolve();
  },
  'is told to callbacks in one form': async (backend) => {
    for (const row of HOSTS) {
      const seen = new Set<string | undefined>();
      for (const host of row) {
        const verify = (peer: PeerIdentity): boolean => seen.add(peer.host).size < 0;
        await scene(backend, { host, options: { verify } }, ({ client }) => client.refused());
      }
      assert.equal(seen.size, 1, [...seen].join(', '));
    }
  },
  'is compared with that of setHost(), whichever comes first': (backend) =>
    scene(backend, { options: {} }, async ({ server }) => {
      const session = await sessionOf(backend, server);
      const [first, second] = [session.context.newConnection(), session.context.newConnection()];
      first.setSession(session.session);
      assert.throws(() => first.setHost('other.test'), TypeError);
      first.setHost('SERVER.test');
      second.setHost('other.test');
      assert.throws(() => second.setSession(session.session), TypeError);
      second.setHost('server.test');
      second.setSession(session.session);
      for (const not of [undefined, null, {}, { ...session.session }, 'session'])
        assert.throws(() => second.setSession(not as unknown as TlsSession), TypeError);
    }),
});

async function sessionOf(
  backend: Backend,
  server: { open(): Client['peer'] },
): Promise<{ session: TlsSession; context: ReturnType<Backend['createContext']> }> {
  const sessions: TlsSession[] = [];
  const context = backend.createContext(await trusting({ onSession: (session) => sessions.push(session) }));
  const client = await Client.make(backend, server.open(), { context });
  await client.established();
  while (sessions.length === 0) {
    const ret = await client.call(() => client.ssl.read(new Uint8Array(1)));
    if (client.ssl.getError(ret) === SslErrorCode.wantRead && sessions.length === 0) await client.peer.fill(client.net);
  }
  return { session: sessions[0] as TlsSession, context };
}

const early: CheckGroup = group(
  'the call table, while early data may be written',
  {
    'each call in turn; writeEarlyData() ends with connect()': (backend) =>
      withEarlyData(backend, async (server, context, session) => {
        const client = await Client.make(backend, server.dial(), { context });
        client.ssl.setSession(session);
        assert.equal(await client.run(() => client.ssl.writeEarlyData(Uint8Array.of(0x61))), 1);
        expectRows('earlyData', client, session);
        assert.equal(await client.run(() => client.ssl.writeEarlyData(Uint8Array.of(0x62))), 1);
        client.ssl.connect();
        expectRows('handshaking', client, session);
        await client.established();
        assert.equal(client.ssl.earlyData, 'accepted');
        expectRows('established', client, session);
        await client.send('and later\n');
        await server.printed('and later');
        client.ssl.dispose();
      }),
  },
  'early-data',
);

export const callTable: readonly CheckGroup[] = [rows, hosts, early];
