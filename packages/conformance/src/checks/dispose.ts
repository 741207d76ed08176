/** @module dispose(): at every moment, in every state, and from inside every callback. */
import assert from 'node:assert/strict';
import type { TLSSocket } from 'node:tls';
import type { Backend, ContextOptions, Credential, Ssl } from '@ferrule/contract';
import { SslErrorCode } from '@ferrule/result';
import { type CheckGroup, group } from '../check.ts';
import { type Client, expectReturn } from '../client.ts';
import { pki } from '../pki/index.ts';
import { echo } from '../server/tls-server.ts';
import { scene } from './support.ts';

const VERSIONS = ['TLSv1.3', 'TLSv1.2'] as const;

/**
 * Whatever was going on, nothing is possible any more, and everybody is told so in the same way, without an exception.
 */
function expectDisposed(ssl: Ssl, code: string | undefined = 'DISPOSED'): void {
  const known = numbersAndNames(ssl);
  ssl.dispose();
  assert.deepEqual(numbersAndNames(ssl), known);
  for (const operation of [
    () => ssl.connect(),
    () => ssl.read(new Uint8Array(1)),
    () => ssl.write(new Uint8Array(1)),
    () => ssl.shutdown(),
  ]) {
    expectReturn(ssl, operation(), -1, SslErrorCode.ssl);
    assert.equal(ssl.failure?.error.code, code);
  }
  assert.equal(ssl.pending, 0);
  assert.equal(ssl.asyncReady, undefined);
  // Bytes may be known or not; asking is always allowed.
  for (const fact of [ssl.state, ssl.peerCertificates, ssl.verifiedChain, ssl.ocspResponse, ssl.shutdownState])
    void fact;
}

/** The facts that stay as they are, known or not. */
const numbersAndNames = ({
  version,
  cipherSuite,
  group,
  alpn,
  sessionReused,
  verifyResult,
  helloRetryRequested,
  extendedMasterSecret,
  peerSignatureAlgorithm,
}: Ssl) => ({
  version,
  cipherSuite,
  group,
  alpn,
  sessionReused,
  verifyResult,
  helloRetryRequested,
  extendedMasterSecret,
  peerSignatureAlgorithm,
});

const byteStrings = ({
  peerCertificates,
  peerRawPublicKey,
  verifiedChain,
  ocspResponse,
  signedCertificateTimestamps,
  echRetryConfigs,
}: Ssl) => ({
  peerCertificates,
  peerRawPublicKey,
  verifiedChain,
  ocspResponse,
  signedCertificateTimestamps,
  echRetryConfigs,
});

const states: CheckGroup = group('dispose()', {
  'makes every later operation -1 / SSL with DISPOSED': (backend) =>
    scene(backend, {}, async ({ client }) => {
      const { ssl } = await client.established();
      ssl.dispose();
      ssl.dispose();
      for (const operation of [
        () => ssl.connect(),
        () => ssl.read(new Uint8Array(1)),
        () => ssl.write(new Uint8Array(1)),
        () => ssl.shutdown(),
      ]) {
        expectReturn(ssl, operation(), -1, SslErrorCode.ssl);
        assert.equal(ssl.failure?.error.code, 'DISPOSED');
      }
    }),
  'leaves numbers and names, and the byte strings that were read before': async (backend) => {
    const { certificate } = await pki('otherRoot');
    for (const options of [{}, { trustAnchors: [certificate] }]) {
      await scene(backend, { options }, async ({ client: { ssl }, client }) => {
        await client.connect();
        const known = { ...numbersAndNames(ssl), ...byteStrings(ssl) };
        assert.equal(known.peerCertificates.length, 2);
        assert.equal(known.verifiedChain?.length, ssl.established ? 3 : undefined);
        ssl.dispose();
        assert.deepEqual({ ...numbersAndNames(ssl), ...byteStrings(ssl) }, known);
      });
    }
  },
  'of a context leaves its connections alone, but it makes no new ones': (backend) =>
    scene(backend, {}, async ({ client, server }) => {
      await client.established();
      echo(await server.accepted());
      const context = backend.createContext({});
      const ssl = context.newConnection();
      context.dispose();
      context.dispose();
      assert.throws(() => context.newConnection(), TypeError);
      ssl.dispose();
      await client.echo('still there');
    }),
  'may come after each step of a handshake': async (backend) => {
    for (const maxVersion of VERSIONS) {
      for (let steps = 0, done = false; !done; steps++) {
        await scene(backend, { server: { maxVersion }, bioSize: 200 }, async ({ client }) => {
          done = await connectFor(client, steps);
          expectDisposed(client.ssl);
        });
      }
    }
  },
  'may come while a verify function, or the choice of a credential, is awaited; its answer comes too late': async (
    backend,
  ) => {
    const { chain, key } = await pki('client');
    for (const maxVersion of VERSIONS) {
      for (const why of ['verify', 'onCertificateRequest'] as const) {
        let answer: (() => void) | undefined;
        const later = <T>(value: T): Promise<T> => new Promise((resolve) => (answer = (): void => resolve(value)));
        const options: ContextOptions =
          why === 'verify'
            ? { verify: () => later(true) }
            : { onCertificateRequest: () => later<Credential>({ chain, key }) };
        await scene(backend, { server: { maxVersion, requestCert: true }, options }, async ({ client }) => {
          const { ssl } = client;
          await client.call(() => ssl.connect());
          while (answer === undefined) {
            await client.flush();
            await client.peer.fill(client.net);
            await client.call(() => ssl.connect());
          }
          expectDisposed(ssl);
          answer();
          await new Promise((resolve) => setImmediate(resolve));
          expectDisposed(ssl);
        });
      }
    }
  },
  'may come with a write unfinished, with close_notify on its way, and behind it': async (backend) => {
    for (const maxVersion of VERSIONS) {
      const when = async (act: (client: Client, socket: TLSSocket) => Promise<unknown>): Promise<void> =>
        scene(backend, { server: { maxVersion }, bioSize: 2000 }, async ({ client, server }) => {
          await client.established();
          await act(client, await server.accepted());
          expectDisposed(client.ssl);
        });
      await when((client) => client.call(() => client.ssl.write(new Uint8Array(10_000))));
      await when((client) => client.shutdown());
      await when((client, socket) => {
        socket.end();
        return client.run(() => client.ssl.read(new Uint8Array(1)));
      });
    }
  },
  'after a failure changes nothing about it': (backend) =>
    scene(backend, {}, async ({ client, wire }) => {
      await client.established();
      wire.cut();
      await client.run(() => client.ssl.read(new Uint8Array(1)));
      expectDisposed(client.ssl, 'UNEXPECTED_EOF');
    }),
});

