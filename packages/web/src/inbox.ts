/** @module What has come and nobody has taken yet, in order, for carriers that cannot be told to wait. */
import { TlsError } from '@ferrule/result';
import { integerOption } from '@ferrule/result/arguments';
import type { TransportSink } from 'ferrule';
import { Queue } from './queue.ts';

/** The default of {@link PipeLimits.maxQueued}. */
const MAX_QUEUED = 64 * 1024 * 1024;
/** What a message costs beside its bytes, about: so many small ones are as much memory as a few large ones. */
const OVERHEAD = 256;

export interface PipeLimits {
  /**
   * Received bytes that may wait for a reader before the pipe fails, since neither WebSocket nor Wisp can make the
   * relay wait; each message counts for 256 more. Default 67108864.
   */
  readonly maxQueued?: number | undefined;
}

/** @throws TypeError */
export function checkLimits({ maxQueued = MAX_QUEUED }: PipeLimits): number {
  return integerOption(maxQueued, 'maxQueued', 1, Number.MAX_SAFE_INTEGER);
}

/**
 * Hands to a {@link TransportSink} what comes, as fast as it wants it. The end, or the failure, is told after the last
 * byte.
 */
export class Inbox {
  readonly #name: string;
  readonly #limit: number;
  readonly #chunks = new Queue<Uint8Array>();
  #queued = 0;
  #sink: TransportSink | undefined;
  #flowing = true;
  #over: 'end' | Error | undefined;
  #told = false;

  constructor(name: string, limit: number) {
    this.#name = name;
    this.#limit = limit;
  }

  start(sink: TransportSink): void {
    this.#sink = sink;
    this.#deliver();
  }

  resume(): void {
    this.#flowing = true;
    this.#deliver();
  }

  /** `bytes` are the inbox's from now on. False: there were too many, and the pipe has failed. */
  push(bytes: Uint8Array): boolean {
    if (this.#over !== undefined || bytes.length === 0) return true;
    this.#chunks.push(bytes);
    this.#queued += bytes.length + OVERHEAD;
    this.#deliver();
    // One message that nobody has asked for yet is no flood
    if (this.#queued <= this.#limit || (this.#chunks.length === 1 && bytes.length <= this.#limit)) return true;
    this.#chunks.clear();
    this.#queued = 0;
    this.fail(
      new TlsError(
        'TRANSPORT_ERROR',
        `${this.#name}: more came than maxQueued allows, ${this.#limit} bytes, and nobody has read it`,
        {
          hint: 'Read faster, or raise maxQueued; over a WebSocketStream the relay can be made to wait.',
        },
      ),
    );
    return false;
  }

  /** The other side will send no more. */
  end(): void {
    this.#over ??= 'end';
    this.#deliver();
  }

  fail(error: Error): void {
    this.#over ??= error;
    this.#deliver();
  }

  #deliver(): void {
    const sink = this.#sink;
    if (sink === undefined) return;
    while (this.#flowing && this.#chunks.length > 0) {
      const chunk = this.#chunks.shift() as Uint8Array;
      this.#queued -= chunk.length + OVERHEAD;
      this.#flowing = sink.data(chunk);
    }
    if (this.#told || this.#over === undefined || this.#chunks.length > 0) return;
    this.#told = true;
    if (this.#over === 'end') sink.end();
    else sink.failed(this.#over);
  }
}
