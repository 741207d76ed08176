/** @module What @ferrule/web has, behind the surface of faces: the socket of WinterTC, and an engine behind a port. */
import { createSockets, type Socket } from '@ferrule/web';
import { serveTls, tlsWorker, type WorkerConnection } from '@ferrule/web/worker';
import type { ConnectionInfo, Dial } from 'ferrule';
import { MemoryPipe, MemoryTransport, type Carrier, type OtherEnd } from './carriers.ts';
import type { Face, FaceEvents, FaceOptions } from './face.ts';
import type { Config } from './sequence.ts';
import type { Server } from './server.ts';

const TO = { host: 'server.test', port: 443 };

/** What a dial opens. */
export function dialOf(
  server: OtherEnd,
  { carrier: kind }: Pick<Config, 'carrier'>,
): { readonly carrier: Carrier; readonly dial: Dial } {
  if (kind === 'transport' || kind === 'eager transport') {
    const carrier = new MemoryTransport(server, kind === 'eager transport');
    return { carrier, dial: () => Promise.resolve(carrier) };
  }
  const carrier = new MemoryPipe(server, kind === 'strings');
  return { carrier, dial: () => Promise.resolve(kind === 'streams' ? carrier.streams : carrier) };
}

/** Not bytes. */
export const WRONG: readonly unknown[] = ['a string', [1, 2], { length: 1 }, 7, null];

/** `connect()` of createSockets(), with TLS at once or by startTls(). */
export class SocketFace implements Face {
  readonly carrier: Carrier;
  readonly opened: Promise<unknown>;
  readonly closed: Promise<void>;
  readonly endsWithWrite = true;
  readonly #events: FaceEvents;
  readonly #socket: Socket;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #reading = false;
  #closing = false;

  constructor(server: Server, { backend, context, config, memory, resume, signal }: FaceOptions, events: FaceEvents) {
    const { carrier, dial } = dialOf(server, config);
    this.carrier = carrier;
    this.#events = events;
    const { connect } = createSockets({
      ...context,
      backend,
      dial,
      signal,
      ...(resume && { sessions: memory.sessions }),
    });
    const plain = connect(
      { hostname: TO.host, port: TO.port },
      { secureTransport: config.upgrades ? 'starttls' : 'on', allowHalfOpen: config.ending === 'both ends' },
    );
    this.#socket = config.upgrades ? plain.startTls() : plain;
    this.opened = this.#socket.opened;
    this.closed = this.#socket.closed.catch((error: unknown) => events.failed(error, 'closed'));
    this.#reader = this.#socket.readable.getReader();
    this.#writer = this.#socket.writable.getWriter();
    for (const each of [this.#reader.closed, this.#writer.closed, this.#writer.ready]) each.catch(() => undefined);
  }

  read(): void {
    if (this.#reading) return;
    this.#reading = true;
    this.#reader.read().then(
      ({ done, value }) => {
        this.#reading = false;
        if (value !== undefined) this.#events.data(value);
        // close() ends a read under way
        else if (done && !this.#closing) this.#events.end();
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
    return this.#writer.write(bytes);
  }
  writeWrong(which: number): Promise<void> {
    return this.#writer.write(WRONG[which % WRONG.length] as Uint8Array);
  }
  end(): Promise<void> {
    return this.#writer.close();
  }
  close(): Promise<void> {
    this.#closing = true;
    return this.#socket.close();
  }
  /** There is no other way than the orderly one. */
  destroy(): void {
    this.close().catch(() => undefined);
  }
  keyUpdate(): undefined {
    return undefined;
  }
  secret(): undefined {
    return undefined;
  }
}

/** `connect()` of tlsWorker(); the engine that serveTls() runs is in this thread, too, behind a port. */
export class WorkerFace implements Face {
  readonly carrier: Carrier;
  readonly opened: Promise<unknown>;
  readonly closed: Promise<void>;
  readonly endsWithWrite = false;
  readonly #events: FaceEvents;
  #connection: WorkerConnection | undefined;
  #reading = false;

  constructor(server: Server, { backend, context, config, memory, resume, signal }: FaceOptions, events: FaceEvents) {
    const { carrier, dial } = dialOf(server, config);
    this.carrier = carrier;
    this.#events = events;
    const { port1, port2 } = new MessageChannel();
    serveTls(port1, { ...context, backend, dial, ...(resume && { sessions: memory.sessions }) });
    const opened = tlsWorker(port2).connect(TO, { signal });
    this.opened = opened.then((connection) => (this.#connection = connection));
    this.closed = opened
      .then(
        (connection) => connection.closed,
        () => undefined,
      )
      .finally(() => port1.close());
    this.opened.catch(() => undefined);
  }

  read(length: number): void {
    const connection = this.#connection;
    if (connection === undefined || this.#reading) return;
    this.#reading = true;
    const into = new Uint8Array(length);
    connection.read(into).then(
      (count) => {
        this.#reading = false;
        if (count === 0) this.#events.end();
        else this.#events.data(into.subarray(0, count));
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
    return this.#ready().write(bytes);
  }
  writeWrong(which: number): Promise<void> | undefined {
    return this.#connection?.write(WRONG[which % WRONG.length] as Uint8Array);
  }
  end(): Promise<void> {
    return this.#ready().closeWrite();
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
  secret(length: number): Promise<Uint8Array> | undefined {
    return this.#connection?.exportKeyingMaterial('EXPORTER-orders', undefined, length);
  }

  #ready(): WorkerConnection {
    if (this.#connection === undefined) throw new Error('the connection is not open');
    return this.#connection;
  }
}
