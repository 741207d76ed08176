/** @module The queue of writes and other operations: encrypted in order, done when the transport has their bytes. */
import type { Ssl } from '@ferrule/contract';

/** `undefined`: the transport has all of it. */
export type Settled = (error?: Error) => void;

export class Job {
  done: Settled;
  /** Absent for an operation. */
  readonly bytes: Uint8Array | undefined;
  readonly operate: ((ssl: Ssl) => number) | undefined;
  /** Length of `bytes` at the call: their memory may be transferred or resized later. */
  readonly length: number;
  /** Bytes that the engine has taken. */
  offset = 0;
  /** The engine was called with it: it may hold more than it has reported. */
  begun = false;
  /** Total bytes the transport must have sent, counted from the start of the connection; set when all is encrypted. */
  end: number = Number.POSITIVE_INFINITY;
  next: Job | undefined;

  constructor(done: Settled, bytes: Uint8Array | undefined, operate?: (ssl: Ssl) => number) {
    this.done = done;
    this.bytes = bytes;
    this.operate = operate;
    this.length = bytes?.length ?? 0;
  }
}

/** Jobs before {@link current} are encrypted and in flight. */
export class JobQueue {
  /** The next job to encrypt. */
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

  /** The current job is encrypted, and ends at that byte. */
  encrypted(end: number): void {
    const job = this.current;
    if (job === undefined) return;
    job.end = end;
    this.current = job.next;
  }

  /** The transport has sent this many bytes. Reentrant: a nested call by `done` is harmless. */
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

  /** Settles all jobs, whatever the state of their bytes. */
  settleAll(error: Error | undefined): void {
    let job = this.#first;
    this.#first = this.#last = this.current = undefined;
    for (; job !== undefined; job = job.next) job.done(error);
  }

  /** Whether this operation is the only pending one. */
  only(operation: (ssl: Ssl) => number): boolean {
    return this.#first !== undefined && this.#first === this.#last && this.#first.operate === operation;
  }
}
