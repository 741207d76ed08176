/** @module The plain-text dialogue before TLS, led over a transport. */
import { TlsError } from '@ferrule/result';
import { memoryOf } from '@ferrule/result/arguments';
import { STARTTLS_CODES, type Starttls } from '@ferrule/starttls';
import type { TransportSink } from 'ferrule';

/** A dialogue before TLS that is longer is none, whoever leads it; bytes. */
const LIMIT = 262_144;

export interface DialogueEvents {
  send(bytes: Uint8Array): void;
  /** The next byte, in both directions, is TLS. */
  done(): void;
  failed(error: Error): void;
}

/** Gives what comes to the dialogue, and once that is done to whom comes then. */
export class BeforeTls implements TransportSink {
  readonly #preamble: Starttls;
  readonly #then: TransportSink;
  readonly #events: DialogueEvents;
  #over = false;
  #received = 0;

  constructor(preamble: Starttls, then: TransportSink, events: DialogueEvents) {
    this.#preamble = preamble;
    this.#then = then;
    this.#events = events;
  }

  begin(): void {
    this.#feed(new Uint8Array(0));
  }

  data(received: Uint8Array): boolean {
    const bytes = this.#over ? undefined : memoryOf(received);
    if (bytes === undefined) return this.#then.data(received);
    this.#feed(bytes);
    return true;
  }

  end(): void {
    try {
      if (!this.#over) this.#preamble.end();
    } catch (error) {
      this.#fail(error);
    }
    this.#then.end();
  }

  failed(error: Error): void {
    this.#then.failed(error);
  }

  #feed(bytes: Uint8Array): void {
    this.#received += bytes.length;
    try {
      if (this.#received > LIMIT)
        throw new TlsError(
          STARTTLS_CODES.STARTTLS_MALFORMED,
          `the server talked for more than ${LIMIT} bytes before TLS`,
        );
      const { send, done } = this.#preamble.feed(bytes);
      if (send.length > 0) this.#events.send(send);
      if (!done) return;
      this.#over = true;
    } catch (error) {
      return this.#fail(error);
    }
    this.#events.done();
  }

  #fail(error: unknown): void {
    this.#over = true;
    this.#events.failed(error as Error);
  }
}
