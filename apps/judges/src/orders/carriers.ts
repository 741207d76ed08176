/** @module What carries the ciphertext of a face, in memory: it moves what a step says, when a step says so. */
import { Duplex } from 'node:stream';
import type { Pipe, StreamPipe, Transport, TransportSink } from 'ferrule';
import type { Server } from './server.ts';

/** As much of a server as carries bytes. */
export type OtherEnd = Pick<Server, 'feed' | 'act' | 'output' | 'consume'>;

export interface Carrier {
  /** Ciphertext that the face handed over and that has not gone yet. */
  readonly queued: number;
  /** The face has given it up. */
  readonly destroyed: boolean;
  /** The face will send no more, and everything has gone. */
  readonly ended: boolean;
  /** Bytes that were in its hands when the face gave it up. */
  readonly dropped: number;
  /** Moves up to so many bytes to the server; returns how many. */
  drain(count: number): number;
  /** Moves up to so many bytes to the face; returns how many. */
  feed(count: number): number;
  /** The server's FIN, behind what it sent. */
  serverEnds(): void;
  fail(error: Error): void;
}

/** Chunks on their way, each with what is called when it has gone. */
class Outgoing {
  queued = 0;
  #chunks: { bytes: Uint8Array; readonly done: (error?: Error) => void }[] = [];

  push(bytes: Uint8Array, done: (error?: Error) => void): void {
    this.queued += bytes.length;
    this.#chunks.push({ bytes, done });
  }

  move(count: number, server: OtherEnd): number {
    let moved = 0;
    for (
      let first = this.#chunks[0];
      first !== undefined && (moved < count || first.bytes.length === 0);
      first = this.#chunks[0]
    ) {
      const part = first.bytes.subarray(0, count - moved);
      // A copy: from now on the memory is the face's again.
      server.feed(part.slice());
      moved += part.length;
      first.bytes = first.bytes.subarray(part.length);
      if (first.bytes.length > 0) break;
      this.#chunks.shift();
      first.done();
    }
    this.queued -= moved;
    server.act();
    return moved;
  }

  /** @returns how many bytes it had. */
  drop(error?: Error): number {
    const dropped = this.queued;
    const chunks = this.#chunks;
    this.#chunks = [];
    this.queued = 0;
    for (const { done } of chunks) done(error);
    return dropped;
  }
}

/** A Transport: lends what it delivers, and overwrites it afterwards. */
export class MemoryTransport implements Transport, Carrier {
  readonly name = 'memory';
  readonly #server: OtherEnd;
  readonly #eager: boolean;
  readonly #out: Outgoing = new Outgoing();
  #sink: TransportSink | undefined;
  #paused = false;
  #ending = false;
  #ended = false;
  #over = false;
  #error: Error | undefined;
  destroyed = false;
  dropped = 0;

  /**
   * @param eager - delivers inside resume() and send(), as a source that has everything at hand does, and says twice
   * that something has gone.
   */
  constructor(server: OtherEnd, eager: boolean) {
    this.#server = server;
    this.#eager = eager;
  }

  get queued(): number {
    return this.#out.queued;
  }
  get ended(): boolean {
    return this.#ended && this.#out.queued === 0;
  }

  start(sink: TransportSink): void {
    this.#sink = sink;
  }
  send(bytes: Uint8Array, done: (error?: Error) => void): void {
    if (this.#error !== undefined || this.destroyed) return done(this.#error);
    this.#out.push(bytes, this.#eager ? (error) => (done(error), done(error)) : done);
    if (this.#eager) this.feed(Infinity);
  }
  resume(): void {
    this.#paused = false;
    if (this.#eager) this.feed(Infinity);
  }
  end(done: (error?: Error) => void): void {
    this.#ended = true;
    this.send(new Uint8Array(0), done);
  }
  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.dropped = this.#out.drop();
  }

  drain(count: number): number {
    return this.#out.move(count, this.#server);
  }
  feed(count: number): number {
    let moved = 0;
    while (!this.#paused && !this.destroyed && !this.#over && moved < count && this.#server.output.length > 0) {
      const bytes = this.#server.output.slice(0, Math.min(count - moved, 65_536));
      this.#server.consume(bytes.length);
      moved += bytes.length;
      const more = this.#sink?.data(bytes);
      bytes.fill(0xdb);
      if (more === false) this.#paused = true;
    }
    if (this.#ending && !this.#over && !this.destroyed && !this.#paused && this.#server.output.length === 0) {
      this.#over = true;
      this.#sink?.end();
    }
    return moved;
  }
  serverEnds(): void {
    this.#ending = true;
    this.feed(Infinity);
  }
  fail(error: Error): void {
    this.#over = true;
    this.#error = error;
    this.#out.drop(error);
    if (!this.destroyed) this.#sink?.failed(error);
  }
}

/** Three functions; also what Web Streams are made of here. */
export class MemoryPipe implements Pipe, Carrier {
  readonly #server: OtherEnd;
  readonly #strings: boolean;
  readonly #out: Outgoing = new Outgoing();
  #reading: { resolve(bytes: Uint8Array | null): void; reject(error: Error): void } | undefined;
  #writing: ((error: Error) => void) | undefined;
  #error: Error | undefined;
  #ending = false;
  #ended = false;
  destroyed = false;
  dropped = 0;

  /** @param strings - read() answers with strings, as a stream with an encoding does. */
  constructor(server: OtherEnd, strings: boolean) {
    this.#server = server;
    this.#strings = strings;
  }

  get queued(): number {
    return this.#out.queued;
  }
  get ended(): boolean {
    return this.#ended && this.#out.queued === 0;
  }

  read(): Promise<Uint8Array | null> {
    return new Promise((resolve, reject) => {
      if (this.#error !== undefined) reject(this.#error);
      else this.#reading = { resolve, reject };
    });
  }
  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#error !== undefined) return reject(this.#error);
      if (this.destroyed) return reject(new Error('the pipe was closed'));
      this.#writing = reject;
      this.#out.push(bytes, () => resolve());
    });
  }
  closeWrite(): Promise<void> {
    this.#ended = true;
    return Promise.resolve();
  }
  close(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.dropped = this.#out.drop();
    this.#reading?.resolve(null);
  }

