/**
 * @module SSL_connect(3), claim by claim: each claim of the manual page (and what it refers to: SSL_do_handshake(3),
 * SSL_get_error(3), SSL_shutdown(3)) proved over blocking and non-blocking BIOs of several sizes.
 */
import assert from 'node:assert/strict';
import { bioPair, type BlockingBio } from '@ferrule/bio';
import type { Backend, Ssl } from '@ferrule/contract';
import { SslErrorCode } from '@ferrule/result';
import { concat } from '@ferrule/result/bytes';
import { blockingPeer, type BlockingSceneOptions } from '../blocking.ts';
import { atOnce, type CheckGroup, group } from '../check.ts';
import { Client, expectReturn, trusting } from '../client.ts';
import { pki } from '../pki/index.ts';
import { ScriptedPeer } from '../server/peer.ts';
import { echo } from '../server/tls-server.ts';
import { pattern, scene } from './support.ts';

/** One byte; two; fewer than a record header and its first fragment; a whole record. */
export const BIO_SIZES: readonly number[] = [1, 2, 17, 17 * 1024];

const FATAL_HANDSHAKE_FAILURE = new Uint8Array([21, 3, 3, 0, 2, 2, 40]);

const beforehand: CheckGroup = group('SSL_connect(3): before the first byte', {
  'the communication channel must already have been set: without a BIO, connect() is -1 / SSL with BIO_MISSING': async (
    backend,
  ) => {
    const ssl = await connection(backend);
    expectReturn(ssl, ssl.connect(), -1, SslErrorCode.ssl);
    assert.equal(ssl.failure?.error.code, 'BIO_MISSING');
    ssl.dispose();
  },
  'setBio() is a TypeError once the handshake has begun': (backend) =>
    scene(backend, {}, async ({ client: { ssl, bio } }) => {
      ssl.connect();
      assert.throws(() => ssl.setBio(bio, bio), TypeError);
      await Promise.resolve();
    }),
  'two BIOs may serve the two directions': atOnce((backend) =>
    scene(backend, {}, async ({ wire, server }) => {
      const ssl = await connection(backend);
      const [inbound, inNet] = bioPair();
      const [outbound, outNet] = bioPair();
      ssl.setBio(inbound, outbound);
      for (let ret = ssl.connect(); ret !== 1; ret = ssl.connect()) {
        assert.equal(ssl.getError(ret), SslErrorCode.wantRead);
        await wire.flush(outNet);
        await wire.fill(inNet);
      }
      await wire.flush(outNet);
      await server.accepted();
      ssl.dispose();
    }),
  ),
  'SSL_do_handshake(3): without SSL_set_connect_state() it is -1 / SSL with CONNECTION_TYPE_NOT_SET': (backend) =>
    scene(backend, {}, async ({ client: { ssl, net } }) => {
      expectReturn(ssl, ssl.doHandshake(), -1, SslErrorCode.ssl);
      assert.equal(ssl.failure?.error.code, 'CONNECTION_TYPE_NOT_SET');
      assert.equal(net.pending, 0, 'nothing was sent');
      await Promise.resolve();
    }),
  'setConnectState() after the handshake has begun, and setHost() then, are refused or harmless, but never start it anew':
    (backend) =>
      scene(backend, {}, async ({ client }) => {
        const { ssl } = await client.established();
        assert.throws(() => ssl.setHost('other.test'), TypeError);
        expectReturn(ssl, ssl.connect(), 1, SslErrorCode.none);
      }),
  'the client speaks last, so Nagle could hold its Finished back: when connect() says 1, bytes still stand in the BIO':
    atOnce((backend) =>
      scene(backend, {}, async ({ client: { ssl, net }, wire, server }) => {
        let ret = ssl.connect();
        while (ret !== 1) {
          assert.equal(ssl.getError(ret), SslErrorCode.wantRead);
          await wire.flush(net);
          await wire.fill(net);
          ret = ssl.connect();
        }
        assert.ok(net.pending > 0);
        await wire.flush(net);
        await server.accepted();
      }),
    ),
});

