/**
 * @module Early data (RFC 9846 section 2.3) and authentication after the handshake (section 4.7.2), with OpenSSL's
 * server.
 */
import assert from 'node:assert/strict';
import type { Backend, ContextOptions, Credential, SslContext, TlsSession } from '@ferrule/contract';
import { SslErrorCode } from '@ferrule/result';
import { type CheckGroup, group } from '../check.ts';
import { Client, expectReturn, trusting } from '../client.ts';
import { pki } from '../pki/index.ts';
import { OpensslServer } from '../server/openssl-server.ts';

const EARLY = ['-tls1_3', '-early_data', '-max_early_data', '16384'];
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

const earlyData: CheckGroup = group(
  'feature early-data',
  {
    'sends data with the ClientHello, and says that the server accepted it': (backend) =>
      withEarlyData(backend, async (server, context, session) => {
        assert.equal(session.maxEarlyData, 16_384);
        const client = await Client.make(backend, server.dial(), { context });
        client.ssl.setSession(session);
        assert.equal(await client.run(() => client.ssl.writeEarlyData(text('early bird'))), 10);
        await client.established();
        assert.equal(client.ssl.earlyData, 'accepted');
        assert.equal(client.ssl.sessionReused, true);
        await server.printed('early bird');
        await client.send('and later\n');
        await server.printed('and later');
        client.ssl.dispose();
      }),
    'says that the server rejected it, and goes on': (backend) =>
      withEarlyData(backend, async (_server, context, session) => {
        // Another server knows nothing of the ticket
        const other = await OpensslServer.start(EARLY);
        try {
          const client = await Client.make(backend, other.dial(), { context });
          client.ssl.setSession(session);
          assert.equal(await client.run(() => client.ssl.writeEarlyData(text('lost'))), 4);
          await client.established();
          assert.equal(client.ssl.earlyData, 'rejected');
          assert.equal(client.ssl.sessionReused, false);
          await client.send('said again\n');
          await other.printed('said again');
          client.ssl.dispose();
        } finally {
          other.close();
        }
      }),
    'that waits for room when the handshake goes on is not counted in what is written after it, and its fate is told': (
      backend,
    ) =>
      withEarlyData(backend, async (server, context, session) => {
        const client = await Client.make(backend, server.dial(), { context, bioSize: 1024 });
        client.ssl.setSession(session);
        assert.equal(await client.call(() => client.ssl.writeEarlyData(text('early '.repeat(250)))), -1);
        assert.equal(client.ssl.getError(-1), SslErrorCode.wantWrite);
        assert.throws(() => client.ssl.writeEarlyData(text('less')), TypeError);
        await client.call(() => client.ssl.connect());
        assert.throws(() => client.ssl.writeEarlyData(text('early '.repeat(250))), TypeError);
        await client.established();
        assert.equal(client.ssl.earlyData, 'accepted');
        await server.printed('early '.repeat(250));
        await client.send(`${'after '.repeat(900)}\n`);
        await server.printed('after '.repeat(900));
        client.ssl.dispose();
      }),
    'is a TypeError where its suite or its application protocol is not offered, and the session resumes': async (
      backend,
    ) => {
      const made: ContextOptions = { alpn: ['one', 'two'], cipherSuites: [0x1301] };
      const offered: [options: ContextOptions, fits: boolean][] = [
        [made, true],
        [{ ...made, alpn: ['two'] }, false],
        [{ cipherSuites: [0x1301] }, false],
        [{ ...made, cipherSuites: [0x1303] }, false],
      ];
      for (const [options, fits] of offered) {
        const play = async (server: OpensslServer, _context: SslContext, session: TlsSession): Promise<void> => {
          const client = await Client.make(backend, server.dial(), { options: { groups: [0x1d], ...options } });
          client.ssl.setSession(session);
          const write = client.run(() => client.ssl.writeEarlyData(text('early')));
          if (fits) assert.equal(await write, 5);
          else {
            await assert.rejects(write, TypeError);
            assert.equal(client.net.pending, 0, 'nothing was sent for it');
          }
          await client.established();
          assert.equal(client.ssl.sessionReused, true);
          assert.equal(client.ssl.earlyData, fits ? 'accepted' : 'not-sent');
          client.ssl.dispose();
        };
        await withEarlyData(backend, play, made);
      }
    },
    'is a TypeError once the handshake is done': (backend) =>
      withEarlyData(backend, async (server, context, session) => {
        const client = await Client.make(backend, server.dial(), { context });
        client.ssl.setSession(session);
        await client.established();
        assert.equal(client.ssl.earlyData, 'not-sent');
        assert.throws(() => client.ssl.writeEarlyData(text('too late')), TypeError);
        client.ssl.dispose();
      }),
  },
  'early-data',
);

