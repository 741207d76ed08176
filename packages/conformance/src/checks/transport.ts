/**
 * @module A BIO of the caller's that throws, at each place where an engine uses one: the connection has failed then,
 * and the exception is the cause. Nothing that was under way is gone on with: half a step is neither a handshake nor a
 * record.
 */
import assert from 'node:assert/strict';
import type { Bio } from '@ferrule/bio';
import type { Backend, Ssl } from '@ferrule/contract';
import { SslErrorCode, TlsError } from '@ferrule/result';
import type { CheckGroup } from '../check.ts';
import { Client, expectReturn, trusting } from '../client.ts';
import { pki } from '../pki/index.ts';
import { echo } from '../server/index.ts';
import type { Wire } from '../server/peer.ts';
import { scene } from './support.ts';

/** What an engine may use of a BIO. */
const MEMBERS = ['pending', 'eof', 'error', 'nread0', 'nread', 'nwrite0', 'nwrite'] as const;
type Member = (typeof MEMBERS)[number];

/** The k-th use of a member, counted from the moment it is armed, throws: before it has done anything, or behind it. */
class Trap {
  member: Member | undefined;
  left = 0;
  before = true;
  thrown: unknown;
  make: () => unknown = () => new Error('mine');

  arm(member: Member, left: number, before: boolean, make: () => unknown): void {
    Object.assign(this, { member, left, before, make, thrown: undefined });
  }

  get sprung(): boolean {
    return this.thrown !== undefined;
  }

  around(bio: Bio): Bio {
    const spring = (member: PropertyKey): boolean => member === this.member && this.left > 0 && --this.left === 0;
    const fire = (): never => {
      throw (this.thrown = this.make());
    };
    return new Proxy(bio, {
      get: (target, member) => {
        const value: unknown = Reflect.get(target, member, target);
        if (typeof value !== 'function') return spring(member) ? fire() : value;
        return (...given: unknown[]): unknown => {
          const now = spring(member);
          if (now && this.before) fire();
          const answer: unknown = Reflect.apply(value, target, given);
          return now ? fire() : answer;
        };
      },
    });
  }
}

/** What a caller's BIO may throw: among it what calls of other connections throw, and of this very one. */
const THROWN: Readonly<Record<string, (backend: Backend, ssl: Ssl) => unknown>> = {
  'an Error': () => new Error('mine'),
  'what write() of another connection throws': (backend) =>
    caught(() => backend.createContext().newConnection().keyUpdate(true)),
  'what read() of this connection throws': (_backend, ssl) => caught(() => ssl.read(new Uint8Array(9))),
  'the failure of another connection, whose peer sent an alert': () =>
    new TlsError('PEER_ALERT', undefined, { alert: { description: 0, origin: 'peer' } }),
  'the failure of another connection, which sent an alert': () =>
    new TlsError('CERT_EXPIRED', undefined, { alert: { description: 45, origin: 'local' }, verify: { code: 10 } }),
  'a string': () => 'mine',
};

function caught(call: () => unknown): unknown {
  try {
    return assert.fail(`returned ${String(call())}`);
  } catch (error) {
    assert.ok(error instanceof TypeError, String(error));
    return error;
  }
}

/** Everything after it is the same failure, without an exception, and nothing more is sent. */
function expectDead(client: Client, ret: number, thrown: unknown, before: boolean): void {
  const { ssl, net } = client;
  expectReturn(ssl, ret, -1, SslErrorCode.syscall);
  const { error } = client.failure();
  assert.equal(error.code, 'TRANSPORT_ERROR');
  assert.equal(error.cause, thrown);
  assert.equal(error.alert, undefined);
  assert.equal(ssl.established, before);
  const { pending } = net;
  for (const call of [
    () => ssl.connect(),
    () => ssl.read(new Uint8Array(9)),
    () => ssl.write(new Uint8Array(9)),
    () => ssl.shutdown(),
  ]) {
    expectReturn(ssl, call(), -1, SslErrorCode.syscall);
    assert.equal(client.failure().error, error);
  }
  assert.equal(net.pending, pending);
}

/** A client whose BIO has the trap around it. */
async function trapped(
  backend: Backend,
  peer: Client['peer'],
  trap: Trap,
  anchors: readonly Uint8Array[],
): Promise<Client> {
  const client = await Client.make(backend, peer, { options: await trusting({ trustAnchors: anchors }) });
  const bio = trap.around(client.bio);
  client.ssl.setBio(bio, bio);
  return client;
}