/** connect(), called again and again, at most so often. True when it had its end before. */
async function connectFor(client: Client, calls: number): Promise<boolean> {
  const { ssl } = client;
  for (let i = 0; i < calls; i++) {
    const ret = ssl.connect();
    if (ret > 0) return true;
    const why = ssl.getError(ret);
    const { asyncReady } = ssl;
    await client.flush();
    if (why === SslErrorCode.wantRead) await client.peer.fill(client.net);
    else if (why !== SslErrorCode.wantWrite) await asyncReady;
  }
  return false;
}

/** Each with options that call `dispose` as soon as there is something to dispose of. */
const CALLBACKS: Readonly<Record<string, (dispose: () => void) => ContextOptions | Promise<ContextOptions>>> = {
  verify: (dispose) => ({
    verify: () => {
      dispose();
      return true;
    },
  }),
  'verify, and then refuses': (dispose) => ({
    verify: () => {
      dispose();
      return false;
    },
  }),
  onCertificateRequest: async (dispose) => {
    const { chain, key } = await pki('client');
    return {
      onCertificateRequest: () => {
        dispose();
        return { chain, key };
      },
    };
  },
  onKeylog: (dispose) => ({ onKeylog: dispose }),
  onMessage: (dispose) => ({ onMessage: dispose }),
  'onMessage, of what is received': (dispose) => ({
    onMessage: ({ direction }) => void (direction === 'received' && dispose()),
  }),
  onSession: (dispose) => ({ onSession: dispose }),
  now: (dispose) => ({
    now: () => {
      dispose();
      return Date.now();
    },
  }),
};

const callbacks: CheckGroup = group(
  'dispose() from inside a callback ends the operation with DISPOSED:',
  Object.fromEntries(
    Object.entries(CALLBACKS).map(([name, optionsOf]) => [
      name,
      async (backend: Backend): Promise<void> => {
        for (const maxVersion of VERSIONS) await disposeInside(backend, maxVersion, optionsOf);
      },
    ]),
  ),
);

async function disposeInside(
  backend: Backend,
  maxVersion: (typeof VERSIONS)[number],
  optionsOf: (dispose: () => void) => ContextOptions | Promise<ContextOptions>,
): Promise<void> {
  let ssl: Ssl | undefined;
  let called = 0;
  const options = await optionsOf(() => {
    called++;
    ssl?.dispose();
  });
  await scene(
    backend,
    { server: { maxVersion, requestCert: true, rejectUnauthorized: false }, options },
    async ({ client, server }) => {
      ({ ssl } = client);
      let ret = await client.connect();
      if (ret > 0) {
        // Sessions of TLS 1.3 come behind the handshake.
        (await server.accepted()).end('x');
        while (ret > 0) ret = await client.run(() => client.ssl.read(new Uint8Array(10)));
      }
      assert.ok(called > 0, 'the callback must be called');
      expectReturn(client.ssl, ret, -1, SslErrorCode.ssl);
      expectDisposed(client.ssl);
    },
  );
}

export const disposing: readonly CheckGroup[] = [states, callbacks];