const postHandshakeAuth: CheckGroup = group(
  'feature post-handshake-auth',
  {
    'shows the certificate when the server asks after the handshake, out of read()': async (backend) => {
      const { chain, key } = await pki('client');
      const server = await OpensslServer.start(['-tls1_3']);
      try {
        const options = { postHandshakeAuth: true, credentials: [{ chain, key }] };
        const client = await Client.make(backend, server.dial(), { options });
        await client.established();
        const answer = client.receiveText(5);
        server.type('c\n');
        await server.printed('SSL_do_handshake -> 1');
        server.type('ping\n');
        assert.equal(await answer, 'ping\n');
        await client.send('pong\n');
        await server.printed('pong');
        // What OpenSSL's verification has to say about it
        await server.printed('CN = client');
        client.ssl.dispose();
      } finally {
        server.close();
      }
    },
    'says nothing after close_notify: shutdown() does not wait for the credential that a callback has yet to name':
      async (backend) => {
        const { chain, key } = await pki('client');
        const server = await OpensslServer.start(['-tls1_3']);
        try {
          let answer: ((credential: Credential) => void) | undefined;
          const sent: string[] = [];
          const options: ContextOptions = {
            postHandshakeAuth: true,
            onCertificateRequest: () => new Promise((resolve) => (answer = resolve)),
            onMessage: ({ direction, contentType, bytes }) =>
              void (direction === 'sent' && sent.push(`${contentType} ${bytes[contentType === 21 ? 1 : 0]}`)),
          };
          const client = await Client.make(backend, server.dial(), { options });
          const { ssl } = await client.established();
          server.type('c\n');
          while (answer === undefined) {
            if (ssl.getError(ssl.read(new Uint8Array(9))) === SslErrorCode.wantRead) await client.peer.fill(client.net);
            else await new Promise((resolve) => setImmediate(resolve));
          }
          expectReturn(ssl, ssl.read(new Uint8Array(9)), -1, SslErrorCode.wantX509Lookup);
          sent.length = 0;
          assert.equal(await client.call(() => ssl.shutdown()), 0);
          answer({ chain, key });
          await new Promise((resolve) => setImmediate(resolve));
          await client.readEnd();
          await client.flush();
          assert.equal(sent.at(-1), '21 0', sent.join(', '));
          assert.equal(sent.filter((message) => message === '21 0').length, 1);
          assert.ok(!sent.includes('22 15'), 'a signature was sent');
          ssl.dispose();
        } finally {
          server.close();
        }
      },
  },
  'post-handshake-auth',
);

export const withOpenssl: readonly CheckGroup[] = [earlyData, postHandshakeAuth];

/** A server that takes early data, and a session of it that was made under these options. */
export async function withEarlyData(
  backend: Backend,
  play: (server: OpensslServer, context: SslContext, session: TlsSession) => Promise<void>,
  made: ContextOptions = {},
): Promise<void> {
  const server = await OpensslServer.start([...EARLY, '-alpn', 'one,two']);
  try {
    const sessions: TlsSession[] = [];
    const options: ContextOptions = await trusting({
      // A group that every server knows: after a HelloRetryRequest there is no early data
      groups: [0x1d],
      ...made,
      onSession: (session) => sessions.push(session),
    });
    const context = backend.createContext(options);
    const peer = server.dial();
    const client = await Client.make(backend, peer, { context });
    await client.established();
    // Tickets come by themselves, and a read() finds them
    while (sessions.length === 0) {
      assert.equal(
        client.ssl.getError(await client.call(() => client.ssl.read(new Uint8Array(1)))),
        SslErrorCode.wantRead,
      );
      if (sessions.length === 0) await peer.fill(client.net);
    }
    // It serves one at a time, and forgets the sessions of those who leave without a word
    await client.shutdown();
    client.ssl.dispose();
    peer.end();
    await play(server, context, sessions.at(-1) as TlsSession);
    context.dispose();
  } finally {
    server.close();
  }
}
