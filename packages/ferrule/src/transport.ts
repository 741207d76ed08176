/**
 * @module What carries the ciphertext: the push-style interface that connections use, and adapters for what people
 * have.
 */
import { functionOption, memoryOf } from '@ferrule/result/arguments';
import type { Destination } from '@ferrule/result/host';
import { turn } from './turn.ts';

/** A two-way byte carrier. It pushes, so that received bytes can be lent in place of copied. */
export interface Transport {
  /** For messages: `example.org:443`. */
  readonly name: string;
  /** The address at the other end, where it is known. */
  readonly remote?: string | undefined;
  /** Begin to deliver; called once. */
  start(sink: TransportSink): void;
  /**
   * Bytes given to {@link send} that have not gone yet, where that is known: it tells a peer that is slow from one that
   * takes nothing at all.
   */
  readonly queued?: number | undefined;
  /**
   * Send, in the order of calls. `done` is called when all of `bytes` has gone (to the system, say) and their memory
   * may be used again: whoever wrote them is told so then. With an error they have not, and the transport is broken.
   */
  send(bytes: Uint8Array, done: (error?: Error | null) => void): void;
  /** Go on after {@link TransportSink.data} answered false. */
  resume(): void;
  /**
   * Nothing more will be sent; receiving goes on. `done` is called when everything sent before and the end itself have
   * gone, or with the error that prevents it. A transport that cannot end one direction calls it when everything has
   * gone.
   */
  end(done: (error?: Error | null) => void): void;
  /** Give everything up at once. Idempotent. */
  destroy(): void;
  /** The process need not stay alive for this transport any more. */
  unref?(): void;
  /** Called when the handshake is done. */
  established?(): void;
}

export interface TransportSink {
  /**
   * Received bytes, the transport's own again after this call. False: deliver no more until {@link Transport.resume}.
   */
  data(bytes: Uint8Array): boolean;
  /** The other side will send no more. */
  end(): void;
  /** Broken, both ways. */
  failed(error: Error): void;
}

/**
 * Opens a byte pipe to a server: through a proxy, a relay, a platform's sockets, whatever there is. TLS goes on top of
 * it, so nothing in between has to be trusted. `signal` ends the attempt, not the pipe.
 */
export type Dial = (to: Destination, signal?: AbortSignal) => Promise<Pipe | StreamPipe | Transport>;

/** What holds bytes: WebSocketStream's chunks, for one, are ArrayBuffers. */
export type Memory = ArrayBufferView | ArrayBufferLike;

/**
 * A byte pipe as Web Streams: what WebSocketStream, WebTransport, Deno and Cloudflare sockets, and adapters have. A
 * chunk that holds no bytes, a string say, fails the connection with `TRANSPORT_ERROR`.
 */
export interface StreamPipe {
  readonly readable: { getReader(): PipeReader };
  readonly writable: { getWriter(): PipeWriter };
}

// As much of the readers and writers of Web Streams as is used: Node's types of them and those of the DOM are not
// assignable to each other.

/** What `getReader()` of a ReadableStream of bytes returns. */
export interface PipeReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Memory | undefined }>;
  cancel(reason?: unknown): Promise<void>;
  releaseLock?(): void;
}

/** What `getWriter()` of a WritableStream of bytes returns. */
export interface PipeWriter {
  readonly closed: Promise<unknown>;
  write(chunk: Uint8Array): Promise<void>;
  close(): Promise<void>;
  abort(reason?: unknown): Promise<void>;
}

/** A byte pipe as three functions, for everything else. */
export interface Pipe {
  /**
   * The next received bytes, which then belong to the caller; `null` at the end. Never called again before it has
   * settled.
   */
  read(): Promise<Memory | null>;
  /** Send; the bytes may be used again when it settles. Never called again before it has settled. */
  write(bytes: Uint8Array): Promise<void>;
  /** Nothing more will be sent. Absent where the pipe cannot close one direction. */
  closeWrite?(): Promise<void>;
  /** Give everything up. */
  close(): Promise<void> | void;
}

