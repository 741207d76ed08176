/** @module The greeting that the reader gets as its first plaintext, replacing the server's from before TLS. */
import type { Plaintext } from './plaintext.ts';

export class Greeting {
  #rest: Uint8Array | undefined;
  readonly #plaintext: Plaintext;

  constructor(bytes: Uint8Array, plaintext: Plaintext) {
    this.#rest = bytes;
    this.#plaintext = plaintext;
  }

  /** Part of it is pending: no data of the peer may precede it. */
  get waits(): boolean {
    return this.#rest !== undefined;
  }

  /**
   * Delivers as much of it as the reader wants; it may pause, resume and destroy meanwhile. An error for an empty
   * buffer.
   */
  give(): TypeError | undefined {
    if (this.#rest === undefined) return undefined;
    const plaintext = this.#plaintext;
    for (let rest: Uint8Array | undefined = this.#rest; rest !== undefined && plaintext.wanted; rest = this.#rest) {
      const into = plaintext.space(rest.length);
      if (into.length === 0) return new TypeError('onread.buffer: must be a Uint8Array of at least one byte');
      const n = Math.min(into.length, rest.length);
      into.set(rest.subarray(0, n));
      this.#rest = n < rest.length ? rest.subarray(n) : undefined;
      plaintext.filled(n);
    }
    plaintext.drained();
    return undefined;
  }
}
