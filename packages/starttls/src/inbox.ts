/** @module What has been received and not yet understood, and the two ways in which preambles take it. */
import { TlsError } from '@ferrule/result';

/** A plain-text dialogue that is longer than this is no preamble; bytes. */
const LIMIT = 65_536;

/** One step of a preamble: bytes to send, or `undefined` to ask for more input. */
export type Preamble<T = void> = Generator<Uint8Array | undefined, T, void>;

export class Inbox {
  #all: Uint8Array = new Uint8Array(0);
  #at = 0;

  /** @throws TlsError STARTTLS_MALFORMED when the dialogue has become longer than 64 KiB. */
  push(bytes: Uint8Array): void {
    const total = this.#all.length + bytes.length;
    if (total > LIMIT) throw malformed(`the server talked for more than ${LIMIT} bytes before TLS`);
    const joined = new Uint8Array(total);
    joined.set(this.#all);
    joined.set(bytes, this.#all.length);
    this.#all = joined;
  }

  /** Bytes that wait. */
  get length(): number {
    return this.#all.length - this.#at;
  }

  /** A copy of what has been taken so far. */
  get taken(): Uint8Array {
    return this.#all.slice(0, this.#at);
  }

  /** Everything that waits, as text. */
  get text(): string {
    return latin1(this.#all.subarray(this.#at));
  }

  /** Exactly `count` bytes. */
  *take(count: number): Preamble<Uint8Array> {
    while (this.length < count) yield undefined;
    this.#at += count;
    return this.#all.subarray(this.#at - count, this.#at);
  }

  /** One line without its CRLF (a bare LF is taken too). */
  *line(): Preamble<string> {
    for (;;) {
      const end = this.#all.indexOf(0x0a, this.#at);
      if (end >= 0) return latin1(yield* this.take(end + 1 - this.#at)).replace(/\r?\n$/, '');
      yield undefined;
    }
  }
}

export const malformed = (message: string): TlsError => new TlsError('STARTTLS_MALFORMED', message);
export const refused = (reply: string): TlsError => new TlsError('STARTTLS_REFUSED', `the server refused STARTTLS: ${printable(reply)}`);
export const notOffered = (what: string): TlsError => new TlsError('STARTTLS_NOT_OFFERED', what);

/** One character per byte, so that lengths agree; TextDecoder's `latin1` is windows-1252. */
function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

const encoder = new TextEncoder();
export const ascii = (text: string): Uint8Array => encoder.encode(text);

/** A server's words, safe to show: no control characters, 200 characters at most. */
export const printable = (text: string): string => JSON.stringify(text.slice(0, 200));