const nonBlocking = (size: number): CheckGroup =>
  group(`SSL_connect(3) over a non-blocking BIO pair of ${size} bytes`, {
    'returns before it is done, getError() yields WANT_READ or WANT_WRITE, and the repeated call goes on to 1': (
      backend,
    ) =>
      scene(backend, { bioSize: size }, async ({ client }) => {
        await client.established();
        assert.ok(client.answers.includes(SslErrorCode.wantRead));
        if (size < 1000) assert.ok(client.answers.includes(SslErrorCode.wantWrite));
        const known: SslErrorCode[] = [SslErrorCode.none, SslErrorCode.wantRead, SslErrorCode.wantWrite];
        if (!backend.features.has('synchronous')) known.push(SslErrorCode.wantAsync);
        assert.ok(client.answers.every((answer) => known.includes(answer)));
      }),
    'with WANT_WRITE the BIO is full, with WANT_READ it is empty, and nothing moves until someone moves it': atOnce(
      (backend) =>
        scene(backend, { bioSize: size }, async ({ client: { ssl, bio, net }, wire, server }) => {
          for (let ret = ssl.connect(); ret !== 1; ret = ssl.connect()) {
            const why = ssl.getError(ret);
            assert.ok(why === SslErrorCode.wantRead || why === SslErrorCode.wantWrite, `getError ${why}`);
            if (why === SslErrorCode.wantWrite) assert.equal(bio.nwrite0().length, 0);
            else assert.equal(bio.pending, 0);
            const before = [net.pending, bio.pending];
            assert.equal(ssl.getError(ssl.connect()), why, 'called again at once, the same');
            assert.deepEqual([net.pending, bio.pending], before);
            await wire.flush(net);
            if (why === SslErrorCode.wantRead) await wire.fill(net);
          }
          await wire.flush(net);
          await server.accepted();
        }),
    ),
    'bytes may be given and taken one at a time, whatever the BIO holds': atOnce((backend) =>
      scene(backend, { bioSize: size }, async ({ client: { ssl, net, bio }, wire, server }) => {
        const one = bioPair(1);
        const pending = (): number => wire.waiting;
        let calls = 0;
        for (let ret = ssl.connect(); ret !== 1; ret = ssl.connect()) {
          calls++;
          await wire.flush(net);
          if (ssl.getError(ret) !== SslErrorCode.wantRead) continue;
          if (pending() === 0 && bio.pending === 0) await wire.fill(one[0]);
          else wire.pour(one[0]);
          const byte = new Uint8Array(1);
          if (one[1].read(byte) === 1) net.write(byte);
        }
        await wire.flush(net);
        await server.accepted();
        assert.ok(calls > 500, 'a server flight has more than 500 bytes');
      }),
    ),
    '1: the connection has been established, and carries data both ways': (backend) =>
      scene(backend, { bioSize: size }, async ({ client, server }) => {
        await client.established();
        assert.equal(client.ssl.established, true);
        echo(await server.accepted());
        await client.echo(pattern(size < 17 ? 400 : 40_000));
      }),
    'called again after success it is 1 again, and sends nothing': (backend) =>
      scene(backend, { bioSize: size }, async ({ client }) => {
        const { ssl, net } = await client.established();
        for (let i = 0; i < 3; i++) expectReturn(ssl, ssl.connect(), 1, SslErrorCode.none);
        expectReturn(ssl, ssl.doHandshake(), 1, SslErrorCode.none);
        assert.equal(net.pending, 0);
      }),
    '0: the peer ended the handshake by the rules; called again, the same': async (backend) => {
      const client = await Client.make(backend, new ScriptedPeer(FATAL_HANDSHAKE_FAILURE), { bioSize: size });
      expectReturn(client.ssl, await client.connect(), 0, SslErrorCode.ssl);
      const failure = client.failure();
      expectReturn(client.ssl, client.ssl.connect(), 0, SslErrorCode.ssl);
      assert.equal(client.failure(), failure);
    },
    '<0: a fatal error; the alert leaves by the BIO though it is small; called again, the same': async (backend) =>
      scene(backend, { bioSize: size, server: { identity: await pki('expired') } }, async ({ client, server }) => {
        expectReturn(client.ssl, await client.connect(), -1, SslErrorCode.ssl);
        const failure = client.failure();
        assert.equal(failure.error.code, 'CERT_EXPIRED');
        expectReturn(client.ssl, client.ssl.connect(), -1, SslErrorCode.ssl);
        assert.equal(client.failure(), failure);
        // An alert is more than fits: what did not fit comes with the calls that follow
        for (let i = 0; i < 64; i++) {
          client.ssl.connect();
          await client.peer.flush(client.net);
        }
        assert.equal(await server.alert(), 45);
      }),
    '<0: the connection failed: SYSCALL': atOnce((backend) =>
      scene(backend, { bioSize: size }, async ({ client: { ssl, net } }) => {
        ssl.connect();
        net.fail(new Error('unplugged'));
        expectReturn(ssl, ssl.connect(), -1, SslErrorCode.syscall);
        await Promise.resolve();
      }),
    ),
    'SSL_do_handshake(3) after SSL_set_connect_state() does the same': (backend) =>
      scene(backend, { bioSize: size }, async ({ client, server }) => {
        client.ssl.setConnectState();
        assert.equal(await client.run(() => client.ssl.doHandshake()), 1);
        expectReturn(client.ssl, client.ssl.connect(), 1, SslErrorCode.none);
        await server.accepted();
      }),
    'SSL_shutdown(3): 0 when ours is sent, 1 when theirs has come': (backend) =>
      scene(backend, { bioSize: size }, async ({ client, server }) => {
        const { ssl } = await client.established();
        const socket = (await server.accepted()).resume();
        const ended = new Promise((resolve) => socket.once('end', resolve));
        assert.equal(await client.shutdown(), 0);
        assert.equal(ssl.shutdownState, 1);
        await ended;
        socket.end();
        assert.equal(await client.shutdown(), 1);
        assert.equal(ssl.shutdownState, 3);
      }),
    'SSL_shutdown(3): 1 at once when theirs came first': (backend) =>
      scene(backend, { bioSize: size }, async ({ client, server }) => {
        const { ssl } = await client.established();
        (await server.accepted()).end();
        assert.equal(await client.readEnd(), 0);
        assert.equal(ssl.getError(0), SslErrorCode.zeroReturn);
        assert.equal(await client.shutdown(), 1);
      }),
  });

