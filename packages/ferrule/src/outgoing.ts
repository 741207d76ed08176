/** @module The sending side: encrypted bytes in flight to the transport, counted, followed by the transport's end. */
import { OutboundBio } from '@ferrule/bio';
import type { Settled } from './jobs.ts';
import type { Transport } from './transport.ts';

/** Limit of ciphertext handed to the transport and not yet sent, before writes wait; bytes. */
const IN_FLIGHT = 256 * 1024;

export interface OutgoingEvents {
  /** The transport has sent more. */
  sent(): void;
  /** The transport's end has been sent. */
  ended(): void;
  failed(error: Error): void;
}

export class Outgoing {
  /** Where the engine writes. */
  readonly bio: OutboundBio = new OutboundBio(IN_FLIGHT);
  /** Bytes that the transport has sent since the start of the connection. */
  sent = 0;
  readonly #transport: Transport;
  readonly #events: OutgoingEvents;
  #handed = 0;
  #end: 'open' | 'given' | 'gone' = 'open';
  #closed = false;
  /** Callbacks for the end. */
  #waiting: Settled[] = [];

  constructor(transport: Transport, events: OutgoingEvents) {
    this.#transport = transport;
    this.#events = events;
  }

  /** Bytes encrypted since the start of the connection. */
  get encrypted(): number {
    return this.#handed + this.bio.queued;
  }

  get full(): boolean {
    return this.bio.inFlight >= IN_FLIGHT;
  }

  /** Grows with every byte that the peer accepts, as far as the transport knows. */
  get taken(): number {
    return this.sent - (quietly(() => this.#transport.queued) ?? 0);
  }

  /** The transport has sent everything, and its end. */
  get gone(): boolean {
    return this.#end === 'gone' && this.sent === this.#handed;
  }

  /** Hands encrypted bytes to the transport. False: nothing was pending, or the transport is closed. */
  flush(): boolean {
    const outgoing = this.bio.take();
    if (outgoing === undefined) {
      this.bio.trim();
      return false;
    }
    const { bytes, release } = outgoing;
    // Nothing is sent after close_notify and the transport's end: no answer to a KeyUpdate, no alert
    if (this.#closed || this.#end !== 'open') {
      release();
      return false;
    }
    const { length } = bytes;
    this.#handed += length;
    let told = false;
    try {
      this.#transport.send(bytes, (error) => {
        release();
        // Ignore a second call for the same bytes
        if (this.#closed || told) return;
        told = true;
        if (error !== undefined && error !== null) return this.#events.failed(error);
        this.sent += length;
        this.#events.sent();
      });
      return true;
    } catch (error) {
      release();
      this.#events.failed(asError(error));
      return false;
    }
  }

  /** Ends the transport. @param done called when that is sent, or with the error that prevents it. */
  end(done?: Settled): void {
    if (done !== undefined) {
      if (this.#end === 'gone' || this.#closed) return done();
      this.#waiting.push(done);
    }
    if (this.#end !== 'open' || this.#closed) return;
    this.#end = 'given';
    try {
      this.#transport.end((error) => {
        if (this.#closed || this.#end === 'gone') return;
        if (error !== undefined && error !== null) return this.#events.failed(error);
        this.#end = 'gone';
        this.#settle(undefined);
        this.#events.ended();
      });
    } catch (error) {
      this.#events.failed(asError(error));
    }
  }

  /** Stops sending. @param error for callbacks waiting for the end; `undefined` if it is no longer needed. */
  close(error: Error | undefined): void {
    this.#closed = true;
    this.bio.trim();
    this.#settle(error);
  }

  #settle(error: Error | undefined): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const each of waiting) each(error);
  }
}

/** For calls to a transport during shutdown: an exception is ignored. */
export function quietly<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch {
    return undefined;
  }
}

export const asError = (value: unknown): Error => (value instanceof Error ? value : new Error(String(value)));
