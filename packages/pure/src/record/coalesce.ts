/** @module Handshake messages out of the records that carry them, split and joined at will (RFC 9846 section 5.1). */
import { EMPTY } from '@ferrule/result/bytes';
import { messageName } from '@ferrule/result/names';
import { fail } from '../reason.ts';

/** One whole handshake message, in memory of its own. */
export interface HandshakeMessage {
  /** HandshakeType */
  readonly type: number;
  /** Header and body: what the transcript takes. */
  readonly raw: Uint8Array;
  /** A view of `raw` behind the header. */
  readonly body: Uint8Array;
}

const HEADER = 4;

export class Coalescer {
  /** The longest body taken, bytes; may change between messages. */
  limit: number;
  #buffer: Uint8Array = EMPTY;
  #start = 0;
  #end = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Bytes that came and were not handed out yet. Keys may change, and other records come, only while it is 0. */
  get leftover(): number {
    return this.#end - this.#start;
  }

  /** Takes the content of a handshake record; copies it. */
  push(fragment: Uint8Array): void {
    const needed = this.leftover + fragment.length;
    if (this.#start + needed > this.#buffer.length) {
      const buffer =
        needed > this.#buffer.length ? new Uint8Array(Math.max(needed, 2 * this.#buffer.length)) : this.#buffer;
      buffer.set(this.#buffer.subarray(this.#start, this.#end));
      this.#end -= this.#start;
      this.#start = 0;
      this.#buffer = buffer;
    }
    this.#buffer.set(fragment, this.#end);
    this.#end += fragment.length;
  }

  /**
   * The next message, once all of it is there. @throws TlsError EXCESSIVE_MESSAGE_SIZE as soon as its header has come.
   */
  next(): HandshakeMessage | undefined {
    if (this.leftover < HEADER) return undefined;
    const at = this.#start;
    const byte = (i: number): number => this.#buffer[at + i] as number;
    const type = byte(0);
    const length = (byte(1) << 16) | (byte(2) << 8) | byte(3);
    if (length > this.limit)
      throw fail('EXCESSIVE_MESSAGE_SIZE', `${messageName(type)} of ${length} bytes, where ${this.limit} are taken`);
    if (this.leftover < HEADER + length) return undefined;
    const end = at + HEADER + length;
    const last = end === this.#end;
    // The last one takes the buffer with it, the others have to be copied out.
    const raw = last ? this.#buffer.subarray(at, end) : this.#buffer.slice(at, end);
    if (last) this.release();
    else this.#start = end;
    return { type, raw, body: raw.subarray(HEADER) };
  }

  /** Forgets what came. */
  release(): void {
    this.#buffer = EMPTY;
    this.#start = this.#end = 0;
  }
}
