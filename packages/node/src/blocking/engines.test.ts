import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import { pki } from '@ferrule/conformance/pki';
import type { Backend, ContextOptions, Ssl } from '@ferrule/contract';
import { loadNative } from '@ferrule/native';
import { blockingConnect, setTcpNoDelay, type BlockingSocket } from '@ferrule/node';
import { createPure } from '@ferrule/pure';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { SslErrorCode } from '@ferrule/result';
import { afterEach, describe, expect, it } from 'vitest';

const native = loadNative();
if (!native.ok) console.log(`skipped: the native engine over blocking sockets, because ${native.reason}`);
const backends: readonly Backend[] = [createPure({ crypto: nodeCrypto }), ...(native.ok ? [native.backend] : [])];

const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanup.splice(0).reverse()) await undo();
});

/** A node:tls server in a worker; `next()` is its next message. */
async function serve(options: object = {}): Promise<{ readonly port: number; readonly next: () => Promise<unknown> }> {
  const { keyPem, chainPem } = await pki('p256');
  const worker = new Worker(new URL('../../test/tls-server.mjs', import.meta.url), {
    workerData: { key: keyPem, cert: chainPem, ...options },
  });
  cleanup.push(() => worker.terminate());
  const next = async (): Promise<unknown> => ((await once(worker, 'message')) as unknown[])[0];
  const { port } = (await next()) as { port: number };
  return { port, next };
}

function open(port: number, timeout = 20_000): BlockingSocket {
  const socket = blockingConnect({ host: '127.0.0.1', port, timeout });
  cleanup.push(() => socket.close());
  return socket;
}

describe.each(backends.map((backend) => [backend.name, backend] as const))(
  '%s over a blocking socket',
  (_name, backend) => {
    async function client(socket: BlockingSocket, options: ContextOptions = {}): Promise<Ssl> {
      const context = backend.createContext({ trustAnchors: [(await pki('root')).certificate], ...options });
      const ssl = context.newConnection();
      cleanup.push(() => {
        ssl.dispose();
        context.dispose();
      });
      ssl.setBio(socket, socket);
      ssl.setHost('server.test');
      return ssl;
    }

    it.each(['TLSv1.3', 'TLSv1.2'] as const)(
      'connect(), read(), write() and shutdown() return only when done: %s',
      async (version) => {
        const { port, next } = await serve({ minVersion: version, maxVersion: version });
        const socket = open(port);
        const ssl = await client(socket);
        expect(ssl.connect()).toBe(1);
        expect(ssl.version).toBe(version);
        setTcpNoDelay(socket, false);
        const block = Buffer.alloc(40_000, 'x');
        for (let at = 0; at < block.length;) {
          const n = ssl.write(block.subarray(at));
          expect(n).toBeGreaterThan(0);
          at += n;
        }
        const into = Buffer.alloc(block.length);
        for (let at = 0; at < into.length;) {
          const n = ssl.read(into.subarray(at));
          expect(n).toBeGreaterThan(0);
          at += n;
        }
        expect(into.equals(block)).toBe(true);
        // 0: sent, the peer's not received yet; the next call waits for it
        expect(ssl.shutdown()).toBe(0);
        expect(ssl.shutdown()).toBe(1);
        expect(await next()).toEqual({ ended: true });
      },
    );

    it("read() waits for data, then returns 0 at the peer's close_notify", async () => {
      const { port } = await serve({ act: 'greet' });
      const ssl = await client(open(port));
      expect(ssl.connect()).toBe(1);
      const into = Buffer.alloc(100);
      expect(ssl.read(into)).toBe('greetings'.length);
      const ret = ssl.read(into);
      expect([ret, ssl.getError(ret), ssl.failure?.error]).toEqual([0, SslErrorCode.zeroReturn, undefined]);
    });

    it('connect() returns -1 at once when the peer is rejected, and the alert arrives', async () => {
      const { port, next } = await serve();
      const socket = open(port);
      const ssl = await client(socket);
      ssl.setHost('elsewhere.test');
      const ret = ssl.connect();
      expect([ret, ssl.getError(ret), ssl.failure?.error.code]).toEqual([-1, SslErrorCode.ssl, 'CERT_NAME_MISMATCH']);
      socket.close();
      expect(await next()).toMatchObject({ error: expect.stringMatching(/ALERT/) as string });
    });

    it('connect() to a closed port is SSL_ERROR_SYSCALL with the error of the socket', async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      await new Promise((done) => server.close(done));
      const ssl = await client(open(port));
      const ret = ssl.connect();
      expect([ret, ssl.getError(ret), ssl.failure?.error.code]).toEqual([-1, SslErrorCode.syscall, 'TRANSPORT_ERROR']);
      expect(ssl.failure?.error.cause).toMatchObject({ code: 'ECONNREFUSED' });
    });

    it('connect() to a silent peer is SSL_ERROR_SYSCALL with the code TIMEOUT', async () => {
      const server = createServer();
      await once(server.listen(0, '127.0.0.1'), 'listening');
      cleanup.push(() => server.close());
      const ssl = await client(open((server.address() as AddressInfo).port, 100));
      const ret = ssl.connect();
      expect([ret, ssl.getError(ret), ssl.failure?.error.code]).toEqual([-1, SslErrorCode.syscall, 'TIMEOUT']);
    });
  },
);
