/**
 * @module The engine in a worker, so that a page does not compute: the same calls on both sides of a port. Bytes are
 * moved, not copied, and each call waits for its answer, which makes a slow reader slow down the server.
 */
import {
  connect,
  connectOver,
  type ConnectionInfo,
  type ConnectOverOptions,
  type Dial,
  type StreamPipe,
  TlsError,
  type TlsConnection,
} from 'ferrule';
import { bytesOf, isBytes, knownOptions, memoryOf, plainOptions, signalOption } from '@ferrule/result/arguments';
import { EMPTY } from '@ferrule/result/bytes';
import { type Destination, destinationOption } from '@ferrule/result/host';
import { aborted, dialOption, onAbort, reasonOf } from 'ferrule/pump';
import { checkTlsOptions, TLS_OPTIONS } from '../tls-options.ts';
import { checkPort, type ClosablePort, listen, type Port, post, tell, whenGone } from './port.ts';
import { type Answered, type Call, DESTROY, Remote } from './remote.ts';

export interface ServeTlsOptions extends Omit<ConnectOverOptions, 'host' | 'signal'> {
  /** For `connect()` on the other side. */
  readonly dial?: Dial | undefined;
}

/** Of one connection: what a message can hold. Functions and `sessions` are given to `serveTls()`. */
export type WorkerConnectOptions = Omit<ConnectOverOptions, 'context' | 'sessions' | 'verify'> & {
  readonly verify?: 'peer' | 'none' | undefined;
};

/** `connect()` and `connectOver()` as `ferrule` has them, with the engine on the other side. */
export interface TlsWorker {
  /** Over the `dial` of `serveTls()`. `host` is the name to verify where it is not `to.host`. */
  connect(to: Destination, options?: WorkerConnectOptions): Promise<WorkerConnection>;
  /** The streams are transferred: where the platform cannot (Safari before 26.4), use `connect()`. */
  connectOver(pipe: StreamPipe, options?: WorkerConnectOptions): Promise<WorkerConnection>;
}

const CONNECT = 'ferrule-connect';

/**
 * In the worker: serves what `tlsWorker()` on the other side of `port` asks for. `options` are those of every
 * connection, unless it has its own. @throws TypeError
 */
export function serveTls(port: Port, options: ServeTlsOptions = {}): void {
  checkPort(port);
  const { dial, ...defaults } = knownOptions(options, ['dial', ...TLS_OPTIONS]);
  if (dial !== undefined) dialOption(dial);
  checkTlsOptions(defaults);
  listen(port, ({ [CONNECT]: channel, to, pipe, options: given }) => {
    if (channel === undefined) return;
    const control = new AbortController();
    const open = async (): Promise<TlsConnection> => {
      const all = { ...defaults, ...(given as ConnectOverOptions), signal: control.signal };
      if (pipe !== undefined) return connectOver(pipe as StreamPipe, all);
      if (dial === undefined) throw new TypeError('dial: required in serveTls() for connect()');
      const { host: servername, ...rest } = all;
      return connect({ ...rest, ...(to as Destination), dial, ...(servername !== undefined && { servername }) });
    };
    const opening = open();
    // Told by the first answer
    opening.catch(() => {});
    answer(channel as ClosablePort, opening, control);
  });
}

/** What a read asks for at a time, bytes. */
const CHUNK = 65_536;

/** What of a connection can be called. */
type Calls = Readonly<Record<string, (connection: TlsConnection, ...args: never[]) => unknown>>;

const CALLS: Calls = {
  info: ({ info }) => info,
  read: async (connection, length: number) => {
    const into = new Uint8Array(Math.min(length, CHUNK));
    const n = await connection.read(into);
    // A view is sent with all of its memory
    return n === into.length ? into : into.slice(0, n);
  },
  write: (connection, bytes: Uint8Array) => connection.write(bytes),
  closeWrite: (connection) => connection.closeWrite(),
  close: (connection) => connection.close(),
  closed: ({ closed }) => closed,
  keyUpdate: (connection, requestPeer: boolean) => connection.keyUpdate(requestPeer),
  exportKeyingMaterial: (connection, label: string, context: Uint8Array | undefined, length: number) =>
    connection.exportKeyingMaterial(label, context, length),
  channelBinding: (connection, type: 'tls-exporter' | 'tls-server-end-point') => connection.channelBinding(type),
};

