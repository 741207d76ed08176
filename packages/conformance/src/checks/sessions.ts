/** @module Sessions: tickets, resumption in both versions, serialisation, and what is refused. */
import assert from 'node:assert/strict';
import type { Backend, ContextOptions, SslContext, TlsSession } from '@ferrule/contract';
import { type CheckGroup, group } from '../check.ts';
import { trusting } from '../client.ts';
import { echo, TestServer, type TestServerOptions } from '../server/tls-server.ts';
import { again } from './support.ts';

interface Trial {
  readonly server: TestServer;
  readonly context: SslContext;
  readonly sessions: TlsSession[];
}

const versions = ['TLSv1.3', 'TLSv1.2'] as const;

/** A server, and a context that has one session of it. */
async function withSession(
  backend: Backend,
  server: TestServerOptions,
  options: ContextOptions,
  play: (trial: Trial & { readonly session: TlsSession }) => Promise<void>,
): Promise<void> {
  const sessions: TlsSession[] = [];
  const context = backend.createContext(await trusting({ ...options, onSession: (session) => sessions.push(session) }));
  const running = await TestServer.make(server);
  try {
    const client = await again(backend, running, { context });
    await client.established();
    echo(await running.accepted());
    // In TLS 1.3 tickets come with what is read after the handshake
    await client.echo('hello');
    client.ssl.dispose();
    const session = sessions.at(-1);
    assert.ok(session, 'onSession must have been called');
    await play({ server: running, context, sessions, session });
  } finally {
    running.close();
    context.dispose();
  }
}

const resumption: CheckGroup = group('resumption', {
  'continues a session, in each version, with the facts of the first': async (backend) => {
    for (const version of versions) {
      await withSession(backend, { maxVersion: version }, {}, async ({ server, context, session }) => {
        assert.equal(session.version, version);
        assert.equal(session.host, 'server.test');
        assert.ok(session.expiresAt > Date.now() && session.expiresAt < Date.now() + 8 * 86_400_000);
        assert.equal(session.maxEarlyData, 0);
        const client = await again(backend, server, { context });
        client.ssl.setSession(session);
        await client.established();
        assert.equal(client.ssl.sessionReused, true, version);
        assert.equal((await server.accepted()).isSessionReused(), true);
        assert.equal(client.ssl.version, version);
        assert.equal(client.ssl.peerCertificates.length, 2, 'the chain comes with the session');
        assert.equal(client.ssl.verifyResult, 0);
        client.ssl.dispose();
      });
    }
  },
  'moves data as any connection': (backend) =>
    withSession(backend, {}, {}, async ({ server, context, session }) => {
      const client = await again(backend, server, { context });
      client.ssl.setSession(session);
      await client.established();
      echo(await server.accepted());
      await client.echo('resumed');
      client.ssl.dispose();
    }),
  'falls back to a full handshake when the server no longer knows the session': async (backend) => {
    for (const version of versions) {
      await withSession(backend, { maxVersion: version }, {}, async ({ context, session }) => {
        const other = await TestServer.make({ maxVersion: version });
        try {
          const client = await again(backend, other, { context });
          client.ssl.setSession(session);
          await client.established();
          assert.equal(client.ssl.sessionReused, false);
          client.ssl.dispose();
        } finally {
          other.close();
        }
      });
    }
  },
  'is not attempted without setSession()': (backend) =>
    withSession(backend, {}, {}, async ({ server, context }) => {
      const client = await again(backend, server, { context });
      await client.established();
      assert.equal(client.ssl.sessionReused, false);
      client.ssl.dispose();
    }),
  'with several tickets calls onSession() for each, out of read()': async (backend) => {
    const sessions: TlsSession[] = [];
    const context = backend.createContext(await trusting({ onSession: (session) => sessions.push(session) }));
    const server = await TestServer.make();
    try {
      const client = await again(backend, server, { context });
      await client.established();
      assert.equal(sessions.length, 0, 'none before anything was read');
      echo(await server.accepted());
      await client.echo('x');
      // Node's server sends two
      assert.equal(sessions.length, 2);
      client.ssl.dispose();
    } finally {
      server.close();
      context.dispose();
    }
  },
  'keeps no more tickets than limits.tickets': async (backend) => {
    const sessions: TlsSession[] = [];
    const context = backend.createContext(
      await trusting({ limits: { tickets: 1 }, onSession: (session) => sessions.push(session) }),
    );
    const server = await TestServer.make();
    try {
      const client = await again(backend, server, { context });
      await client.established();
      echo(await server.accepted());
      await client.echo('x');
      assert.equal(sessions.length, 1);
      client.ssl.dispose();
    } finally {
      server.close();
      context.dispose();
    }
  },
});