const blocking = (size: number): CheckGroup =>
  group(
    `SSL_connect(3) over a blocking BIO of ${size} bytes`,
    {
      'returns once, when the handshake is finished: 1': (backend) =>
        waiting(backend, { size }, (ssl) => {
          expectReturn(ssl, ssl.connect(), 1, SslErrorCode.none);
          assert.equal(ssl.established, true);
          echoes(ssl);
          expectReturn(ssl, ssl.connect(), 1, SslErrorCode.none);
        }),
      'read() and write() return only when they are done': (backend) =>
        waiting(backend, { size }, (ssl) => {
          assert.equal(ssl.connect(), 1);
          for (const length of size < 17 ? [1, 300] : [1, 300, 40_000]) {
            const sent = pattern(length);
            assert.equal(ssl.write(sent), length);
            const got: Uint8Array[] = [];
            for (let have = 0; have < length;) {
              const into = new Uint8Array(length - have);
              const n = ssl.read(into);
              assert.ok(n > 0, `read() = ${n}: ${ssl.failure?.error.code}`);
              got.push(into.subarray(0, n));
              have += n;
            }
            assert.deepEqual(Buffer.from(concat(got)), Buffer.from(sent));
          }
        }),
      'a full handshake over TLS 1.2, too': (backend) =>
        waiting(backend, { size, tls: { maxVersion: 'TLSv1.2' } }, (ssl) => {
          expectReturn(ssl, ssl.connect(), 1, SslErrorCode.none);
          assert.equal(ssl.version, 'TLSv1.2');
        }),
      'an error comes back as it does without blocking: <0 / SSL for a bad certificate': (backend) =>
        waiting(backend, { size, identity: 'expired' }, (ssl) => {
          expectReturn(ssl, ssl.connect(), -1, SslErrorCode.ssl);
          assert.equal(ssl.failure?.error.code, 'CERT_EXPIRED');
          expectReturn(ssl, ssl.connect(), -1, SslErrorCode.ssl);
        }),
      'a fatal alert of the peer is 0 / SSL': (backend) =>
        waiting(backend, { size, act: 'alert' }, (ssl) => {
          expectReturn(ssl, ssl.connect(), 0, SslErrorCode.ssl);
          assert.deepEqual(
            [ssl.failure?.error.code, ssl.failure?.error.alert?.name],
            ['PEER_ALERT', 'handshake_failure'],
          );
        }),
      'an end in the handshake is <0 / SSL with UNEXPECTED_EOF': (backend) =>
        waiting(backend, { size, act: 'eof' }, (ssl) => {
          expectReturn(ssl, ssl.connect(), -1, SslErrorCode.ssl);
          assert.equal(ssl.failure?.error.code, 'UNEXPECTED_EOF');
        }),
      'a peer that speaks HTTP is <0 / SSL with HTTP_REQUEST': (backend) =>
        waiting(backend, { size, act: 'http' }, (ssl) => {
          expectReturn(ssl, ssl.connect(), -1, SslErrorCode.ssl);
          assert.equal(ssl.failure?.error.code, 'HTTP_REQUEST');
        }),
      'a transport that fails is <0 / SYSCALL': (backend) =>
        waiting(backend, { size, act: 'failure' }, (ssl) => {
          expectReturn(ssl, ssl.connect(), -1, SslErrorCode.syscall);
          assert.equal(ssl.failure?.error.code, 'TRANSPORT_ERROR');
        }),
      'a peer that is silent is <0 / SYSCALL with TIMEOUT when the time of the BIO is over': (backend) =>
        waiting(backend, { size, act: 'silence', timeout: 50 }, (ssl) => {
          expectReturn(ssl, ssl.connect(), -1, SslErrorCode.syscall);
          assert.equal(ssl.failure?.error.code, 'TIMEOUT');
        }),
      'an end by the rules is 0 / ZERO_RETURN from read(), then shutdown() is 1': (backend) =>
        waiting(backend, { size, act: 'goodbye' }, (ssl) => {
          assert.equal(ssl.connect(), 1);
          let text = '';
          const into = new Uint8Array(16);
          for (let n = ssl.read(into); n > 0 && text.length < 100; n = ssl.read(into))
            text += new TextDecoder().decode(into.subarray(0, n));
          assert.equal(text, 'goodbye');
          expectReturn(ssl, ssl.read(into), 0, SslErrorCode.zeroReturn);
          assert.equal(ssl.shutdown(), 1);
        }),
      'an end against the rules is <0 / SSL with UNEXPECTED_EOF from read()': (backend) =>
        waiting(backend, { size, act: 'cut' }, (ssl) => {
          assert.equal(ssl.connect(), 1);
          const into = new Uint8Array(16);
          let ret = ssl.read(into);
          for (let i = 0; i < 100 && ret > 0; i++) ret = ssl.read(into);
          expectReturn(ssl, ret, -1, SslErrorCode.ssl);
          assert.equal(ssl.failure?.error.code, 'UNEXPECTED_EOF');
        }),
      'shutdown() is 0 when ours is sent; the next one waits for theirs: 1': (backend) =>
        waiting(backend, { size }, (ssl) => {
          assert.equal(ssl.connect(), 1);
          assert.equal(ssl.shutdown(), 0);
          assert.equal(ssl.shutdown(), 1);
          assert.equal(ssl.shutdownState, 3);
        }),
      'SSL_do_handshake(3) after SSL_set_connect_state() does the same': (backend) =>
        waiting(backend, { size }, (ssl) => {
          ssl.setConnectState();
          expectReturn(ssl, ssl.doHandshake(), 1, SslErrorCode.none);
          echoes(ssl);
        }),
    },
    'synchronous',
  );

/** Every claim, every BIO size, blocking and not. */
export const manPage: readonly CheckGroup[] = [beforehand, ...BIO_SIZES.map(nonBlocking), ...BIO_SIZES.map(blocking)];

async function connection(backend: Backend): Promise<Ssl> {
  const ssl = backend.createContext(await trusting()).newConnection();
  ssl.setHost('server.test');
  return ssl;
}

/** One byte there and back, on a BIO that waits. */
function echoes(ssl: Ssl): void {
  const into = new Uint8Array(1);
  assert.equal(ssl.write(Uint8Array.of(0x5a)), 1);
  assert.equal(ssl.read(into), 1);
  assert.equal(into[0], 0x5a);
}

/** Plays against a peer in a worker, on a BIO that waits. */
async function waiting(
  backend: Backend,
  options: BlockingSceneOptions,
  play: (ssl: Ssl, bio: BlockingBio) => void,
): Promise<void> {
  const ssl = await connection(backend);
  const bio = await blockingPeer(options);
  ssl.setBio(bio, bio);
  try {
    play(ssl, bio);
  } finally {
    ssl.dispose();
    bio.shutdownWrite();
  }
}