  drain(count: number): number {
    return this.#out.move(count, this.#server);
  }
  feed(count: number): number {
    const reader = this.#reading;
    if (reader === undefined || this.destroyed) return 0;
    const bytes = this.#server.output.slice(0, Math.min(count, 65_536));
    if (bytes.length === 0) {
      if (!this.#ending || this.#server.output.length > 0) return 0;
      this.#reading = undefined;
      reader.resolve(null);
      return 0;
    }
    this.#server.consume(bytes.length);
    this.#reading = undefined;
    reader.resolve(this.#strings ? (Buffer.from(bytes).toString('latin1') as unknown as Uint8Array) : bytes);
    return bytes.length;
  }
  serverEnds(): void {
    this.#ending = true;
    this.feed(0);
  }
  fail(error: Error): void {
    this.#error = error;
    this.#out.drop();
    this.#reading?.reject(error);
    this.#writing?.(error);
    this.#reading = this.#writing = undefined;
  }

  /** The same as Web Streams. */
  get streams(): StreamPipe {
    return {
      readable: new ReadableStream<Uint8Array>(
        {
          pull: async (controller) => {
            const bytes = await this.read();
            if (bytes === null) {
              try {
                controller.close();
              } catch {
                // Cancelled meanwhile
              }
            } else controller.enqueue(bytes);
          },
          cancel: () => this.close(),
        },
        { highWaterMark: 0 },
      ),
      writable: new WritableStream<Uint8Array>({
        write: (bytes) => this.write(bytes),
        close: () => this.closeWrite(),
        abort: () => this.close(),
      }),
    };
  }
}

/** A `stream.Duplex`: what a Duplex over a proxy, or a test, stands on. */
export class MemoryDuplex extends Duplex implements Carrier {
  readonly #server: OtherEnd;
  readonly #out: Outgoing = new Outgoing();
  #ended = false;
  #wants = false;
  #failed = false;
  #ending = false;
  /** null was pushed: a stream has nothing more to say. */
  #over = false;
  dropped = 0;

  constructor(server: OtherEnd, strings: boolean) {
    super({ allowHalfOpen: true });
    this.#server = server;
    if (strings) this.setEncoding('latin1');
  }

  get queued(): number {
    return this.#out.queued + (this.writableLength > 0 ? this.writableLength - this.#out.queued : 0);
  }
  get ended(): boolean {
    return this.#ended && this.#out.queued === 0;
  }

  override _read(): void {
    this.#wants = true;
  }
  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    if (this.#failed) return done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    this.#out.push(chunk, done);
  }
  override _final(done: () => void): void {
    this.#ended = true;
    done();
  }
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.#failed) this.dropped = this.queued;
    this.#out.drop();
    done(error);
  }

  drain(count: number): number {
    return this.destroyed ? 0 : this.#out.move(count, this.#server);
  }
  feed(count: number): number {
    if (!this.#wants || this.#over || this.destroyed) return 0;
    const bytes = this.#server.output.slice(0, Math.min(count, 65_536));
    if (bytes.length > 0) {
      this.#server.consume(bytes.length);
      this.#wants = false;
      this.push(Buffer.from(bytes));
    } else if (this.#ending && this.#server.output.length === 0) {
      this.#over = true;
      this.push(null);
    }
    return bytes.length;
  }
  serverEnds(): void {
    this.#ending = true;
    this.feed(Infinity);
  }
  fail(error: Error): void {
    this.#failed = true;
    this.destroy(error);
  }
}
