/** @module What is written to a Duplex, in its order; each write is done when the transport has its bytes. */
import type { TlsPump } from 'ferrule/pump';
import { inOrder, joined } from './joined.ts';
import { throwLater } from './plaintext.ts';

/** Of node:stream, which runs the caller's. */
export type Callback = (error?: Error | null) => void;

export interface WritesEvents {
  /** The transport has so many more bytes of plaintext. */
  wrote(bytes: number): void;
  /** What an error is to the users of this face. */
  told(error: Error): Error;
}

export class Writes {
  readonly #events: WritesEvents;
  #pump: TlsPump | undefined;
  /** What was written, or ended, before there was a transport to write to. */
  readonly #early: { readonly go: () => void; readonly callback: Callback }[] = [];
  /** Of the write that is under way, and its bytes: a Writable gives the next one when it has been called. */
  #callback: Callback | undefined;
  #bytes = 0;

  constructor(events: WritesEvents) {
    this.#events = events;
  }

  /** There is a transport. */
  begin(pump: TlsPump): void {
    this.#pump = pump;
    for (const { go } of this.#early.splice(0)) go();
  }

  /** One chunk. Nothing is made for it here: it is the most common of all that a connection does. */
  write(chunk: Uint8Array, callback: Callback): void {
    if (this.#pump === undefined) return this.#wait(() => this.write(chunk, callback), callback);
    this.#callback = callback;
    this.#bytes = chunk.length;
    this.#pump.write(chunk, this.#settled);
  }

  readonly #settled = (error?: Error): void => {
    const callback = this.#callback;
    this.#callback = undefined;
    if (error === undefined) this.#events.wrote(this.#bytes);
    if (callback !== undefined) this.#tell(callback, error);
  };

  /** Chunks that were written together. Nothing goes behind one that failed. */
  writeAll(chunks: readonly { readonly chunk: Uint8Array }[], callback: Callback): void {
    const pump = this.#pump;
    if (pump === undefined) return this.#wait(() => this.writeAll(chunks, callback), callback);
    const pieces = joined(chunks.map(({ chunk }) => chunk));
    const write = (piece: Uint8Array, done: Callback): void =>
      pump.write(piece, (error) => {
        if (error === undefined) this.#events.wrote(piece.length);
        this.#tell(done, error);
      });
    inOrder(pieces, write, callback);
  }

  /** close_notify, and the transport's end. */
  end(callback: Callback): void {
    if (this.#pump === undefined) return this.#wait(() => this.end(callback), callback);
    this.#pump.shutdown(true, (error) => this.#tell(callback, error));
  }

  /** Nothing is written any more. @param reason for whoever waits for a transport. */
  over(reason: Error | undefined): void {
    for (const { callback } of this.#early.splice(0)) this.#tell(callback, reason);
  }

  #wait(go: () => void, callback: Callback): void {
    this.#early.push({ go, callback });
  }

  #tell(callback: Callback, error: Error | undefined): void {
    try {
      callback(error && this.#events.told(error));
    } catch (thrown) {
      throwLater(thrown);
    }
  }
}