const handshakes: CheckGroup = {
  title: 'a BIO that throws during the handshake',
  checks: Object.entries(THROWN).map(([what, make]) => ({
    title: `with ${what} ends it, and never in an established connection`,
    run: async (backend) => {
      // A server that nobody trusts: whatever goes on after the exception must not end in a 1.
      const anchors = [(await pki('otherRoot')).certificate];
      const sprung = new Set<Member>();
      for (const member of MEMBERS) {
        for (const [k, before, maxVersion] of [
          [1, true, 'TLSv1.3'],
          [2, false, 'TLSv1.2'],
          [3, false, 'TLSv1.3'],
        ] as const) {
          await scene(backend, { server: { maxVersion } }, async ({ wire }) => {
            const trap = new Trap();
            const client = await trapped(backend, wire, trap, anchors);
            trap.arm(member, k, before, () => make(backend, client.ssl));
            const ret = await client.connect();
            // Nothing was needed of the BIO at that place; or the verdict was there, and the alert is lost.
            if (client.failure().error.code === 'CERT_UNTRUSTED_ROOT')
              return assert.equal(client.ssl.established, false);
            sprung.add(member);
            expectDead(client, ret, trap.thrown, false);
          });
        }
      }
      for (const member of ['nread0', 'nread', 'nwrite'] as const)
        assert.ok(sprung.has(member), `${member} never threw`);
    },
  })),
};

const CALLS: Readonly<Record<string, (ssl: Ssl) => number>> = {
  read: (ssl) => ssl.read(new Uint8Array(5)),
  write: (ssl) => ssl.write(new TextEncoder().encode('one ')),
  shutdown: (ssl) => ssl.shutdown(),
  keyUpdate: (ssl) => ssl.keyUpdate(true),
};

const afterwards: CheckGroup = {
  title: 'a BIO that throws once the connection is established',
  checks: Object.entries(CALLS).map(([name, call]) => ({
    title: `in ${name}() ends it: what was begun is not gone on with by the next call`,
    run: async (backend) => {
      const anchors = [(await pki('root')).certificate];
      const kinds = Object.values(THROWN);
      const sprung = new Set<Member>();
      for (const [i, member] of MEMBERS.entries()) {
        await scene(backend, { server: { minVersion: 'TLSv1.3' } }, async ({ server, wire }) => {
          const trap = new Trap();
          const client = await trapped(backend, wire, trap, anchors);
          await client.established();
          const socket = await server.accepted();
          let got = '';
          let broken: unknown;
          socket.on('data', (bytes: Buffer) => void (got += bytes.toString()));
          socket.on('error', (error) => void (broken = error));
          socket.write('hello from the server');
          await settle(client, wire);
          trap.arm(member, 1, i % 2 === 0, () => kinds[(i + name.length) % kinds.length]?.(backend, client.ssl));
          const ret = await client.call(() => call(client.ssl));
          if (trap.sprung && client.ssl.failure !== undefined) {
            sprung.add(member);
            expectDead(client, ret, trap.thrown, true);
          } else if (trap.sprung) {
            // Space that nobody needs may be asked for in vain, as after shutdownWrite().
            assert.equal(member, 'nwrite0');
          }
          await settle(client, wire);
          // The server has all of what was told to be sent, or less; never something else.
          assert.ok('one '.startsWith(got), got);
          assert.equal(broken, undefined);
        });
      }
      for (const member of name === 'read' ? (['nread', 'nread0'] as const) : (['nwrite'] as const))
        assert.ok(sprung.has(member), `${member} never threw`);
    },
  })),
};

/** What is under way arrives, in both directions. */
async function settle(client: Client, wire: Wire): Promise<void> {
  for (let turn = 0; turn < 6; turn++) {
    await client.flush();
    await new Promise((resolve) => setImmediate(resolve));
    wire.pour(client.net);
  }
}

const NONSENSE: readonly (readonly [Member, unknown])[] = [
  ['pending', Number.NaN],
  ['pending', undefined],
  ['pending', '5'],
  ['pending', -1],
  ['nread0', undefined],
  ['nread0', 'bytes'],
  ['nread0', [1, 2, 3]],
  ['nwrite0', undefined],
  ['nwrite0', 1e9],
];

const answers: CheckGroup = {
  title: 'a BIO that answers what no BIO may answer',
  checks: NONSENSE.map(([member, value]) => ({
    title: `${member}: ${JSON.stringify(value) ?? String(value)}, is told as the fault of the BIO`,
    run: async (backend) =>
      scene(backend, {}, async ({ client, server }) => {
        let asked = false;
        const bio = new Proxy(client.bio, {
          get(target, name) {
            if (name === member) {
              asked = true;
              return member === 'pending' ? value : () => value;
            }
            const own: unknown = Reflect.get(target, name, target);
            // The bytes of the server seem to be there, so that they are looked at
            if (name === 'pending' && member === 'nread0') return 5;
            return typeof own === 'function'
              ? (...given: unknown[]): unknown => Reflect.apply(own, target, given)
              : own;
          },
        });
        client.ssl.setBio(bio, bio);
        const ret = await client.connect();
        // An engine need not ask for `pending`; then nothing is lost
        if (!asked) {
          assert.deepEqual([ret, member], [1, 'pending']);
          echo(await server.accepted());
          return client.echo('all of it');
        }
        expectReturn(client.ssl, ret, -1, SslErrorCode.syscall);
        const { error } = client.failure();
        assert.equal(error.code, 'TRANSPORT_ERROR');
        assert.match(error.message, new RegExp(`^the BIO broke its contract: ${member}`));
      }),
  })),
};

export const transport: readonly CheckGroup[] = [handshakes, afterwards, answers];
