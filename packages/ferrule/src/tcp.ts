/**
 * @module ferrule/tcp: TCP on Node and compatible runtimes. The only file of this package that uses sockets;
 * `connect()` loads it on demand, and other transports use its error hints.
 */
import type * as Net from 'node:net';
import { TlsError } from '@ferrule/result';
import { authority } from '@ferrule/result/host';
import type { Transport, TransportSink } from './transport.ts';

export interface TcpOptions {
  readonly host: string;
  readonly port: number;
  /** A unix socket or named pipe, instead of host and port. */
  readonly path: string | undefined;
  /** Only IPv4 or only IPv6; default both, raced by Node (Happy Eyeballs, RFC 8305). */
  readonly family: 4 | 6 | undefined;
  readonly localAddress: string | undefined;
  /** TCP_NODELAY after the handshake. */
  readonly noDelay: boolean;
}

/**
 * A TCP connection. TCP_NODELAY is on during the handshake, as SSL_connect(3) advises: the client speaks last, and
 * Nagle's algorithm would delay its Finished until the server has acknowledged earlier data.
 *
 * @throws TlsError `TRANSPORT_ERROR` with the system error as its cause and a matching hint.
 */
export function openTcp(
  options: TcpOptions,
  onAbort: (abort: (reason: TlsError) => void) => void,
): Promise<TcpTransport> {
  const net = builtin();
  const { host, port, path, family, localAddress, noDelay } = options;
  const name = path ?? authority({ host, port });
  return new Promise((resolve, reject) => {
    const where =
      path === undefined
        ? {
            host,
            port,
            autoSelectFamily: family === undefined,
            ...(family && { family }),
            ...(localAddress && { localAddress }),
          }
        : { path };
    const transport = new TcpTransport(name, noDelay);
    const socket = net.connect({
      ...where,
      noDelay: true,
      // Otherwise Node ends our side when the server ends its own
      allowHalfOpen: true,
      onread: transport.reads.onread,
    } as Net.NetConnectOpts);
    onAbort((reason) => {
      socket.destroy();
      reject(reason);
    });
    socket.once('error', (error) => reject(transportError(error, name)));
    socket.once('connect', () => {
      // Nothing may be read before a listener is attached
      socket.pause();
      socket.removeAllListeners('error');
      transport.attach(socket);
      resolve(transport);
    });
  });
}

/** Buffer size of one socket read, bytes. A quarter of it costs a download 25 % more CPU. */
const RECEIVE = 262_144;
/** For platforms where a read stays pending while others complete: each socket needs its own memory. */
const RECEIVE_WINDOWS = 65_536;
let shared: Uint8Array | undefined;

/**
 * All sockets of this thread, a Duplex's too, share one buffer, allocated with the first: it is drained before the next
 * read. Not on Windows, where the system fills it between two callbacks.
 */
function receiveBuffer(): Uint8Array {
  const { process } = globalThis as { readonly process?: { readonly platform: string } };
  if (process?.platform === 'win32') return new Uint8Array(RECEIVE_WINDOWS);
  return (shared ??= new Uint8Array(RECEIVE));
}

/**
 * Reads a socket. libuv would read one that fills its buffer up to 32 times in a row, 8 MiB, before others get a turn;
 * here it waits for the next turn of the event loop.
 */
export class SocketReads {
  /** For net.connect(). */
  readonly onread: Net.OnReadOpts;
  #socket: Net.Socket | undefined;
  /** Paused to let others run. */
  #yields = false;
  #wanted = false;