/** @throws TypeError for what is not a pipe. */
export function transportOf(pipe: Pipe | StreamPipe | Transport, name: string): Transport {
  if (typeof pipe === 'object' && pipe !== null) {
    if ('start' in pipe && 'send' in pipe) return pipe;
    if ('readable' in pipe && 'writable' in pipe && typeof pipe.readable === 'object')
      return streamTransport(pipe, name);
    if ('read' in pipe && 'write' in pipe && 'close' in pipe) return new PipeTransport(pipe, name);
  }
  throw new TypeError(
    '`pipe` is neither {readable, writable} of Web Streams, nor {read, write, close}, nor a Transport',
  );
}

/** @throws TypeError for what is not a {@link Dial}. */
export const dialOption = (value: unknown): void => functionOption(value, 'dial', 'a function that opens a pipe');

/** Web Streams as three functions. @param broken told when the writer breaks, also while nothing is written. */
export function streamPipe({ readable, writable }: StreamPipe, broken: (error: unknown) => void): Pipe {
  const reader = readable.getReader();
  const writer = writerOf(writable, reader);
  writer.closed.catch(broken);
  return {
    read: async () => {
      const { done, value } = await reader.read();
      // A stream that yields undefined has not ended: what holds no bytes, its reader is told
      return done ? null : (value as Memory);
    },
    // A stream may keep what it is given
    write: (bytes) => writer.write(bytes.slice()),
    closeWrite: () => writer.close(),
    close: async () => void (await Promise.allSettled([reader.cancel(), writer.abort()])),
  };
}

/** A pipe whose writable somebody else has locked is refused, and its readable left as it was. */
function writerOf(writable: StreamPipe['writable'], reader: PipeReader): PipeWriter {
  try {
    return writable.getWriter();
  } catch (error) {
    reader.releaseLock?.();
    throw error;
  }
}

function streamTransport(streams: StreamPipe, name: string): Transport {
  const transport: PipeTransport = new PipeTransport(
    streamPipe(streams, (error) => transport.broken(error)),
    name,
  );
  return transport;
}

class PipeTransport implements Transport {
  readonly name: string;
  readonly #pipe: Pipe;
  #sink: TransportSink | undefined;
  #resume: (() => void) | undefined;
  #sending: Promise<void> = Promise.resolve();
  #over = false;
  #failure: Error | undefined;

  constructor(pipe: Pipe, name: string) {
    this.#pipe = pipe;
    this.name = name;
  }

  start(sink: TransportSink): void {
    this.#sink = sink;
    if (this.#failure !== undefined) sink.failed(this.#failure);
    else void this.#receive(sink);
  }

  send(bytes: Uint8Array, done: (error?: Error | null) => void): void {
    this.#inOrder(() => this.#pipe.write(bytes), done);
  }

  resume(): void {
    this.#resume?.();
    this.#resume = undefined;
  }

  end(done: (error?: Error | null) => void): void {
    this.#inOrder(() => this.#pipe.closeWrite?.(), done);
  }

  destroy(): void {
    if (this.#over) return;
    this.#over = true;
    this.resume();
    void (async () => this.#pipe.close())().catch(() => {});
  }

  /** The pipe has failed, both ways. */
  broken(error: unknown): void {
    if (this.#over || this.#failure !== undefined) return;
    this.#failure = error instanceof Error ? error : new Error(String(error));
    this.#sink?.failed(this.#failure);
  }

  /** After what was asked before. */
  #inOrder(act: () => Promise<void> | undefined, done: (error?: Error | null) => void): void {
    this.#sending = this.#sending
      .then(() => {
        if (this.#over || this.#failure !== undefined) throw this.#failure ?? new Error('the pipe was closed');
        return act();
      })
      .then(
        () => done(),
        (error: unknown) => {
          this.broken(error);
          done(this.#failure);
        },
      );
  }

  async #receive(sink: TransportSink): Promise<void> {
    try {
      while (!this.#over) {
        const received = await this.#pipe.read();
        if (this.#over) return;
        if (received === null) return sink.end();
        // What holds no bytes, the sink refuses
        const bytes = memoryOf(received) ?? (received as Uint8Array);
        if (!sink.data(bytes)) await new Promise<void>((resolve) => (this.#resume = resolve));
        // A pipe that brings nothing, and at once, lets nobody else run
        if (bytes.length === 0) await turn();
      }
    } catch (error) {
      this.broken(error);
    }
  }
}
