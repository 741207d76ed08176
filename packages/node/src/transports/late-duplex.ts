/** @module A Duplex that is returned before it is connected: writes wait. */
import { Duplex, type Readable, type Writable } from 'node:stream';
import { TlsError } from '@ferrule/result';

type Callback = (error?: Error | null) => void;

interface Handle {
  /** Keeps the process alive. */
  ref?(): unknown;
  unref?(): unknown;
}

/** The connected stream. Its `ref` and `unref` cover whatever it has besides its two streams. */
export interface Inner extends Handle {
  readonly readable: Readable;
  readonly writable: Writable;
  /** The real cause of an error, or of the end of `readable` (no argument); `undefined` means an orderly end. */
  why?(error: Error | undefined): Promise<Error | undefined>;
  /** Close both streams. */
  close(): void;
}

export class LateDuplex extends Duplex {
  /** True until connected; then `connect` is emitted, as by a socket. */
  connecting = true;
  #inner: Inner | undefined;
  #begin: (() => void) | undefined;
  /** Of the pending write or end. */
  #underWay: Callback | undefined;
  #referenced = true;
  /** Keeps the process alive until connected. */
  #way: Handle | undefined;

  constructor() {
    super({ allowHalfOpen: true });
  }

  /** Sets what it is connecting by, to which ref() and unref() apply until connected. */
  comesBy(way: Handle): void {
    this.#way = way;
    if (!this.#referenced) this.unref();
  }

  attach(inner: Inner): void {
    if (this.destroyed) return inner.close();
    const { readable, writable } = inner;
    this.#inner = inner;
    this.connecting = false;
    let [over, ended] = [false, false];
    readable.on('data', (chunk: Uint8Array) => {
      if (!this.destroyed && !this.push(chunk)) readable.pause();
    });
    const settle = (reason: Error | undefined): void => {
      if (reason !== undefined) this.destroy(reason);
      else if (!ended) this.push(null);
      ended = true;
    };
    // An error may follow the end of a half-open connection
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
    if (!this.#referenced) this.unref();
    readable.resume();
    this.emit('connect');
    this.#begin?.();
  }

  override _read(): void {
    this.#inner?.readable.resume();
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, callback: Callback): void {
    const done = this.#telling(callback);
    this.#attached(({ writable }) => void writable.write(chunk, done));
  }

  override _final(callback: Callback): void {
    const done = this.#telling(callback);
    this.#attached(({ writable }) => void writable.end(done as () => void));
  }

  /** A failure is also emitted as an event with its cause, which {@link _destroy} reports. */
  #telling(callback: Callback): Callback {
    this.#underWay = callback;
    return (error) => {
      if (error || this.#underWay !== callback) return;
      this.#underWay = undefined;
      callback();
    };
  }

  /** Unsent bytes: buffered here, in the inner stream, and in its socket. */
  get queued(): number {
    const { writableLength = 0, _handle } = (this.#inner?.writable ?? {}) as {
      readonly writableLength?: number;
      readonly _handle?: { readonly writeQueueSize?: number } | null;
    };
    return this.writableLength + writableLength + (_handle?.writeQueueSize ?? 0);
  }

  ref(): this {
    this.#referenced = true;
    for (const each of this.#handles()) each.ref?.();
    return this;
  }

  /** Stops keeping the process alive, before and after it is connected. */
  unref(): this {
    this.#referenced = false;
    for (const each of this.#handles()) each.unref?.();
    return this;
  }

  #handles(): readonly Handle[] {
    if (this.#inner === undefined) return this.#way === undefined ? [] : [this.#way];
    return [this.#inner, this.#inner.readable, this.#inner.writable] as Handle[];
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.connecting = false;
    this.#inner?.close();
    const underWay = this.#underWay;
    this.#underWay = undefined;
    underWay?.(error ?? new TlsError('ABORTED', 'the stream was destroyed'));
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
