/** A `node:tls` server in this thread, and handshakes of the native engine with it over a BIO pair. Keeps nothing. */
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { type Bio, bioPair } from '@ferrule/bio';
import type { Ssl, SslContext } from '@ferrule/contract';
import { pki } from '@ferrule/conformance/pki';
import { SslErrorCode } from '@ferrule/result';

/** One end of a byte pipe. */
class End extends Duplex {
  other: End = this;
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.other.push(Buffer.from(chunk));
    done();
  }
  override _final(done: () => void): void {
    if (!this.other.destroyed) this.other.push(null);
    done();
  }
}

export interface Connected {
  readonly ssl: Ssl;
  /** What the server has accepted. */
  readonly socket: TLSSocket;
  /** Sends what the engine has written. */
  flush(): void;
  close(): void;
}

export class InMemoryServer {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async make(): Promise<InMemoryServer> {
    const { keyPem, chainPem } = await pki('p256');
    return new InMemoryServer(createServer({ key: keyPem, cert: chainPem }));
  }

  /** A finished handshake with `server.test`. @throws TlsError */
  async connect(context: SslContext): Promise<Connected> {
    const [near, far] = [new End(), new End()];
    near.other = far;
    far.other = near;
    const accepted = once(this.#server, 'secureConnection');
    this.#server.emit('connection', far);
    const [engine, network] = bioPair();
    near.on('data', (chunk: Buffer) => network.write(chunk));
    const flush = (): void => pour(network, near);
    const ssl = context.newConnection();
    ssl.setHost('server.test');
    ssl.setBio(engine, engine);
    for (let ret = ssl.connect(); ret !== 1; ret = ssl.connect()) {
      if (ssl.getError(ret) !== SslErrorCode.wantRead)
        throw ssl.failure?.error ?? new Error(`getError ${ssl.getError(ret)}`);
      flush();
      await new Promise(setImmediate);
    }
    flush();
    const [socket] = (await accepted) as [TLSSocket];
    await new Promise(setImmediate); // Tickets
    const close = (): void => [near, far, socket].forEach((stream) => stream.destroy());
    return { ssl, socket, flush, close };
  }
}

function pour(network: Bio, near: Duplex): void {
  while (network.pending > 0) {
    const view = network.nread0();
    const copy = Buffer.from(view);
    network.nread(view.length);
    near.write(copy);
  }
}
