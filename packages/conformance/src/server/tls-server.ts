/** @module A `node:tls` server for tests: in memory over a {@link Wire}, or on a loopback socket. */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type TLSSocket, type Server, type TlsOptions } from 'node:tls';
import { type AddressInfo, Socket } from 'node:net';
import { pki, type Presented } from '../pki/index.ts';
import { patience, SocketPeer, Wire } from './peer.ts';

export interface TestServerOptions extends Omit<TlsOptions, 'key' | 'cert'> {
  /** Whose chain and key the server shows; default the P-256 leaf. */
  readonly identity?: Presented;
  /** What it sends in place of the identity's chain, PEM. */
  readonly chainPem?: string;
  /** The stapled OCSP response, DER. */
  readonly ocspResponse?: Uint8Array;
}

/** One server; any number of connections. */
export class TestServer {
  readonly identity: Presented;
  /** NSS key-log lines, without newlines. */
  readonly keylog: string[] = [];
  /** Alert descriptions that clients sent, in order, close_notify excepted. */
  readonly alerts: number[] = [];
  /** Errors of connections that never came to be, or broke. */
  readonly errors: Error[] = [];
  readonly #server: Server;
  readonly #accepted: TLSSocket[] = [];
  readonly #all: { destroy(): void }[] = [];
  /** What is below TLS. */
  readonly #sockets: { destroy(): void }[] = [];
  #port: Promise<number> | undefined;
  #wake: (() => void) | undefined;

  private constructor(server: Server, identity: Presented) {
    this.#server = server;
    this.identity = identity;
  }

  static async make({ identity, chainPem, ocspResponse, ...options }: TestServerOptions = {}): Promise<TestServer> {
    const shown = identity ?? (await pki('p256'));
    // Newer Nodes do not even serve with a key that is too weak
    const weak =
      (new X509Certificate(shown.certificate).publicKey.asymmetricKeyDetails?.modulusLength ?? 2048) < 2048
        ? { ciphers: 'DEFAULT@SECLEVEL=0' }
        : {};
    const server = createServer({
      key: shown.keyPem,
      cert: chainPem ?? shown.chainPem,
      allowHalfOpen: true,
      ...weak,
      ...options,
    } as TlsOptions);
    const self = new TestServer(server, shown);
    server.on('keylog', (line: Buffer) => self.keylog.push(line.toString('latin1').trimEnd()));
    server.on('connection', (socket: { destroy(): void }) => self.#sockets.push(socket));
    server.on('tlsClientError', (error: Error) => self.#note(error));
    server.on('secureConnection', (socket) => {
      socket.on('error', (error: Error) => self.#note(error));
      self.#all.push(socket);
      self.#accepted.push(socket);
      self.#wake?.();
    });
    if (ocspResponse !== undefined) {
      server.on('OCSPRequest', (_certificate, _issuer, respond: (error: Error | null, response: Buffer) => void) =>
        respond(null, Buffer.from(ocspResponse)),
      );
    }
    return self;
  }

  /** A new connection in memory. */
  open(): Wire {
    const wire = new Wire();
    this.#all.push(wire);
    this.#server.emit('connection', wire);
    return wire;
  }

  /** A new connection over a loopback socket. */
  async dial(): Promise<SocketPeer> {
    const peer = new SocketPeer(await (this.#port ??= this.listen()));
    this.#all.push(peer);
    return peer;
  }

  /** Listens on a free loopback port. */
  async listen(host = '127.0.0.1'): Promise<number> {
    this.#server.listen(0, host);
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  /** The next connection whose handshake is done on the server's side. */
  async accepted(): Promise<TLSSocket> {
    if (this.#accepted.length === 0) await this.#until(() => this.#accepted.length > 0, 'no connection was accepted');
    return this.#accepted.shift() as TLSSocket;
  }

  /** The first alert that a client sent. */
  async alert(): Promise<number> {
    await this.#until(
      () => this.alerts.length > 0,
      `no alert came; errors: ${this.errors.map(String).join('; ') || 'none'}`,
    );
    return this.alerts[0] as number;
  }

  /** Ends every TCP connection without close_notify. */
  cut(): void {
    for (const socket of this.#sockets.splice(0)) socket.destroy();
  }

  /** Resets every TCP connection. */
  reset(): void {
    for (const socket of this.#sockets.splice(0)) if (socket instanceof Socket) resetSocket(socket);
  }

  close(): void {
    this.cut();
    for (const each of this.#all) each.destroy();
    if (this.#server.listening) this.#server.close();
  }

  #note(error: Error): void {
    this.errors.push(error);
    const alert = /SSL alert number (\d+)/.exec(error.message)?.[1];
    if (alert !== undefined) this.alerts.push(Number(alert));
    this.#wake?.();
  }

  async #until(done: () => boolean, complaint: string): Promise<void> {
    const deadline = Date.now() + patience.milliseconds;
    while (!done()) {
      if (Date.now() > deadline) throw new Error(complaint);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 250);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
  }
}

/** Sends everything back; ends when the client ends. */
export function echo(socket: TLSSocket): void {
  socket.pipe(socket);
}

/**
 * A reset, when shutdown(2) is not under way any more: until then libuv refuses it (EINVAL), and Node never closes the
 * handle, nor ends the process.
 */
export function resetSocket(socket: Socket): void {
  if (socket.writableEnded && !socket.writableFinished && socket.writableLength === 0)
    socket.once('finish', () => socket.resetAndDestroy());
  else socket.resetAndDestroy();
}
