/** @module Received bytes not yet parsed, and the two ways in which preambles read them. */
import { TlsError } from '@ferrule/result';
import { latin1, withoutControls } from '@ferrule/result/bytes';
import { CODES } from './codes.ts';

/** Limit of what a server may send before TLS, bytes; applies to custom dialogues too. */
export const STARTTLS_LIMIT = 65_536;

/** One step of a preamble: bytes to send, or `undefined` to ask for more input. */
export type Preamble<T = void> = Generator<Uint8Array | undefined, T, void>;

/** Received bytes, in order. Each is stored and scanned once, however small the pieces. */
export class Inbox {
  #all: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;
  /** Up to here the wanted byte does not occur. */
  #searched = 0;

  /** @throws TlsError STARTTLS_MALFORMED when the dialogue has become longer than 64 KiB. */
  push(bytes: Uint8Array): void {
    const total = this.#end + bytes.length;
    if (total > STARTTLS_LIMIT) throw malformed(`the server sent more than ${STARTTLS_LIMIT} bytes before TLS`);
    if (total > this.#all.length) {
      const larger = new Uint8Array(Math.min(STARTTLS_LIMIT, Math.max(total, 2 * this.#all.length)));
      larger.set(this.#all.subarray(0, this.#end));
      this.#all = larger;
    }
    this.#all.set(bytes, this.#end);
    this.#end = total;
  }

  /** Unread bytes. */
  get length(): number {
    return this.#end - this.#at;
  }

  /** A copy of everything read so far. */
  get taken(): Uint8Array {
    return this.#all.slice(0, this.#at);
  }

  /** Exactly `count` bytes; a view that is valid until the next {@link push}. */
  *take(count: number): Preamble<Uint8Array> {
    while (this.length < count) yield undefined;
    this.#at += count;
    this.#searched = this.#at;
    return this.#all.subarray(this.#at - count, this.#at);
  }

  /** Everything up to and including the next `mark`, one character per byte. */
  *through(mark: number): Preamble<string> {
    for (;;) {
      const found = this.#all.subarray(0, this.#end).indexOf(mark, this.#searched);
      if (found >= 0) return latin1(yield* this.take(found + 1 - this.#at));
      this.#searched = this.#end;
      yield undefined;
    }
  }

  /** One line without its CRLF (a bare LF is taken too). */
  *line(): Preamble<string> {
    const line = yield* this.through(0x0a);
    return line.slice(0, line.endsWith('\r\n') ? -2 : -1);
  }
}

export const malformed = (message: string): TlsError => new TlsError(CODES.STARTTLS_MALFORMED, message);
export const refused = (reply: string): TlsError =>
  new TlsError(CODES.STARTTLS_REFUSED, `the server refused STARTTLS: ${printable(reply)}`);
export const notOffered = (what: string): TlsError => new TlsError(CODES.STARTTLS_NOT_OFFERED, what);

const encoder = new TextEncoder();
export const ascii = (text: string): Uint8Array => encoder.encode(text);

/** Quotes a server's text for display: without control or format characters; 200 characters at most. */
export const printable = (text: string): string => withoutControls(JSON.stringify(text.slice(0, 200)));
