/** @module An established connection: bytes in, bytes out, facts, and an orderly end. */
import type { Ssl } from '@ferrule/contract';
import { TlsError } from '@ferrule/result';
import { memoryOf } from '@ferrule/result/arguments';
import { aborted } from './abort.ts';
import type { Channel } from './channel.ts';
import type { ConnectionInfo } from './info.ts';

/** What {@link TlsConnection.readable} asks of the connection at a time, bytes: a few records. */
const CHUNK = 65_536;

/** The default reason of {@link TlsConnection.destroy}. */
let destroyed: TlsError | undefined;

let make: (channel: Channel, info: ConnectionInfo) => TlsConnection;

/**
 * A verified TLS connection. Read and write it through Web Streams, or with {@link read} and {@link write} and memory
 * of your own, not both at once for the same direction.
 */
export class TlsConnection {
  /** What was negotiated, and with whom. */
  readonly info: ConnectionInfo;
  readonly #channel: Channel;
  readonly #ssl: Ssl;
  #readable: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  #writable: WritableStream<Uint8Array> | undefined;

  /** Made by `connect()` and `connectOver()`. */
  private constructor(channel: Channel, info: ConnectionInfo) {
    this.#channel = channel;
    this.#ssl = channel.ssl;
    this.info = info;
  }

  static {
    make = (channel, info) => new this(channel, info);
  }

  /**
   * Resolves when the connection is over, in whatever way; never rejects. After {@link close} the transport may stay a
   * while.
   */
  get closed(): Promise<void> {
    return this.#channel.closed;
  }

  /**
   * Decrypted bytes as a byte stream (BYOB readers too). Ends at the peer's close_notify; an end without one is an
   * error,
   * `UNEXPECTED_EOF`, since the data may be truncated. Cancelling it closes the connection. Text is
   * `connection.readable.pipeThrough(new TextDecoderStream())`.
   */
  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    // A byte stream transfers its chunks, so none of them is of a SharedArrayBuffer.
    return (this.#readable ??= new ReadableStream({
      type: 'bytes',
      autoAllocateChunkSize: CHUNK,
      pull: async (controller) => {
        const request = controller.byobRequest;
        const view = request?.view;
        if (!request || !view) return;
        const n = await this.read(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
        if (n === 0) controller.close();
        request.respond(n);
      },
      cancel: () => this.close(),
    }) as ReadableStream<Uint8Array<ArrayBuffer>>);
  }

  /**
   * Bytes to encrypt. Closing it sends close_notify and leaves the other direction open; aborting it breaks the
   * connection.
   */
  get writable(): WritableStream<Uint8Array> {
    return (this.#writable ??= new WritableStream<Uint8Array | ArrayBufferView | ArrayBufferLike>({
      write: (chunk) => this.write(chunk),
      close: () => this.closeWrite(),
      ...aborted(() => this.destroy()),
    }));
  }

  /**
   * Decrypted bytes into memory of the caller's: at least one, as many as are there; 0 is the peer's close_notify.
   * @throws TlsError e.g. `UNEXPECTED_EOF` for an end without close_notify.
   * @throws TypeError for an empty array, or while another read is under way.
   */
  read(into: Uint8Array): Promise<number> {
    return this.#channel.read(into);
  }

  /**
   * Encrypts and sends all of `from`, which must not change until this settles: when the transport has it, so over TCP
   * when the system has. Whoever wants more under way at a time does not wait for each.
   * If its memory is transferred meanwhile, it fails: alone where nothing of it was encrypted, else with the connection.
   * @throws TlsError when the connection fails or closeWrite() was called before.
   * @throws TypeError for what is neither an ArrayBuffer nor a view of one.
   */
  write(from: Uint8Array | ArrayBufferView | ArrayBufferLike): Promise<void> {
    const bytes = memoryOf(from);
    return bytes === undefined
      ? Promise.reject(new TypeError('write: neither an ArrayBuffer nor a view of one; encode text with TextEncoder'))
      : this.#channel.write(bytes);
  }

  /**
   * Half-close: sends close_notify after what was written, and settles when the transport has both; reading goes on.
   */
  closeWrite(): Promise<void> {
    return this.#channel.closeWrite();
  }

  /**
   * Orderly end: what was written, close_notify, then the transport's own end. It takes as long as the other side takes
   * bytes (`closeTimeout` at most without one; what has not gone then is told by its `write()`), and then waits for the
   * peer's end until a second has passed without a byte, dropping what still comes. A peer that has not ended by then
   * may still be reading: the transport stays open for it in the background, up to six times `closeTimeout`. Never
   * rejects. Idempotent.
   */
  close(): Promise<void> {
    return this.#channel.close();
  }

  /** Ends everything at once, the transport too; reads and writes under way fail with `reason`. */
  destroy(reason: TlsError = (destroyed ??= new TlsError('ABORTED', 'the connection was destroyed'))): void {
    this.#channel.destroy(reason);
  }

  /** SSL_key_update(3): new keys for what we send; `true` asks the peer for new ones too. TLS 1.3, else a TypeError. */
  keyUpdate(requestPeer: boolean = false): Promise<void> {
    return this.#channel.operate((ssl) => ssl.keyUpdate(requestPeer));
  }

  /** RFC 5705. @throws TypeError for a length that cannot be. */
  exportKeyingMaterial(label: string, context: Uint8Array | undefined, length: number): Uint8Array {
    return this.#ssl.exportKeyingMaterial(label, context, length);
  }

  /** RFC 9266, RFC 5929; `undefined` where it is not defined. */
  channelBinding(type: 'tls-exporter' | 'tls-server-end-point'): Uint8Array | undefined {
    return this.#ssl.channelBinding(type);
  }

  /** `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** For `connect()`, which has a channel whose handshake is done. */
export const newConnection = (channel: Channel, info: ConnectionInfo): TlsConnection => make(channel, info);
