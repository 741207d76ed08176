/** @module A Duplex that is handed out before there is anything behind it: what is written waits. */
import { Duplex, type Readable, type Writable } from 'node:stream';

/** What comes to stand behind it. */
export interface Inner {
  readonly readable: Readable;
  readonly writable: Writable;
  /** Asked of the end of `readable` (without an error) and of errors: what it really was; `undefined` is an orderly end. */
  why?(error: Error | undefined): Promise<Error | undefined>;
  /** Give everything up. */
  close(): void;
}

export class LateDuplex extends Duplex {
  /** Until something stands behind it; then `connect` is emitted, as by a socket. */
  connecting = true;
  #inner: Inner | undefined;
  #begin: (() => void) | undefined;

  constructor() {
    super({ allowHalfOpen: true });
  }

  attach(inner: Inner): void {
    if (this.destroyed) return inner.close();
    const { readable, writable } = inner;
    this.#inner = inner;
    this.connecting = false;
    let [over, ended] = [false, false];
    readable.on('data', (chunk: Uint8Array) => {
      if (!this.push(chunk)) readable.pause();
    });
    const settle = (reason: Error | undefined): void => {
      if (reason !== undefined) this.destroy(reason);
      else if (!ended) this.push(null);
      ended = true;
    };
    // an error may follow the end of a connection that is half open
    const ask = (error?: Error): void => {
      over = true;
      if (inner.why === undefined) settle(error);
      else void inner.why(error).then(settle);
    };
    readable.on('end', () => ask());
    for (const side of new Set<Readable | Writable>([readable, writable])) side.on('error', ask);
    readable.on('close', () => {
      if (!over) this.destroy();
    });
    readable.resume();
    this.emit('connect');
    this.#begin?.();
  }

  override _read(): void {
    this.#inner?.readable.resume();
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    // a failure comes as an event too, and there with its reason
    this.#attached(({ writable }) => void writable.write(chunk, (error) => error ?? callback()));
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#attached(({ writable }) => void writable.end(() => callback()));
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.connecting = false;
    this.#inner?.close();
    callback(error);
  }

  #attached(go: (inner: Inner) => void): void {
    if (this.#inner !== undefined) go(this.#inner);
    else
      this.#begin = () => {
        if (this.#inner !== undefined) go(this.#inner);
      };
  }
}
