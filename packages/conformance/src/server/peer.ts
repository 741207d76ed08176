/** @module The far end of a connection under test: whatever fills and empties the network end of a BIO pair. */
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { Bio } from '@ferrule/bio';

export interface Peer {
  /**
   * Put at least one received byte, or EOF, into `net`. Rejects when nothing comes for as long as {@link patience}
   * lasts.
   */
  fill(net: Bio): Promise<void>;
  /** Take everything that is pending in `net`. */
  flush(net: Bio): Promise<void>;
}

/**
 * How long a check waits for the other side before it calls that a hang: a little less than a test may take, which under
 * a sanitizer and beside other work is not long.
 */
export const patience: { milliseconds: number } = { milliseconds: 25_000 };

/** A byte pipe between the network end of a BIO pair and whoever holds the stream: a `node:tls` server, mostly. */
export class Wire extends Duplex implements Peer {
  /** Everything that the client has sent, for checks that look at the bytes. */
  readonly sent: Uint8Array[] = [];
  /** Called when the server has written or ended. */
  onNews: (() => void) | undefined;
  #inbox: Uint8Array[] = [];
  #written: (() => void) | undefined;
  #ended = false;
  #wake: (() => void) | undefined;
  #waiting: Promise<void> | undefined;

  constructor() {
    super({ allowHalfOpen: true });
    // A server that gives up destroys its end: for the client that is an EOF
    this.on('error', () => {});
  }

  async fill(net: Bio): Promise<void> {
    if (this.#inbox.length === 0 && !this.#ended) await this.#news();
    this.pour(net);
  }

  async flush(net: Bio): Promise<void> {
    while (net.pending > 0) {
      const view = net.nread0();
      const copy = view.slice();
      net.nread(view.length);
      this.sent.push(copy);
      if (!this.destroyed && !this.readableEnded) this.push(copy);
    }
    if (net.eof && !this.destroyed) this.push(null);
  }

  /** What has come and fits, without waiting. True when something moved, EOF included. */
  pour(net: Bio): boolean {
    let moved = false;
    for (let chunk = this.#inbox[0]; chunk !== undefined; chunk = this.#inbox[0]) {
      const n = net.write(chunk);
      if (n <= 0) return moved;
      moved = true;
      if (n < chunk.length) this.#inbox[0] = chunk.subarray(n);
      else this.#inbox.shift();
    }
    this.#release();
    if (this.#inbox.length === 0 && this.#ended) {
      net.shutdownWrite();
      moved = true;
    }
    return moved;
  }

  /** Bytes from the server that have not been poured yet. */
  get waiting(): number {
    return this.#inbox.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  /** EOF without close_notify, as seen by the client. */
  cut(): void {
    this.#inbox = [];
    this.#end();
  }

  override _read(): void {}

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    this.#inbox.push(new Uint8Array(chunk));
    this.#written = done;
    this.#tell();
  }

  override _final(done: () => void): void {
    this.#end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#end();
    done(error);
  }

  #end(): void {
    this.#ended = true;
    this.#tell();
  }

  #tell(): void {
    this.#wake?.();
    this.onNews?.();
  }

  #release(): void {
    const done = this.#written;
    this.#written = undefined;
    done?.();
  }

  /** One wait, however many ask. */
  #news(): Promise<void> {
    return (this.#waiting ??= new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`the server sent nothing for ${patience.milliseconds} ms`)),
        patience.milliseconds,
      );
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    }).finally(() => (this.#waiting = this.#wake = undefined)));
  }
}

/** A peer that sends `bytes` whatever it is told, and then EOF, or silence. */
export class ScriptedPeer implements Peer {
  readonly received: Uint8Array[] = [];
  #rest: Uint8Array;
  readonly #thenEnd: boolean;

  constructor(bytes: Uint8Array | string, { end = true }: { end?: boolean } = {}) {
    this.#rest = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes;
    this.#thenEnd = end;
  }

  fill(net: Bio): Promise<void> {
    if (this.#rest.length > 0) {
      const n = net.write(this.#rest);
      if (n > 0) this.#rest = this.#rest.subarray(n);
    } else if (this.#thenEnd) net.shutdownWrite();
    else return Promise.reject(new Error('the script is over, and the client wants more'));
    return Promise.resolve();
  }

  flush(net: Bio): Promise<void> {
    while (net.pending > 0) {
      const view = net.nread0();
      this.received.push(view.slice());
      net.nread(view.length);
    }
    return Promise.resolve();
  }
}

/** A loopback socket; real, so that what a server writes before it gives up arrives. */
export class SocketPeer implements Peer {
  readonly #socket: Socket;
  readonly #wire: Wire;

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    // The socket stands where the server's end of a wire would
    this.#wire = new Wire();
    this.#socket.on('error', () => this.#wire.destroy());
    this.#socket.pipe(this.#wire).pipe(this.#socket);
  }

  fill(net: Bio): Promise<void> {
    return this.#wire.fill(net);
  }

  flush(net: Bio): Promise<void> {
    return this.#wire.flush(net);
  }

  /** The client's FIN. */
  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
