/**
 * A resumed session is as good as the secret that both sides have: a server of zeros, which is what wiped memory holds,
 * is not taken for the one that made it.
 */
import { bioPair } from '@ferrule/bio';
import { pki } from '@ferrule/conformance/pki';
import type { Backend, ContextOptions, SslContext, TlsSession, TlsVersion } from '@ferrule/contract';
import { loadNative } from '@ferrule/native';
import { createPure } from '@ferrule/pure';
import { nobleCrypto } from '@ferrule/pure/crypto/noble';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { Secret } from '@ferrule/pure/keys';
import { describe, expect, it } from 'vitest';
import type { Script } from '@ferrule/wrong-servers/peer';
import { Server12 } from '@ferrule/wrong-servers/server12';
import { Server13 } from '@ferrule/wrong-servers/server13';

const identity = await pki('p256');
const root = (await pki('root')).certificate;

const loaded = loadNative();
if (!loaded.ok) console.log(`skipped: the native engine is not available here: ${loaded.reason}`);
const ENGINES: [string, Backend][] = [
  ['pure', createPure({ crypto: nodeCrypto })],
  ['pure with noble', createPure({ crypto: nobleCrypto })],
  ...(loaded.ok ? [['native', loaded.backend] as [string, Backend]] : []),
];

interface Ended {
  readonly established: boolean;
  readonly reused: boolean;
  readonly code: string | undefined;
}

function run(context: SslContext, server: Server12 | Server13, script: () => Script, session?: TlsSession): Ended {
  const ssl = context.newConnection();
  const [bio, network] = bioPair(1 << 16);
  ssl.setBio(bio, bio);
  ssl.setHost('server.test');
  if (session !== undefined) ssl.setSession(session);
  const turns = script();
  ssl.connect();
  const into = new Uint8Array(1);
  for (let i = 0; i < 10 && ssl.failure === undefined; i++) {
    const sent = network.nread0().slice();
    server.feed(sent);
    network.nread(sent.length);
    turns.next();
    network.write(server.takeOutput());
    if (ssl.connect() === 1) ssl.read(into);
  }
  const ended = { established: ssl.established, reused: ssl.sessionReused, code: ssl.failure?.error.code };
  ssl.dispose();
  return ended;
}

/** A context, a session of it, and the secret that the session holds. */
function first(
  backend: Backend,
  maxVersion: TlsVersion,
): { context: SslContext; session: TlsSession; secret: Uint8Array } {
  const sessions: TlsSession[] = [];
  const options: ContextOptions = {
    trustAnchors: [root],
    maxVersion,
    cipherSuites: [0x1301, 0xc02b],
    groups: [29, 23],
    onSession: (each) => void sessions.push(each),
  };
  const context = backend.createContext(options);
  let secret: Uint8Array = new Uint8Array(0);
  if (maxVersion === 'TLSv1.3') {
    const server = new Server13(identity);
    run(context, server, function* () {
      yield* server.handshake();
      secret = server.newSessionTicket();
    });
  } else {
    const server = new Server12(identity);
    run(context, server, function* () {
      yield* server.handshake();
      secret = server.master.bytes;
    });
  }
  const [session] = sessions;
  if (session === undefined) throw new Error('no session came');
  return { context, session, secret };
}

/** Resumes against a server that knows this secret of the session. */
function resume({ context, session }: ReturnType<typeof first>, maxVersion: TlsVersion, key: Uint8Array): Ended {
  if (maxVersion === 'TLSv1.2') {
    const server = new Server12(identity);
    return run(
      context,
      server,
      function* () {
        yield* server.clientHello();
        server.serverHello({ sessionId: server.hello.sessionId });
        server.useMaster(Secret.copyOf(key));
        server.finish();
        yield* server.clientFinished();
      },
      session,
    );
  }
  const server = new Server13(identity);
  return run(
    context,
    server,
    function* () {
      yield* server.clientHello();
      // Another hello, with binders anew.
      server.helloRetryRequest(23);
      yield* server.clientHello();
      server.serverHello({ psk: { selected: 0, key } });
      server.encryptedExtensions();
      server.finished();
      yield* server.clientFinished();
    },
    session,
  );
}

describe.each(ENGINES)('%s, resuming a session', (_name, backend) => {
  it.each(['TLSv1.3', 'TLSv1.2'] as const)('%s: resumes with the server that made the session', (version) => {
    const it = first(backend, version);
    expect(resume(it, version, it.secret.slice())).toEqual({ established: true, reused: true, code: undefined });
  });

  it.each(['TLSv1.3', 'TLSv1.2'] as const)(
    '%s: is not taken in by a server that knows nothing but zeros',
    (version) => {
      const it = first(backend, version);
      const { established, code } = resume(it, version, new Uint8Array(it.secret.length));
      expect([established, typeof code]).toEqual([false, 'string']);
    },
  );
});
