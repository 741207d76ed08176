/** @module A Duplex that is handed out before there is anything behind it: what is written waits. */
import { Duplex, type Readable, type Writable } from 'node:stream';
import { TlsError } from '@ferrule/result';

type Callback = (error?: Error | null) => void;

interface Handle {
  /** Whether the process stays alive for it. */
  ref?(): unknown;
  unref?(): unknown;
}

/** What comes to stand behind it. Its `ref` and `unref` are for what it has besides its streams. */
export interface Inner extends Handle {
  readonly readable: Readable;
  readonly writable: Writable;
  /**
   * Asked of the end of `readable` (without an error) and of errors: what it really was; `undefined` is an orderly end.
   */
  why?(error: Error | undefined): Promise<Error | undefined>;
  /** Give everything up. */
  close(): void;
}

export class LateDuplex extends Duplex {
  /** Until something stands behind it; then `connect` is emitted, as by a socket. */
  connecting = true;
  #inner: Inner | undefined;
  #begin: (() => void) | undefined;
  /** Of the write, or the end, that has not been told. */
  #underWay: Callback | undefined;
  #referenced = true;
  /** What keeps the process alive until something stands behind it. */
  #way: Handle | undefined;

  constructor() {
    super({ allowHalfOpen: true });
  }

  /** It is connecting by this: the process stays alive for it as it shall for what comes of it. */
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
    // An error may follow the end of a connection that is half open
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

  /** A failure comes as an event too, and there with its reason, which {@link _destroy} tells. */
  #telling(callback: Callback): Callback {
    this.#underWay = callback;
    return (error) => {
      if (error || this.#underWay !== callback) return;
      this.#underWay = undefined;
      callback();
    };
  }

  /** Bytes that were written and have not gone: here, there, and in its socket. */
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

  /** The process does not stay alive for what stands behind it, nor for the way to it. */
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
