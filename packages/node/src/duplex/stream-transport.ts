/** @module Any stream as what carries the ciphertext: a socket that we open, or any Duplex that is given. */
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { TlsError } from '@ferrule/result';
import type { Transport, TransportSink } from 'ferrule';
import { SocketReads, transportError, unsentBy } from 'ferrule/tcp';

/** Where to connect: net.connect's options, a stream that is connected or about to be, or a way to get one. */
export type Target =
  { readonly connect: net.NetConnectOpts } | { readonly stream: Duplex } | { readonly dial: () => Duplex };

/** A failure of the transport, with what it came amid. */
export const failedDuring = (what: string, error: Error): TlsError =>
  new TlsError('TRANSPORT_ERROR', `the transport failed during ${what}: ${error.message}`, {
    cause: error,
    hint: transportError(error, '').hint,
  });

/** Of net.Socket's connect(). */
export type ConnectArguments =
  | [options: net.TcpNetConnectOpts | string, callback?: () => void]
  | [port: number | string, host?: string, callback?: () => void];

/** As there, a text that is a number is a port, another one the path of a socket. `dial` is for host and port. */
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

/** What a stream may have besides: a socket has it, and what stands for one. */
interface Handle {
  readonly connecting?: boolean;
  /** Of what stands for another stream. */
  readonly queued?: number;
  ref?(): unknown;
  unref?(): unknown;
}

/** As a socket whose peer has gone. */
const closedStream = (message: string): Error => Object.assign(new Error(message), { code: 'ECONNRESET' });

export class StreamTransport implements Transport {
  readonly name: string;
  readonly remote: string | undefined;
  readonly stream: Duplex & Handle;
  /** Called when bytes come or go. */
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
   * @param describe what a failure of the stream is to people; default {@link transportError}.
   * @param remote the address of the server, where it is known.
   * @throws what `dial` or net.connect throw; TypeError where `dial` gives no stream.
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
    // First: whoever hears of it as the owner of a stream that was given finds it destroyed, as below node:tls
    stream.prependListener('error', (error: Error) => this.#fail(error));
    stream.on('end', () => {
      this.#ended = true;
      this.#sink?.end();
    });
    stream.on('close', () => this.#closed());
  }

  /** It is connected already; else the stream says `connect`. */
  get connected(): boolean {
    return this.stream.connecting !== true;
  }

  /** It ended or closed before it was given. */
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
    // Nothing more will be told of these
    if (stream.destroyed || !stream.writable) {
      this.#fail(stream.errored ?? closedStream('the stream has been closed already'));
      return;
    }
    if (stream.readableEnded) return sink.end();
    if (this.#reads !== undefined) return;
    // What was read ahead comes first, and in order, by the stream's own rules.
    stream.on('data', (chunk: Uint8Array) => {
      this.onActivity();
      if (!sink.data(chunk)) stream.pause();
    });
    // Whoever gave it may have paused it
    stream.resume();
  }

  send(bytes: Uint8Array, done: (error?: Error | null) => void): void {
    const { stream } = this;
    if (stream.destroyed || stream.writableEnded)
      return done(this.#failure ?? this.#describe(closedStream('the stream was closed')));
    this.onActivity();
    try {
      // A stream of another kind may hand on what it was given after it has said that it is done, and our memory is
      // used again
      stream.write(stream instanceof net.Socket ? bytes : bytes.slice(), (error) => {
        // It comes as an event too, but later
        if (error) this.#fail(error);
        done(this.#failure);
      });
    } catch (error) {
      // A stream of the caller's whose _write() throws
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
    // A failure comes as an event
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
    // Half-open, or Node would end our side when the server ends its own
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
    // What still waits to be sent has nobody to go to
    if (!finished) this.#fail(closedStream('the stream was closed'));
  }
}
