/** @module Engines to run on, and transports that may be told to be odd or slow. */
import { connect as dial, type Socket } from 'node:net';
import { chooseBackend, type Pipe, type Transport, type TransportSink } from 'ferrule';
import { later } from './support.ts';

export const engines: readonly ('native' | 'pure')[] = (
  await Promise.all(
    (['native', 'pure'] as const).map((name) =>
      chooseBackend(name).then(
        () => name,
        (error: Error) => (console.info(`skipped: ${error.message}`), undefined),
      ),
    ),
  )
).filter((name) => name !== undefined);

/** A socket as a transport that may be told to be odd. */
export class OddTransport implements Transport {
  readonly name = 'odd';
  readonly socket: Socket;
  /** Bytes that were delivered although no more was wanted. */
  excess = 0;
  /** What waits until `resume()`, which delivers it itself. */
  readonly #held: Uint8Array[] = [];
  #wanted = true;
  #sink: TransportSink | undefined;

  constructor(port: number) {
    this.socket = dial({ port, host: '127.0.0.1', allowHalfOpen: true });
    later(() => this.socket.destroy());
  }
  start(sink: TransportSink): void {
    this.#sink = sink;
    // Each chunk waits until it is asked for
    this.#wanted = false;
    this.socket.on('data', (chunk) => {
      this.#held.push(new Uint8Array(chunk));
      if (this.#wanted) this.#deliver();
    });
    this.socket.on('end', () => sink.end()).on('error', (error) => sink.failed(error));
    this.resume();
  }
  send(sent: Uint8Array, done: () => void): void {
    this.socket.write(sent.slice(), () => done());
  }
  resume(): void {
    this.#wanted = true;
    this.#deliver();
  }
  end(done: () => void): void {
    this.socket.end(done);
  }
  destroy(): void {
    this.socket.destroy();
  }
  /** 64 KiB of nothing; whether more is wanted. */
  flood(): boolean {
    return (this.#wanted = this.#sink?.data(new Uint8Array(65_536).fill(0x17)) ?? false);
  }
  #deliver(): void {
    for (let chunk = this.#held.shift(); chunk !== undefined; chunk = this.#wanted ? this.#held.shift() : undefined)
      this.#wanted = this.#sink?.data(chunk) ?? false;
  }
}

/** A socket as a transport that keeps what comes behind our second flight, to deliver all of it at once. */
export class HeldTransport implements Transport {
  readonly name = 'held';
  readonly #socket: Socket;
  #flights = 0;
  #held: Uint8Array[] | undefined;
  #sink: TransportSink | undefined;

  constructor(port: number) {
    this.#socket = dial({ port, host: '127.0.0.1', allowHalfOpen: true });
    later(() => this.#socket.destroy());
  }
  start(sink: TransportSink): void {
    this.#sink = sink;
    this.#socket.on('data', (chunk) =>
      this.#held === undefined ? void sink.data(chunk) : void this.#held.push(chunk),
    );
    this.#socket.on('end', () => sink.end()).on('error', (error) => sink.failed(error));
  }
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#sink?.data(Buffer.concat(held));
  }
  send(sent: Uint8Array, done: () => void): void {
    if (++this.#flights === 2) this.#held = [];
    this.#socket.write(sent.slice(), () => done());
  }
  resume(): void {
    // It always delivers
  }
  end(done: () => void): void {
    this.#socket.end(done);
  }
  destroy(): void {
    this.#socket.destroy();
  }
}

/** A pipe to a server that needs its time for each write. */
export function slow(port: number, milliseconds: number): Pipe & { readonly socket: Socket } {
  const socket = dial({ port, host: '127.0.0.1', allowHalfOpen: true });
  later(() => socket.destroy());
  socket.on('error', () => {});
  const reader = socket.iterator({ destroyOnReturn: false });
  return {
    socket,
    read: async () => ((await reader.next()) as IteratorResult<Buffer, undefined>).value ?? null,
    write: (chunk) =>
      new Promise((resolve, reject) =>
        setTimeout(() => socket.write(chunk.slice(), (error) => (error ? reject(error) : resolve())), milliseconds),
      ),
    closeWrite: () => new Promise<void>((resolve) => socket.end(resolve)),
    close: () => void socket.destroy(),
  };
}