const bytes: CheckGroup = group('serialised sessions', {
  'survive toBytes() and sessionFromBytes(), in each version': async (backend) => {
    for (const version of versions) {
      await withSession(backend, { maxVersion: version }, {}, async ({ server, context, session }) => {
        const copy = context.sessionFromBytes(session.toBytes());
        assert.ok(copy);
        assert.deepEqual(
          [copy.version, copy.host, copy.expiresAt, copy.maxEarlyData],
          [session.version, session.host, session.expiresAt, session.maxEarlyData],
        );
        const client = await again(backend, server, { context });
        client.ssl.setSession(copy);
        await client.established();
        assert.equal(client.ssl.sessionReused, true, version);
        client.ssl.dispose();
      });
    }
  },
  'that are not intact are undefined, never an exception': (backend) =>
    withSession(backend, {}, {}, async ({ context, session }) => {
      const whole = session.toBytes();
      assert.equal(context.sessionFromBytes(new Uint8Array(0)), undefined);
      assert.equal(context.sessionFromBytes(new TextEncoder().encode('not a session')), undefined);
      for (let length = 1; length < whole.length; length += 7)
        assert.equal(context.sessionFromBytes(whole.subarray(0, length)), undefined, `cut at ${length}`);
      await Promise.resolve();
    }),
});

const refused: CheckGroup = group('sessions that are refused', {
  'of another host are a TypeError': (backend) =>
    withSession(backend, {}, {}, async ({ server, context, session }) => {
      const client = await again(backend, server, { context, host: 'a.wild.test' });
      assert.throws(() => client.ssl.setSession(session), TypeError);
      client.ssl.dispose();
    }),
  'are a TypeError once the handshake has begun': (backend) =>
    withSession(backend, {}, {}, async ({ server, context, session }) => {
      const client = await again(backend, server, { context });
      client.ssl.connect();
      assert.throws(() => client.ssl.setSession(session), TypeError);
      client.ssl.dispose();
    }),
  'that are objects of someone else are a TypeError': (backend) =>
    withSession(backend, {}, {}, async ({ server, context, session }) => {
      const client = await again(backend, server, { context });
      const fake = {
        version: session.version,
        host: session.host,
        expiresAt: session.expiresAt,
        maxEarlyData: 0,
        toBytes: () => session.toBytes(),
      };
      assert.throws(() => client.ssl.setSession(fake), TypeError);
      assert.throws(() => client.ssl.setSession(undefined as unknown as TlsSession), TypeError);
      client.ssl.dispose();
    }),
  'without early data make writeEarlyData() a TypeError, so does no session': (backend) =>
    withSession(backend, {}, {}, async ({ server, context, session }) => {
      const client = await again(backend, server, { context });
      assert.throws(() => client.ssl.writeEarlyData(new Uint8Array(1)), TypeError);
      client.ssl.setSession(session);
      assert.throws(() => client.ssl.writeEarlyData(new Uint8Array(1)), TypeError);
      await client.established();
      assert.equal(client.ssl.earlyData, 'not-sent');
      client.ssl.dispose();
    }),
});

export const sessions: readonly CheckGroup[] = [resumption, bytes, refused];