  /** @param take returns false to pause until {@link resume}. The bytes are lent for the duration of the call. */
  constructor(take: (bytes: Uint8Array) => boolean) {
    this.onread = {
      buffer: receiveBuffer(),
      callback: (count, { buffer, byteOffset, byteLength }) => {
        const more = take(new Uint8Array(buffer, byteOffset, count));
        if (count < byteLength) return more;
        this.#yields = true;
        this.#wanted = more;
        setImmediate(() => this.#goOn());
        return false;
      },
    };
  }

  attach(socket: Net.Socket): void {
    this.#socket = socket;
  }

  resume(): void {
    if (this.#yields) this.#wanted = true;
    else this.#socket?.resume();
  }

  #goOn(): void {
    this.#yields = false;
    if (this.#wanted) this.#socket?.resume();
  }
}

export class TcpTransport implements Transport {
  readonly name: string;
  readonly reads: SocketReads = new SocketReads((bytes) => this.#sink?.data(bytes) ?? false);
  readonly #noDelay: boolean;
  #socket: Net.Socket | undefined;
  #sink: TransportSink | undefined;
  #failure: TlsError | undefined;
  #ended = false;
  #destroyed = false;

  constructor(name: string, noDelay: boolean) {
    this.name = name;
    this.#noDelay = noDelay;
  }

  /** The remote address. */
  get remote(): string | undefined {
    return this.#socket && remoteOf(this.#socket);
  }

  attach(socket: Net.Socket): void {
    this.#socket = socket;
    this.reads.attach(socket);
    socket.on('error', (error) => this.#fail(error));
    socket.on('end', () => {
      this.#ended = true;
      this.#sink?.end();
    });
    socket.on('close', () => {
      if (!this.#ended && !this.#destroyed) this.#fail(new Error('the socket was closed'));
    });
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined || this.#destroyed) return;
    this.#failure = transportError(error, this.name);
    this.#sink?.failed(this.#failure);
  }

  start(sink: TransportSink): void {
    this.#sink = sink;
    if (this.#failure !== undefined) sink.failed(this.#failure);
    else if (this.#ended) sink.end();
    else this.reads.resume();
  }

  get queued(): number {
    return this.#socket === undefined ? 0 : unsentBy(this.#socket);
  }

  send(bytes: Uint8Array, done: (error?: Error | null) => void): void {
    const socket = this.#socket;
    if (socket === undefined || socket.destroyed || socket.writableEnded)
      return done(this.#failure ?? transportError(new Error('the socket was closed'), this.name));
    socket.write(bytes, (error) => {
      // Also emitted as an event, but later
      if (error) this.#fail(error);
      done(this.#failure);
    });
  }

  resume(): void {
    this.reads.resume();
  }

  end(done: (error?: Error | null) => void): void {
    const socket = this.#socket;
    if (socket === undefined || socket.destroyed)
      return done(this.#failure ?? transportError(new Error('the socket was closed'), this.name));
    // A failure is emitted as an event
    socket.end(() => done(this.#failure));
  }

  unref(): void {
    this.#socket?.unref();
  }

  destroy(): void {
    this.#destroyed = true;
    this.#socket?.destroy();
  }

  established(): void {
    if (!this.#noDelay) this.#socket?.setNoDelay(false);
  }
}

/**
 * Bytes written to a socket that the system has not taken, as Node's own timeouts count them: without the part of a
 * write already taken.
 */
export function unsentBy(socket: Net.Socket): number {
  const { writableLength, _handle } = socket as Net.Socket & {
    readonly _handle?: { readonly writeQueueSize?: number } | null;
  };
  return writableLength + (_handle?.writeQueueSize ?? 0);
}

/** The remote address of a socket; `undefined` if it has none, as a unix socket. */
export const remoteOf = ({ remoteAddress: host, remotePort: port }: Net.Socket): string | undefined =>
  host === undefined || port === undefined ? undefined : authority({ host, port });

/** What to do about a system error, by its code. */
const HINTS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'The name does not exist in the DNS: check its spelling, and the resolver of this machine.',
  EAI_AGAIN: 'The name could not be looked up now: check the network and the resolver of this machine.',
  ECONNREFUSED: 'Nothing listens at this port: check the port, and whether the server runs.',
  ECONNRESET:
    'The server, or a firewall on the path, reset the connection: it may reject the ClientHello, or speak another protocol.',
  EPIPE: 'The other side has closed the connection already.',
  ETIMEDOUT: 'The machine does not answer: check the address, and firewalls.',
  EHOSTUNREACH: 'There is no way to this machine: check the address, routes and VPN.',
  ENETUNREACH: 'There is no way to this network: check routes and VPN; over IPv6, whether this machine has any.',
  EACCES: 'The system forbids this connection: check firewalls and permissions.',
  ENOENT: 'The unix socket does not exist: check its path, and whether the server runs.',
};

/** Converts a socket error to `TRANSPORT_ERROR`, with `name` and a hint that matches its code. */
export function transportError(error: Error, name: string): TlsError {
  const code = codeOf(error);
  return new TlsError('TRANSPORT_ERROR', `${name}: ${error.message || code || 'the connection failed'}`, {
    cause: error,
    hint: HINTS[code ?? ''],
  });
}

/** Happy Eyeballs reports one error for all addresses. */
function codeOf(error: Error & { readonly code?: unknown; readonly errors?: unknown }): string | undefined {
  if (typeof error.code === 'string') return error.code;
  const [first] = Array.isArray(error.errors) ? (error.errors as Error[]) : [];
  return first && codeOf(first);
}

/** Not imported: a bundler for browsers would follow it. */
function builtin(): typeof Net {
  const { process } = globalThis as { readonly process?: { getBuiltinModule?: (id: string) => unknown } };
  const net = process?.getBuiltinModule?.('node:net') as typeof Net | undefined;
  if (net === undefined)
    throw new TlsError('TRANSPORT_ERROR', 'this platform has no TCP', {
      hint: 'Use connectOver() with a pipe: a WebSocket relay, a WebTransport stream.',
    });
  return net;
}
