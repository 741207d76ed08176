/**
 * @module Writes, and operations among them, in their order: encrypted one after the other, done when the transport has
 * their bytes.
 */
import type { Ssl } from '@ferrule/contract';

/** `undefined`: the transport has all of it. */
export type Settled = (error?: Error) => void;

export class Job {
  done: Settled;
  /** Absent for an operation. */
  readonly bytes: Uint8Array | undefined;
  readonly operate: ((ssl: Ssl) => number) | undefined;
  /** How many bytes there were when they were given: their memory may be transferred, or resized, meanwhile. */
  readonly length: number;
  /** Bytes that the engine has taken. */
  offset = 0;
  /** The engine was asked to take some: it may hold more than it has told of. */
  begun = false;
  /** How many bytes the transport must have sent, from the beginning of the connection; set when all is encrypted. */
  end: number = Number.POSITIVE_INFINITY;
  next: Job | undefined;

  constructor(done: Settled, bytes: Uint8Array | undefined, operate?: (ssl: Ssl) => number) {
    this.done = done;
    this.bytes = bytes;
    this.operate = operate;
    this.length = bytes?.length ?? 0;
  }
}

/** A list: jobs before {@link current} are encrypted and on their way. */
export class JobQueue {
  /** What is to be encrypted next. */
  current: Job | undefined;
  #first: Job | undefined;
  #last: Job | undefined;
  #settling = false;

  get empty(): boolean {
    return this.#first === undefined;
  }

  add(job: Job): void {
    if (this.#last === undefined || this.#first === undefined) this.#first = job;
    else this.#last.next = job;
    this.#last = job;
    this.current ??= job;
  }

  /** The current one is, and ends at that byte. */
  encrypted(end: number): void {
    const job = this.current;
    if (job === undefined) return;
    job.end = end;
    this.current = job.next;
  }

  /** The transport has sent so many bytes. What `done` does may lead here again, and then changes nothing. */
  settle(sent: number): void {
    if (this.#settling) return;
    this.#settling = true;
    try {
      for (let job = this.#first; job !== undefined && job.end <= sent; job = this.#first) {
        this.#first = job.next;
        if (this.#first === undefined) this.#last = undefined;
        job.done();
      }
    } finally {
      this.#settling = false;
    }
  }

  /** All at once, whatever has become of their bytes. */
  settleAll(error: Error | undefined): void {
    let job = this.#first;
    this.#first = this.#last = this.current = undefined;
    for (; job !== undefined; job = job.next) job.done(error);
  }

  /** Nothing waits but this operation. */
  only(operation: (ssl: Ssl) => number): boolean {
    return this.#first !== undefined && this.#first === this.#last && this.#first.operate === operation;
  }
}
