/** @module An established connection: bytes in, bytes out, connection info, and an orderly close. */
import type { Ssl } from '@ferrule/contract';
import { TlsError } from '@ferrule/result';
import { memoryOf } from '@ferrule/result/arguments';
import { aborted } from './abort.ts';
import type { Channel } from './channel.ts';
import type { ConnectionInfo } from './info.ts';

/** Size of one read of {@link TlsConnection.readable}, bytes: a few records. */
const CHUNK = 65_536;

/** The default reason of {@link TlsConnection.destroy}. */
let destroyed: TlsError | undefined;

let make: (channel: Channel, info: ConnectionInfo) => TlsConnection;

/**
 * A verified TLS connection. Read and write it through Web Streams, or with {@link read} and {@link write} and your own
 * memory, but not both in the same direction.
 */
export class TlsConnection {
  /** What was negotiated, and the peer. */
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
   * Resolves when the connection has ended for any reason; never rejects. After {@link close} the transport may linger.
   */
  get closed(): Promise<void> {
    return this.#channel.closed;
  }

  /**
   * Decrypted bytes as a byte stream (BYOB readers too). Ends at the peer's close_notify; EOF without one is an error,
   * `UNEXPECTED_EOF`, since the data may be truncated. Cancelling it closes the connection. For text use
   * `connection.readable.pipeThrough(new TextDecoderStream())`.
   */
  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    // A byte stream transfers its chunks, so none is backed by a SharedArrayBuffer.
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
   * Reads decrypted bytes into the caller's memory: at least one, as many as are available; 0 is the peer's
   * close_notify.
   * @throws TlsError e.g. `UNEXPECTED_EOF` for EOF without close_notify.
   * @throws TypeError for an empty array, or while another read is under way.
   */
  read(into: Uint8Array): Promise<number> {
    return this.#channel.read(into);
  }

  /**
   * Encrypts and sends all of `from`, which must not change until this settles: when the transport (over TCP, the
   * system) has it. For concurrent writes do not await each. If its memory is transferred meanwhile, the write fails;
   * once part of it was encrypted, so does the connection.
   * @throws TlsError when the connection fails or closeWrite() was called before.
   * @throws TypeError for what is neither an ArrayBuffer nor a view of one.
   */
  write(from: Uint8Array | ArrayBufferView | ArrayBufferLike): Promise<void> {
    const bytes = memoryOf(from);
    return bytes === undefined
      ? Promise.reject(new TypeError('write: neither an ArrayBuffer nor a view of one; encode text with TextEncoder'))
      : this.#channel.write(bytes);
  }

  /** Half-close: sends close_notify after pending writes and settles when the transport has both; reading continues. */
  closeWrite(): Promise<void> {
    return this.#channel.closeWrite();
  }

  /**
   * Orderly close: pending writes, close_notify, then the transport's end. Sending continues as long as the peer
   * accepts bytes (at most `closeTimeout` without progress; unsent writes reject), then waits for the peer's end until
   * a second passes without a byte, discarding received data. A peer that has not ended by then may still be reading:
   * the transport stays open in the background, up to six times `closeTimeout`. Never rejects. Idempotent.
   */
  close(): Promise<void> {
    return this.#channel.close();
  }

  /** Ends the connection and the transport immediately; pending reads and writes reject with `reason`. */
  destroy(reason: TlsError = (destroyed ??= new TlsError('ABORTED', 'the connection was destroyed'))): void {
    this.#channel.destroy(reason);
  }

  /** SSL_key_update(3): new sending keys; `true` also requests new ones of the peer. TLS 1.3 only, else a TypeError. */
  keyUpdate(requestPeer: boolean = false): Promise<void> {
    return this.#channel.operate((ssl) => ssl.keyUpdate(requestPeer));
  }

  /** RFC 5705. @throws TypeError for an invalid length. */
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

/** For `connect()`, once the channel's handshake is done. */
export const newConnection = (channel: Channel, info: ConnectionInfo): TlsConnection => make(channel, info);
