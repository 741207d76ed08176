/** @module Other TLS clients in JavaScript that npm has and that work: lemon-tls on `node:crypto`, subtls on WebCrypto. */
import type { Duplex } from 'node:stream';
import { type Client, duplexClient, HOST, type Load, NAME, SUITE_NAME } from '../client.ts';

/** What of lemon-tls is used: its own declarations leave options out that it reads. */
interface Lemon {
  createSecureContext(options: object): unknown;
  connect(options: object): Duplex & { isSessionReused(): boolean };
}

export const lemonTls: Load = async (peer, need) => {
  const { default: tls } = (await import('lemon-tls')) as unknown as { readonly default: Lemon };
  let session: Uint8Array | undefined;
  return duplexClient(
    (port) => {
      const socket = tls.connect({
        host: HOST,
        port,
        servername: NAME,
        ca: peer.root,
        ciphers: SUITE_NAME,
        ...(need === 'clientCertificate' && { cert: peer.own.chainPem, key: peer.own.keyPem }),
        ...(session && { session }),
      });
      if (need === 'resumption') socket.on('session', (made: Uint8Array) => (session = made));
      return socket;
    },
    (socket) => socket.isSessionReused(),
  );
};

/** Reads and writes by two functions; neither resumption nor client certificates, and no longer downloads. */
export const subtls: Load = async (peer) => {
  const { startTls, TrustedCert, SocketReadQueue } = await import('subtls');
  const { connect } = await import('node:net');
  const roots = await TrustedCert.databaseFromPEM(peer.root);
  const client: Client = {
    async open({ port, received, closed }) {
      const socket = connect({ host: HOST, port, noDelay: true });
      await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
      const queue = new SocketReadQueue(socket);
      const { read, write } = await startTls(NAME, roots, queue.read.bind(queue), (bytes) => void socket.write(bytes));
      let over = false;
      socket.on('error', () => {});
      socket.on('close', () => {
        if (!over) closed();
        over = true;
      });
      void (async () => {
        for (let chunk = await read(); chunk !== undefined; chunk = await read()) received(chunk.length);
      })().then(
        () => socket.destroy(),
        () => socket.destroy(),
      );
      return {
        send: (bytes, done) =>
          void write(bytes).then(() => (socket.writableNeedDrain ? socket.once('drain', done) : done())),
        close: () => void socket.destroy(),
        resumed: false,
      };
    },
  };
  return client;
};
