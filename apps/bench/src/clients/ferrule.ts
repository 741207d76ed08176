/**
 * @module ferrule's three faces, each on an engine and a source of cryptography: the Duplex, `connect()`, and BIOs
 * moved by hand.
 */
import type { Bio } from '@ferrule/bio';
import type { Backend, ContextOptions, Ssl, SslContext, TlsSession } from '@ferrule/contract';
import type { SessionStore } from 'ferrule';
import { type Client, duplexClient, HOST, type Link, type Load, NAME, type Need, type Peer, SUITE } from '../client.ts';

export type EngineName = 'native' | 'node' | 'webcrypto' | 'noble' | 'tuned';

/** What a connection by hand receives into, bytes; one read of the socket's fills so much at most. */
const CHUNK = 64 * 1024;

/** `native` and `pure` by name, as most people have them; with a provider of its own for what is not a default. */
async function backendOf(engine: EngineName): Promise<Backend> {
  if (engine === 'native') return (await import('@ferrule/native')).createNative();
  const { createPure } = await import('@ferrule/pure');
  switch (engine) {
    case 'node':
      return createPure({ crypto: (await import('@ferrule/pure/crypto/node')).nodeCrypto });
    case 'webcrypto':
      return createPure({ crypto: await (await import('@ferrule/pure/crypto/webcrypto')).createWebCrypto() });
    case 'noble':
      return createPure({ crypto: (await import('@ferrule/pure/crypto/noble')).nobleCrypto });
    case 'tuned':
      return createPure({ crypto: (await import('@ferrule/pure/crypto/tuned')).tunedCrypto });
  }
}

const optionsOf = (peer: Peer, need: Need | undefined): ContextOptions => ({
  trustAnchors: [Buffer.from(peer.der, 'base64')],
  cipherSuites: [SUITE],
  ...(need === 'clientCertificate' && {
    credentials: [
      { chain: peer.own.chain.map((der) => Buffer.from(der, 'base64')), key: Buffer.from(peer.own.key, 'base64') },
    ],
  }),
});

/**
 * The same session for every connection, as the other clients do here, though a ticket should be used once (RFC 9846
 * appendix C.4): a server of `node:tls` issues none when it resumes.
 */
function oneSession(): SessionStore {
  let kept: TlsSession | undefined;
  return { get: () => kept, set: (_key, session) => void (kept = session), delete: () => true };
}

export const throughDuplex =
  (engine: EngineName): Load =>
  async (peer, need) => {
    const { TlsConnector } = await import('@ferrule/node/duplex');
    const connector = new TlsConnector({
      ...optionsOf(peer, need),
      backend: engine === 'native' ? engine : await backendOf(engine),
      sessions: need === 'resumption' && oneSession(),
    });
    return duplexClient(
      (port) => connector.duplex({ host: HOST, port, servername: NAME }),
      (duplex) => duplex.isSessionReused(),
    );
  };

export const throughConnect =
  (engine: EngineName): Load =>
  async (peer, need) => {
    const { connect } = await import('ferrule');
    const backend = await backendOf(engine);
    const options = optionsOf(peer, need);
    // Sessions are for contexts that connect() makes; without them one context is shared, as with the others
    const own =
      need === 'resumption'
        ? { ...options, backend, sessions: oneSession() }
        : { context: backend.createContext(options) };
    // For all connections: what comes is counted and nothing more
    const into = new Uint8Array(CHUNK);
    return {
      async open({ port, received, closed }): Promise<Link> {
        const connection = await connect({ host: HOST, port, servername: NAME, ...own });
        void (async () => {
          for (let n = await connection.read(into); n > 0; n = await connection.read(into)) received(n);
          await connection.close();
        })().catch(() => {});
        void connection.closed.then(() => closed());
        return {
          send: (bytes, done) => void connection.write(bytes).then(done, () => {}),
          close: () => connection.destroy(),
          resumed: connection.info.sessionReused,
        };
      },
    };
  };

export const byHand =
  (engine: EngineName): Load =>
  async (peer, need) => {
    const { InboundBio, OutboundBio } = await import('@ferrule/bio');
    const { connect } = await import('node:net');
    const { SslErrorCode } = await import('@ferrule/result');
    let session: TlsSession | undefined;
    const context: SslContext = (await backendOf(engine)).createContext({
      ...optionsOf(peer, need),
      ...(need === 'resumption' && { onSession: (made) => void (session = made) }),
    });
    // Consumed, or copied by keep(), before the next read of any socket
    const buffer = Buffer.allocUnsafeSlow(CHUNK);
    const into = new Uint8Array(CHUNK);
    const open: Client['open'] = ({ port, received, closed }) =>
      new Promise((resolve, reject) => {
        const ssl: Ssl = context.newConnection();
        ssl.setHost(NAME);
        if (session !== undefined) ssl.setSession(session);
        const inbound = new InboundBio();
        const outbound = new OutboundBio(4 * CHUNK);
        ssl.setBio(inbound satisfies Bio, outbound);
        const waiting: { readonly bytes: Uint8Array; offset: number; readonly done: () => void }[] = [];
        let awaited: Promise<void> | undefined;
        let established = false;

        const flush = (): void => {
          const outgoing = outbound.take();
          if (outgoing === undefined) return outbound.trim();
          socket.write(outgoing.bytes, () => {
            outgoing.release();
            if (waiting.length > 0) step();
          });
        };
        /** What an operation that did not succeed waits for. */
        const wait = (ret: number): void => {
          const why = ssl.getError(ret);
          if (why === SslErrorCode.wantAsync) {
            const ready = ssl.asyncReady ?? Promise.resolve();
            if (awaited === ready) return;
            awaited = ready;
            void ready.then(step);
          } else if (why === SslErrorCode.zeroReturn) socket.end();
          else if (why !== SslErrorCode.wantRead && why !== SslErrorCode.wantWrite)
            socket.destroy(ssl.failure?.error ?? new Error('the engine failed'));
        };
        const write = (): void => {
          for (let job = waiting[0]; job !== undefined; job = waiting[0]) {
            const ret = ssl.write(job.bytes.subarray(job.offset));
            if (ret <= 0) {
              wait(ret);
              break;
            }
            job.offset += ret;
            if (job.offset < job.bytes.length) continue;
            waiting.shift();
            job.done();
          }
          flush();
        };
        const step = (): void => {
          if (socket.destroyed) return;
          if (!established) {
            const ret = ssl.connect();
            flush();
            if (ret !== 1) return wait(ret);
            established = true;
            resolve({
              send: (bytes, done) => {
                waiting.push({ bytes, offset: 0, done });
                if (waiting.length === 1) write();
              },
              close: () => socket.destroy(),
              resumed: ssl.sessionReused,
            });
          }
          for (;;) {
            const ret = ssl.read(into);
            if (ret <= 0) {
              wait(ret);
              break;
            }
            received(ret);
          }
          if (waiting.length > 0) write();
          else flush();
        };

        const socket = connect({
          host: HOST,
          port,
          noDelay: true,
          // What has come is decrypted first, and later where the provider answers later
          allowHalfOpen: true,
          onread: {
            buffer,
            callback: (count, chunk) => {
              inbound.lend(chunk.subarray(0, count));
              step();
              inbound.keep();
              return true;
            },
          },
        });
        socket.on('connect', step);
        socket.on('end', () => {
          inbound.end();
          step();
        });
        socket.on('error', reject);
        socket.on('close', () => {
          ssl.dispose();
          if (established) closed();
          else reject(new Error('closed before the handshake was done'));
        });
      });
    return { open };
  };
