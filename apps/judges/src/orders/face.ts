/** @module connect(), the Duplex and the faces of @ferrule/web behind one surface, for the model that judges them. */
import { TlsConnector, type SessionCache, type TlsDuplex } from '@ferrule/node/duplex';
import type { Backend, ContextOptions, TlsSession } from '@ferrule/contract';
import { connectOver, type ConnectionInfo, type TlsConnection } from 'ferrule';
import { MemoryDuplex, MemoryPipe, MemoryTransport, type Carrier } from './carriers.ts';
import { SocketFace, WorkerFace, WRONG } from './face-web.ts';
import type { Config } from './sequence.ts';
import type { Server } from './server.ts';

export type FaceKind = 'connect' | 'duplex' | 'socket' | 'worker';

/** What happens to a face without being asked. */
export interface FaceEvents {
  /** Decrypted bytes. */
  data(bytes: Uint8Array): void;
  /** The peer's close_notify, to whoever reads. */
  end(): void;
  /** A failure that the face tells. */
  failed(error: unknown, where: string): void;
}

export interface Face {
  readonly carrier: Carrier;
  /** Settles when the handshake is done; rejects when it will not be. */
  readonly opened: Promise<unknown>;
  /** Settles when all is over. */
  readonly closed: Promise<void>;
  /** The reader of `connect()` asks for up to so many bytes; a Duplex begins to flow. */
  read(length: number): void;
  pause(): void;
  /** Settles when the face says that it has been written. */
  write(bytes: Uint8Array): Promise<void>;
  /** A write that fails ends everything. */
  readonly endsWithWrite: boolean;
  /** Something that is not bytes. */
  writeWrong(which: number): Promise<void> | undefined;
  /** Ours to the peer: close_notify. */
  end(): Promise<void>;
  close(): Promise<void>;
  destroy(): void;
  keyUpdate(request: boolean): Promise<void> | undefined;
  /** Where the face has one, once it is open. */
  readonly info?: ConnectionInfo | undefined;
  secret(length: number): Uint8Array | Promise<Uint8Array> | undefined;
}

/** What outlives one connection. */
export interface Memory {
  readonly sessions: Map<string, TlsSession>;
  readonly cache: SessionCache;
}

export interface FaceOptions {
  readonly backend: Backend;
  readonly context: ContextOptions;
  readonly config: Config;
  readonly memory: Memory;
  readonly resume: boolean;
  readonly signal: AbortSignal;
}

export function openFace(kind: FaceKind, server: Server, options: FaceOptions, events: FaceEvents): Face {
  switch (kind) {
    case 'connect':
      return new ConnectFace(server, options, events);
    case 'duplex':
      return new DuplexFace(server, options, events);
    case 'socket':
      return new SocketFace(server, options, events);
    case 'worker':
      return new WorkerFace(server, options, events);
  }
}

class ConnectFace implements Face {
  readonly carrier: Carrier;
  readonly opened: Promise<unknown>;
  readonly closed: Promise<void>;
  readonly #events: FaceEvents;
  readonly #streams: boolean;
  #connection: TlsConnection | undefined;
  #reading = false;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;

