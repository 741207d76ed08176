/** @module What carries the ciphertext: the push-style interface that connections use, and adapters for what people have. */

/** A two-way byte carrier. It pushes, so that received bytes can be lent in place of copied. */
export interface Transport {
  /** For messages: `example.org:443`. */
  readonly name: string;
  /** The address at the other end, where it is known. */
  readonly remote?: string | undefined;
  /** Begin to deliver; called once. */
  start(sink: TransportSink): void;
  /** Send, in the order of calls; `done` is called once `bytes` may be used again. A failure goes to the sink. */
  send(bytes: Uint8Array, done: () => void): void;
  /** Go on after {@link TransportSink.data} answered false. */
  resume(): void;
  /** Nothing more will be sent; receiving goes on. */
  end(): void;
  /** Give everything up at once. Idempotent. */
  destroy(): void;
  /** Called when the handshake is done. */
  established?(): void;
}

export interface TransportSink {
  /** Received bytes, the transport's own again after this call. False: deliver no more until {@link Transport.resume}. */
  data(bytes: Uint8Array): boolean;
  /** The other side will send no more. */
  end(): void;
  /** Broken, both ways. */
  failed(error: Error): void;
}

/** A byte pipe as Web Streams: what WebSocketStream, WebTransport, Deno and Cloudflare sockets, and adapters have. */
export interface StreamPipe {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

/** A byte pipe as three functions, for everything else. */
export interface Pipe {
  /** The next received bytes, which then belong to the caller; `null` at the end. Never called again before it has settled. */
  read(): Promise<Uint8Array | null>;
  /** Send; the bytes may be used again when it settles. Never called again before it has settled. */
  write(bytes: Uint8Array): Promise<void>;
  /** Nothing more will be sent. Absent where the pipe cannot close one direction. */
  closeWrite?(): Promise<void>;
  /** Give everything up. */
  close(): Promise<void> | void;
}

/** @throws TypeError for what is no pipe. */
export function transportOf(pipe: Pipe | StreamPipe | Transport, name: string): Transport {
  if (typeof pipe === 'object' && pipe !== null) {
    if ('start' in pipe && 'send' in pipe) return pipe;
    if ('readable' in pipe && 'writable' in pipe && typeof pipe.readable === 'object') return new PipeTransport(streamPipe(pipe), name);
    if ('read' in pipe && 'write' in pipe && 'close' in pipe) return new PipeTransport(pipe, name);
  }
  throw new TypeError('`pipe` is neither {readable, writable} of Web Streams, nor {read, write, close}, nor a Transport');
}

function streamPipe({ readable, writable }: StreamPipe): Pipe {
  const reader = readable.getReader();
  const writer = writable.getWriter();
  return {
    read: async () => (await reader.read()).value ?? null,
    // a stream may keep what it is given
    write: (bytes) => writer.write(bytes.slice()),
    closeWrite: () => writer.close(),
    close: async () => {
      await Promise.allSettled([reader.cancel(), writer.abort()]);
    },
  };
}

class PipeTransport implements Transport {
  readonly name: string;
  readonly #pipe: Pipe;
  #sink: TransportSink | undefined;
  #resume: (() => void) | undefined;
  #sending: Promise<void> = Promise.resolve();
  #over = false;

  constructor(pipe: Pipe, name: string) {
    this.#pipe = pipe;
    this.name = name;
  }

  start(sink: TransportSink): void {
    this.#sink = sink;
    void this.#receive(sink);
  }

  send(bytes: Uint8Array, done: () => void): void {
    this.#sending = this.#sending
      .then(() => (this.#over ? undefined : this.#pipe.write(bytes)))
      .catch((error: unknown) => this.#fail(error))
      .then(done);
  }

  resume(): void {
    this.#resume?.();
    this.#resume = undefined;
  }

  end(): void {
    this.#sending = this.#sending
      .then(() => (this.#over ? undefined : this.#pipe.closeWrite?.()))
      .catch((error: unknown) => this.#fail(error));
  }

  destroy(): void {
    if (this.#over) return;
    this.#over = true;
    this.resume();
    void (async () => this.#pipe.close())().catch(() => {});
  }

  async #receive(sink: TransportSink): Promise<void> {
    try {
      while (!this.#over) {
        const bytes = await this.#pipe.read();
        if (this.#over) return;
        if (bytes === null) return sink.end();
        if (bytes.length > 0 && !sink.data(bytes)) await new Promise<void>((resolve) => (this.#resume = resolve));
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (!this.#over) this.#sink?.failed(error instanceof Error ? error : new Error(String(error)));
  }
}