function answer(port: ClosablePort, opening: Promise<TlsConnection>, control: AbortController): void {
  const giveUp = (): void => {
    control.abort();
    opening.then((connection) => connection.destroy()).catch(() => {});
    port.close();
  };
  listen(port, (message) => {
    const { id, call, args } = message as unknown as Call;
    if (call === DESTROY) return giveUp();
    const made = Object.hasOwn(CALLS, call) ? CALLS[call] : undefined;
    void opening
      .then((connection) => made?.(connection, ...args))
      .then(
        (value) => post(port, call, { id, value } satisfies Answered, moved(value)),
        (error: unknown) => post(port, call, { id, error: tell(error) } satisfies Answered),
      );
  });
  whenGone(port, giveUp);
}

/** Memory that is ours alone is moved. */
const moved = (value: unknown): readonly unknown[] =>
  isBytes(value) && value.byteLength === value.buffer.byteLength ? [value.buffer] : [];

/** In the page: connections whose engine runs where `serveTls()` was called. */
export function tlsWorker(port: Port): TlsWorker {
  checkPort(port);
  const open = (
    how: object,
    options: WorkerConnectOptions,
    transfer: readonly unknown[],
  ): Promise<WorkerConnection> => {
    const { signal, ...all } = plainOptions(options, ['signal', 'host', ...TLS_OPTIONS]);
    if (signal !== undefined) signalOption(signal);
    // Not given, as everywhere: what serveTls() has counts
    const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
    for (const name of ['context', 'sessions'])
      if (name in given) throw new TypeError(`${name}: cannot be sent to the worker; give it to serveTls() there`);
    const { port1, port2 } = new MessageChannel();
    post(port, 'options', { [CONNECT]: port2, options: given, ...how }, [port2, ...transfer]);
    return opened(new Remote(port1), signal);
  };
  return {
    connect: async (to, options = {}) => {
      return open({ to: destinationOption(to) }, options, []);
    },
    connectOver: async ({ readable, writable }, options = {}) => {
      if (isLocked(readable) || isLocked(writable))
        throw new TypeError('pipe: its streams are locked by somebody else');
      return open({ pipe: { readable, writable } }, options, [readable, writable]);
    },
  };
}

const isLocked = (stream: object): boolean => (stream as { readonly locked?: boolean }).locked === true;

let make: (remote: Remote, info: ConnectionInfo) => WorkerConnection;

/** As `TlsConnection` of `ferrule`; what is computed there is awaited here. */
export class WorkerConnection {
  readonly info: ConnectionInfo;
  /** Resolves when the connection is over, in whatever way; never rejects. */
  readonly closed: Promise<void>;
  readonly #remote: Remote;
  /** Bytes that have left the worker, and that the memory they were asked for could not take. */
  #held: Uint8Array = EMPTY;
  /** What every further read comes to. */
  #end: 'open' | 'ended' | Error = 'open';
  #readable: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  #writable: WritableStream<Uint8Array> | undefined;

  private constructor(remote: Remote, info: ConnectionInfo) {
    this.#remote = remote;
    this.info = info;
    this.closed = remote.call<void>('closed').catch(() => {});
  }

  static {
    make = (remote, info) => new this(remote, info);
  }