  constructor(server: Server, { backend, context, config, memory, resume, signal }: FaceOptions, events: FaceEvents) {
    this.#events = events;
    this.#streams = config.carrier === 'streams';
    const pipe = new MemoryPipe(server, config.carrier === 'strings');
    const carrier =
      config.carrier === 'transport' || config.carrier === 'eager transport'
        ? new MemoryTransport(server, config.carrier === 'eager transport')
        : pipe;
    this.carrier = carrier;
    const opened = connectOver(config.carrier === 'streams' ? pipe.streams : carrier, {
      ...context,
      backend,
      host: 'server.test',
      signal,
      ...(resume && { sessions: memory.sessions }),
    });
    this.opened = opened.then((connection) => (this.#connection = connection));
    this.closed = opened.then(
      (connection) => connection.closed,
      () => undefined,
    );
    this.opened.catch(() => undefined);
  }

  read(length: number): void {
    const connection = this.#connection;
    if (connection === undefined || this.#reading) return;
    this.#reading = true;
    const into = new Uint8Array(length);
    const chunk = this.#streams
      ? (this.#reader ??= connection.readable.getReader()).read().then(({ value }) => value ?? into.subarray(0, 0))
      : connection.read(into).then((count) => into.subarray(0, count));
    chunk.then(
      (bytes) => {
        this.#reading = false;
        if (bytes.length === 0) this.#events.end();
        else this.#events.data(bytes);
      },
      (error: unknown) => {
        this.#reading = false;
        this.#events.failed(error, 'read');
      },
    );
  }
  pause(): void {
    // Nobody asks.
  }
  write(bytes: Uint8Array): Promise<void> {
    return this.#streams ? this.#writable().write(bytes) : this.#ready().write(bytes);
  }
  get endsWithWrite(): boolean {
    return this.#streams;
  }
  writeWrong(which: number): Promise<void> | undefined {
    const wrong = WRONG[which % WRONG.length] as Uint8Array;
    return this.#connection && (this.#streams ? this.#writable().write(wrong) : this.#connection.write(wrong));
  }
  end(): Promise<void> {
    return this.#streams ? this.#writable().close() : this.#ready().closeWrite();
  }
  close(): Promise<void> {
    return this.#ready().close();
  }
  destroy(): void {
    this.#connection?.destroy();
  }
  keyUpdate(request: boolean): Promise<void> | undefined {
    return this.#connection?.keyUpdate(request);
  }
  get info(): ConnectionInfo | undefined {
    return this.#connection?.info;
  }
  secret(length: number): Uint8Array | undefined {
    return this.#connection?.exportKeyingMaterial('EXPORTER-orders', undefined, length);
  }

  #ready(): TlsConnection {
    if (this.#connection === undefined) throw new Error('the connection is not open');
    return this.#connection;
  }
  #writable(): WritableStreamDefaultWriter<Uint8Array> {
    if (this.#writer === undefined) {
      this.#writer = this.#ready().writable.getWriter();
      this.#writer.closed.catch(() => undefined);
      this.#writer.ready.catch(() => undefined);
    }
    return this.#writer;
  }
}

class DuplexFace implements Face {
  readonly carrier: MemoryDuplex;
  readonly opened: Promise<unknown>;
  readonly closed: Promise<void>;
  readonly #duplex: TlsDuplex;

  constructor(server: Server, { backend, context, config, memory, resume, signal }: FaceOptions, events: FaceEvents) {
    this.carrier = new MemoryDuplex(server, config.carrier === 'strings');
    const connector = new TlsConnector({ ...context, backend, sessions: resume ? memory.cache : false });
    const duplex = connector.duplex({
      stream: this.carrier,
      servername: 'server.test',
      signal,
      allowHalfOpen: config.ending === 'both ends',
    });
    this.#duplex = duplex;
    this.closed = new Promise((resolve) => void duplex.once('close', resolve));
    this.opened = new Promise((resolve, reject) => {
      duplex.once('secureConnect', resolve);
      duplex.once('close', () => reject(new Error('closed')));
    });
    this.opened.catch(() => undefined);
    duplex.on('error', (error) => events.failed(error, 'error event'));
    duplex.on('end', () => events.end());
    duplex.on('data', (chunk: Uint8Array) => events.data(chunk));
    duplex.pause();
    void this.closed.then(() => connector.dispose());
  }

  read(): void {
    this.#duplex.resume();
  }
  pause(): void {
    this.#duplex.pause();
  }
  write(bytes: Uint8Array): Promise<void> {
    return new Promise(
      (resolve, reject) => void this.#duplex.write(bytes, (error) => (error ? reject(error) : resolve())),
    );
  }
  readonly endsWithWrite = true;
  writeWrong(): undefined {
    // node:stream refuses it.
    return undefined;
  }
  end(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#duplex.end((error?: Error | null) => (error ? reject(error) : resolve()));
    });
  }
  close(): Promise<void> {
    this.#duplex.destroySoon();
    return this.closed;
  }
  destroy(): void {
    this.#duplex.destroy();
  }
  keyUpdate(): undefined {
    return undefined;
  }
  secret(length: number): Uint8Array | undefined {
    const { ssl } = this.#duplex;
    return ssl?.exportKeyingMaterial('EXPORTER-orders', undefined, length);
  }
}
