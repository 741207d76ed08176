/** @module What carries the ciphertext: the push-style interface that connections use, and adapters for other pipes. */
import { functionOption, memoryOf } from '@ferrule/result/arguments';
import type { Destination } from '@ferrule/result/host';
import { turn } from './turn.ts';

/** A two-way byte carrier. It pushes, so that received bytes can be lent instead of copied. */
export interface Transport {
  /** For messages: `example.org:443`. */
  readonly name: string;
  /** The remote address, if known. */
  readonly remote?: string | undefined;
  /** Start delivering; called once. */
  start(sink: TransportSink): void;
  /** Bytes given to {@link send} and not sent yet, if known: distinguishes a slow peer from a stalled one. */
  readonly queued?: number | undefined;
  /**
   * Send, in the order of calls. `done` is called when all of `bytes` has been handed on (e.g. to the system) and their
   * memory may be reused; the write is then reported as done. An error means they were not sent and the transport is
   * broken.
   */
  send(bytes: Uint8Array, done: (error?: Error | null) => void): void;
  /** Continue after {@link TransportSink.data} returned false. */
  resume(): void;
  /**
   * Nothing more will be sent; receiving continues. `done` is called when all earlier data and the end itself have been
   * sent, or with the error that prevents it. A transport that cannot half-close calls it when all data has been sent.
   */
  end(done: (error?: Error | null) => void): void;
  /** Close immediately, dropping pending data. Idempotent. */
  destroy(): void;
  /** Stop keeping the process alive for this transport. */
  unref?(): void;
  /** Called when the handshake is done. */
  established?(): void;
}

export interface TransportSink {
  /** Received bytes, valid only during this call. False: deliver no more until {@link Transport.resume}. */
  data(bytes: Uint8Array): boolean;
  /** The peer will send no more. */
  end(): void;
  /** Broken in both directions. */
  failed(error: Error): void;
}

/**
 * Opens a byte pipe to a server: through a proxy, a relay, a platform's sockets. TLS runs on top of it, so nothing in
 * between has to be trusted. `signal` aborts the attempt, not the pipe.
 */
export type Dial = (to: Destination, signal?: AbortSignal) => Promise<Pipe | StreamPipe | Transport>;

/** Any form of bytes: chunks of WebSocketStream, for example, are ArrayBuffers. */
export type Memory = ArrayBufferView | ArrayBufferLike;

/**
 * A byte pipe as Web Streams, like those of WebSocketStream, WebTransport, Deno and Cloudflare sockets. A chunk that is
 * not bytes, such as a string, fails the connection with `TRANSPORT_ERROR`.
 */
export interface StreamPipe {
  readonly readable: { getReader(): PipeReader };
  readonly writable: { getWriter(): PipeWriter };
}

// The parts of Web Streams' readers and writers that are used: Node's types and the DOM's are not mutually assignable.

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
  /** The next received bytes, owned by the caller; `null` at EOF. Never called again before it has settled. */
  read(): Promise<Memory | null>;
  /** Send; the bytes may be reused once it settles. Never called again before that. */
  write(bytes: Uint8Array): Promise<void>;
  /** Nothing more will be sent. Absent where the pipe cannot close one direction. */
  closeWrite?(): Promise<void>;
  /** Close both directions. */
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

/** Web Streams as three functions. @param broken called when the writer fails, even with no write pending. */
export function streamPipe({ readable, writable }: StreamPipe, broken: (error: unknown) => void): Pipe {
  const reader = readable.getReader();
  const writer = writerOf(writable, reader);
  writer.closed.catch(broken);
  return {
    read: async () => {
      const { done, value } = await reader.read();
      // A stream that yields undefined has not ended: the reader rejects chunks that are not bytes
      return done ? null : (value as Memory);
    },
    // A stream may retain its chunks
    write: (bytes) => writer.write(bytes.slice()),
    closeWrite: () => writer.close(),
    close: async () => void (await Promise.allSettled([reader.cancel(), writer.abort()])),
  };
}

/** Rejects a pipe whose writable is locked, leaving its readable unlocked. */
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

  /** The pipe has failed in both directions. */
  broken(error: unknown): void {
    if (this.#over || this.#failure !== undefined) return;
    this.#failure = error instanceof Error ? error : new Error(String(error));
    this.#sink?.failed(this.#failure);
  }

  /** Runs `act` after all earlier calls. */
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
        // The sink rejects chunks that are not bytes
        const bytes = memoryOf(received) ?? (received as Uint8Array);
        if (!sink.data(bytes)) await new Promise<void>((resolve) => (this.#resume = resolve));
        // A pipe that keeps yielding empty chunks would starve the event loop
        if (bytes.length === 0) await turn();
      }
    } catch (error) {
      this.broken(error);
    }
  }
}
