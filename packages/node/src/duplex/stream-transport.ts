/** @module Any stream as a transport of ciphertext: a socket that we open, or a given Duplex. */
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { TlsError } from '@ferrule/result';
import type { Transport, TransportSink } from 'ferrule';
import { SocketReads, transportError, unsentBy } from 'ferrule/tcp';

/**
 * Where to connect: net.connect's options, a stream that is connected or connecting, or a function that returns one.
 */
export type Target =
  { readonly connect: net.NetConnectOpts } | { readonly stream: Duplex } | { readonly dial: () => Duplex };

/** A failure of the transport, with the phase it occurred in. */
export const failedDuring = (what: string, error: Error): TlsError =>
  new TlsError('TRANSPORT_ERROR', `the transport failed during ${what}: ${error.message}`, {
    cause: error,
    hint: transportError(error, '').hint,
  });

/** Of net.Socket's connect(). */
export type ConnectArguments =
  | [options: net.TcpNetConnectOpts | string, callback?: () => void]
  | [port: number | string, host?: string, callback?: () => void];

/** As in net.connect(), a numeric string is a port, any other string a socket's path. `dial` is for host and port. */
export function targetOf(
  [first, second]: ConnectArguments,
  dial: ((to: { readonly host: string; readonly port: number }) => Duplex) | undefined,
): Target {
  const where =
    typeof first === 'object'
      ? first
      : typeof first === 'string' && !(Number(first) >= 0)
        ? { path: first }
        : { port: Number(first), host: typeof second === 'string' ? second : 'localhost' };
  return dial !== undefined && 'port' in where
    ? { dial: () => dial({ host: where.host ?? 'localhost', port: where.port }) }
    : { connect: where };
}

/** Optional parts of a stream: sockets and their stand-ins have them. */
interface Handle {
  readonly connecting?: boolean;
  /** Of a stand-in for another stream. */
  readonly queued?: number;
  ref?(): unknown;
  unref?(): unknown;
}

/** The error of a socket whose peer has disconnected. */
const closedStream = (message: string): Error => Object.assign(new Error(message), { code: 'ECONNRESET' });

export class StreamTransport implements Transport {
  readonly name: string;
  readonly remote: string | undefined;
  readonly stream: Duplex & Handle;
  /** Called when bytes are received or sent. */
  onActivity: () => void = () => {};
  #sink: TransportSink | undefined;
  #failure: TlsError | undefined;
  readonly #describe: (error: Error) => TlsError;
  #ended = false;
  #destroyed = false;
  /** Of a socket that we open; it has no `data` events. */
  #reads: SocketReads | undefined;

  /**
   * @param name for messages.
   * @param describe converts a failure of the stream; default {@link transportError}.
   * @param remote the address of the server, if known.
   * @throws what `dial` or net.connect throw; TypeError if `dial` returns no stream.
   */
  constructor(
    target: Target,
    name: string,
    describe: (error: Error) => TlsError = (error) => transportError(error, name),
    remote?: string,
  ) {
    this.name = name;
    this.remote = remote;
    this.#describe = describe;
    const stream =
      'connect' in target ? this.#connect(target.connect) : 'dial' in target ? target.dial() : target.stream;
    if (typeof (stream as Partial<Duplex> | undefined)?.write !== 'function')
      throw new TypeError('dial: must return a Duplex');
    this.stream = stream;
    // Prepended: the owner's error listeners then find the stream destroyed, as with node:tls
    stream.prependListener('error', (error: Error) => this.#fail(error));
    stream.on('end', () => {
      this.#ended = true;
      this.#sink?.end();
    });
    stream.on('close', () => this.#closed());
  }

  /** Already connected; otherwise the stream emits `connect`. */
  get connected(): boolean {
    return this.stream.connecting !== true;
  }

  /** It had already ended or closed. */
  get over(): boolean {
    const { destroyed, writable, readableEnded } = this.stream;
    return destroyed || !writable || readableEnded;
  }

  get queued(): number {
    const { socket, stream } = this;
    return stream.queued ?? (socket === undefined ? stream.writableLength : unsentBy(socket));
  }

  get socket(): net.Socket | undefined {
    return this.stream instanceof net.Socket ? this.stream : undefined;
  }

  start(sink: TransportSink): void {
    this.#sink = sink;
    const { stream } = this;
    if (this.#failure !== undefined) return sink.failed(this.#failure);
    // These emit no more events
    if (stream.destroyed || !stream.writable) {
      this.#fail(stream.errored ?? closedStream('the stream has been closed already'));
      return;
    }
    if (stream.readableEnded) return sink.end();
    if (this.#reads !== undefined) return;
    // The stream delivers buffered data first, in order.
    stream.on('data', (chunk: Uint8Array) => {
      this.onActivity();
      if (!sink.data(chunk)) stream.pause();
    });
    // The caller may have paused it
    stream.resume();
  }

  send(bytes: Uint8Array, done: (error?: Error | null) => void): void {
    const { stream } = this;
    if (stream.destroyed || stream.writableEnded)
      return done(this.#failure ?? this.#describe(closedStream('the stream was closed')));
    this.onActivity();
    try {
      // Other streams may still use the chunk after their callback, and our memory is reused
      stream.write(stream instanceof net.Socket ? bytes : bytes.slice(), (error) => {
        // Also emitted as an event, but later
        if (error) this.#fail(error);
        done(this.#failure);
      });
    } catch (error) {
      // A caller's stream whose _write() throws
      this.#fail(error instanceof Error ? error : new Error(String(error)));
      done(this.#failure);
    }
  }

  resume(): void {
    (this.#reads ?? this.stream).resume();
  }

  end(done: (error?: Error | null) => void): void {
    const { stream } = this;
    if (stream.destroyed) return done(this.#failure ?? this.#describe(closedStream('the stream was closed')));
    // A failure is emitted as an event
    stream.end(() => done(this.#failure));
  }

  destroy(): void {
    this.#destroyed = true;
    this.stream.destroy();
  }

  ref(): void {
    this.stream.ref?.();
  }

  unref(): void {
    this.stream.unref?.();
  }

  #connect(options: net.NetConnectOpts): net.Socket {
    const reads = new SocketReads((bytes) => {
      this.onActivity();
      return this.#sink?.data(bytes) ?? false;
    });
    // Otherwise Node ends our side when the server ends its own
    const socket = net.connect({ ...options, allowHalfOpen: true, onread: reads.onread });
    reads.attach(socket);
    this.#reads = reads;
    return socket;
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined || this.#destroyed) return;
    this.#failure = TlsError.is(error) ? error : this.#describe(error);
    this.#sink?.failed(this.#failure);
  }

  #closed(): void {
    if (this.#destroyed || this.#failure !== undefined) return;
    const finished = this.#ended && this.stream.writableFinished;
    if (!this.#ended) {
      this.#ended = true;
      this.#sink?.end();
    }
    // Pending data can no longer be sent
    if (!finished) this.#fail(closedStream('the stream was closed'));
  }
}
