/**
 * @module What goes out: encrypted bytes on their way to the transport, counted, and the transport's end behind them.
 */
import { OutboundBio } from '@ferrule/bio';
import type { Settled } from './jobs.ts';
import type { Transport } from './transport.ts';

/** Ciphertext that the transport may have and not have sent, before writes wait; bytes. */
const IN_FLIGHT = 256 * 1024;

export interface OutgoingEvents {
  /** The transport has sent more. */
  sent(): void;
  /** The transport's end has gone. */
  ended(): void;
  failed(error: Error): void;
}

export class Outgoing {
  /** Where the engine writes. */
  readonly bio: OutboundBio = new OutboundBio(IN_FLIGHT);
  /** Bytes that the transport has sent, from the beginning of the connection. */
  sent = 0;
  readonly #transport: Transport;
  readonly #events: OutgoingEvents;
  #handed = 0;
  #end: 'open' | 'given' | 'gone' = 'open';
  #closed = false;
  /** Who is told of the end. */
  #waiting: Settled[] = [];

  constructor(transport: Transport, events: OutgoingEvents) {
    this.#transport = transport;
    this.#events = events;
  }

  /** Bytes that were encrypted, from the beginning of the connection. */
  get encrypted(): number {
    return this.#handed + this.bio.queued;
  }

  get full(): boolean {
    return this.bio.inFlight >= IN_FLIGHT;
  }

  /** Grows with every byte that the other side takes, as far as the transport knows. */
  get taken(): number {
    return this.sent - (quietly(() => this.#transport.queued) ?? 0);
  }

  /** The transport has sent everything, and its end. */
  get gone(): boolean {
    return this.#end === 'gone' && this.sent === this.#handed;
  }

  /** Hands what is encrypted to the transport. False: there was nothing, or there is nobody. */
  flush(): boolean {
    const outgoing = this.bio.take();
    if (outgoing === undefined) {
      this.bio.trim();
      return false;
    }
    const { bytes, release } = outgoing;
    // Nothing goes out behind close_notify and the transport's end: not the answer to a KeyUpdate, nor an alert
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
        // What is told twice has gone once
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

  /** The transport's own end. @param done when it has gone, or with the error that prevents it. */
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

  /** Nothing goes any more. @param error for whoever waits for the end; `undefined` where nobody needs it. */
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

/** For what a transport is asked at its end: an exception there changes nothing, and is nobody's. */
export function quietly<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch {
    return undefined;
  }
}

export const asError = (value: unknown): Error => (value instanceof Error ? value : new Error(String(value)));