  /** Decrypted bytes; ends at the peer's close_notify. Cancelling it closes the connection. */
  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return (this.#readable ??= new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        pull: async (controller) => {
          const bytes = this.#held.length > 0 ? this.#held : await this.#ask(CHUNK);
          this.#held = EMPTY;
          if (bytes.length === 0) controller.close();
          // What came in a message is not shared
          else controller.enqueue(bytes as Uint8Array<ArrayBuffer>);
        },
        cancel: () => this.close(),
      },
      { highWaterMark: 0 },
    ));
  }

  /** Bytes to encrypt. Closing it sends close_notify; aborting it breaks the connection. */
  get writable(): WritableStream<Uint8Array> {
    return (this.#writable ??= new WritableStream<Uint8Array>({
      write: (chunk) => this.write(chunk),
      close: () => this.closeWrite(),
      ...aborted(() => this.destroy()),
    }));
  }

  /** At least one byte; 0 is the peer's close_notify. @throws TlsError; TypeError for an empty array. */
  async read(given: Uint8Array): Promise<number> {
    const into = bytesOf(given);
    if (into === undefined || into.length === 0)
      throw new TypeError('read: `into` must be a Uint8Array of at least one byte');
    if (this.#held.length === 0) this.#held = await this.#ask(into.length);
    // It may be gone by now
    if (into.length === 0 && this.#held.length > 0)
      throw new TypeError('read: the memory of `into` was transferred during the read');
    const n = Math.min(this.#held.length, into.length);
    into.set(this.#held.subarray(0, n));
    this.#held = this.#held.subarray(n);
    return n;
  }

  /** What comes next; nothing is held. */
  async #ask(length: number): Promise<Uint8Array> {
    if (this.#end instanceof Error) throw this.#end;
    if (this.#end === 'ended') return EMPTY;
    try {
      const bytes = await this.#remote.call<Uint8Array>('read', [length]);
      if (bytes.length === 0) this.#finish('ended');
      return bytes;
    } catch (error) {
      if (TlsError.is(error)) this.#finish(error);
      throw error;
    }
  }

  /** All is read: when the connection is over, nothing is left to ask, and the port is closed. */
  #finish(end: 'ended' | Error): void {
    this.#end = end;
    void this.closed.then(() => this.#remote.destroy(over()));
  }

  /** Encrypts and sends a copy of `from`. @throws TlsError; TypeError for what is neither an ArrayBuffer nor a view. */
  async write(from: ArrayBufferView | ArrayBufferLike): Promise<void> {
    const bytes = memoryOf(from)?.slice();
    if (bytes === undefined) throw new TypeError('write: neither an ArrayBuffer nor a view of one');
    return this.#remote.call('write', [bytes], [bytes.buffer]);
  }

  /** Half-close: sends close_notify; reading goes on. */
  closeWrite(): Promise<void> {
    return this.#remote.call('closeWrite');
  }

  /** Orderly end. Never rejects. */
  async close(): Promise<void> {
    this.#held = EMPTY;
    await this.#remote.call('close').catch(() => {});
    this.#finish(over());
  }

  /** Breaks the connection. */
  destroy(reason: TlsError = new TlsError('ABORTED', 'the connection was destroyed')): void {
    this.#held = EMPTY;
    this.#remote.destroy(reason);
  }

  /** RFC 9846 section 4.7.3. */
  keyUpdate(requestPeer: boolean = false): Promise<void> {
    return this.#remote.call('keyUpdate', [requestPeer]);
  }

  /** RFC 5705. */
  exportKeyingMaterial(label: string, context: Uint8Array | undefined, length: number): Promise<Uint8Array> {
    return this.#remote.call('exportKeyingMaterial', [label, context, length]);
  }

  /** RFC 9266, RFC 5929; `undefined` where it is not defined. */
  channelBinding(type: 'tls-exporter' | 'tls-server-end-point'): Promise<Uint8Array | undefined> {
    return this.#remote.call('channelBinding', [type]);
  }

  /** `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

async function opened(remote: Remote, signal: AbortSignal | undefined): Promise<WorkerConnection> {
  const abort = (): void => remote.destroy(reasonOf(signal as AbortSignal));
  if (signal?.aborted === true) abort();
  const unsigned = signal === undefined || signal.aborted ? (): void => {} : onAbort(signal, abort);
  try {
    const connection = make(remote, await remote.call<ConnectionInfo>('info'));
    void connection.closed.then(unsigned);
    return connection;
  } catch (error) {
    unsigned();
    remote.destroy(error as Error);
    throw error;
  }
}

const over = (): TlsError => new TlsError('DISPOSED', 'the connection was closed');
