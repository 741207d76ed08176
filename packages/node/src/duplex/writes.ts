/** @module Writes to a Duplex, in order; each is done when the transport has its bytes. */
import type { TlsPump } from 'ferrule/pump';
import { inOrder, joined } from './joined.ts';
import { throwLater } from './plaintext.ts';

/** node:stream's callback, which calls the caller's. */
export type Callback = (error?: Error | null) => void;

export interface WritesEvents {
  /** The transport has taken this many more bytes of plaintext. */
  wrote(bytes: number): void;
  /** Converts an error for the users of this face. */
  told(error: Error): Error;
}

export class Writes {
  readonly #events: WritesEvents;
  #pump: TlsPump | undefined;
  /** Writes, or the end, queued until there is a transport. */
  readonly #early: { readonly go: () => void; readonly callback: Callback }[] = [];
  /** Of the pending write, and its bytes: a Writable issues the next one after it has been called. */
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

  /** One chunk. Allocates nothing: the most frequent operation of a connection. */
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

  /** Chunks that were written together. Nothing is sent after one that failed. */
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

  /** Stops writing. @param reason for writes waiting for a transport. */
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
