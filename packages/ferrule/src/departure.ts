/**
 * @module The end of a connection, in three stages.
 *
 * 1. Sending: pending writes, close_notify and the transport's end. It continues as long as the peer accepts bytes;
 *   what the peer sends does not count as progress.
 * 2. Listening: waits for the peer's end, for as long as a program may be kept waiting.
 * 3. Lingering: the connection has ended for its owner, and the transport stays until the peer has ended too. The
 *   system may hold megabytes that the peer has not read yet. If the socket were closed, the peer's next byte would
 *   trigger a reset, which discards them (RFC 9293 section 3.6.1, RFC 9112 section 9.6).
 *
 * Received data is discarded in all three.
 */
import { MAX_TIMER } from '@ferrule/result/arguments';
import { quietly, type Outgoing } from './outgoing.ts';
import type { Transport } from './transport.ts';

/** Longest silence while listening; milliseconds. */
const QUIET = 1000;
/** Limit of listening, and of sending after a failure, in multiples of that, even with progress. */
const LONGEST = 30;
/** Once all is sent, discard at most this many bytes: a peer that keeps sending ignores close_notify. */
const MOST = 16 * 1024 * 1024;
/** Limit of lingering, in multiples of the sending limit: a minute by default. */
const LINGER = 6;
/** How many times per limit progress is checked. */
const LOOKS = 5;

export interface DepartureEvents {
  /** The peer accepted nothing for this many milliseconds although data is pending. */
  stalled(milliseconds: number): void;
  /** Nothing is left to wait for. The owner then calls {@link Departure.finish}. */
  over(): void;
}

/**
 * `hurried`: after a failure, waits are short. `answered`: the peer has sent close_notify, so it sends nothing more
 * that could trigger a reset. `orderly`: the transport lingers.
 */
export type Manner = 'hurried' | 'answered' | 'orderly';

type Stage = 'no' | 'sending' | 'listening' | 'lingering' | 'over';

export class Departure {
  readonly #transport: Transport;
  readonly #outgoing: Outgoing;
  readonly #stall: number;
  readonly #events: DepartureEvents;
  #stage: Stage = 'no';
  /** Nothing more will be written. */
  #left = false;
  #mayLinger = false;
  #peerEnded = false;
  #dropped = 0;
  #droppedBefore = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param stall milliseconds for which the peer may accept nothing. */
  constructor(transport: Transport, outgoing: Outgoing, stall: number, events: DepartureEvents) {
    this.#transport = transport;
    this.#outgoing = outgoing;
    this.#stall = stall;
    this.#events = events;
  }

  /** Pending writes are still sent. */
  begin(): void {
    if (this.#stage !== 'no') return;
    this.#stage = 'sending';
    this.#watch(
      this.#stall,
      () => this.#outgoing.taken,
      Number.POSITIVE_INFINITY,
      () => this.#events.stalled(this.#stall),
    );
  }

  /** Nothing more will be written, and the transport's end was requested. */
  leave(manner: Manner): void {
    this.#left = true;
    this.#mayLinger = manner === 'orderly';
    if (manner !== 'hurried') this.begin();
    else {
      this.#stage = 'sending';
      this.#watch(
        this.#patience,
        () => this.#outgoing.taken,
        LONGEST * this.#patience,
        () => this.#events.stalled(this.#patience),
      );
    }
    this.moved();
  }

  /** Bytes, or the end, have been sent. */
  moved(): void {
    if (this.#stage !== 'sending' || !this.#left || !this.#outgoing.gone) return;
    if (this.#peerEnded) return this.#events.over();
    this.#stage = 'listening';
    this.#droppedBefore = this.#dropped;
    this.#watch(
      this.#patience,
      () => this.#dropped,
      LONGEST * this.#patience,
      () => this.#listened(),
    );
  }

  /** Discards received bytes. False: deliver no more. */
  drop(bytes: number): boolean {
    this.#dropped += bytes;
    if (this.#stage === 'over') return false;
    if ((this.#stage === 'listening' || this.#stage === 'lingering') && this.#dropped - this.#droppedBefore > MOST)
      this.#cut();
    return true;
  }

  /** The peer will send no more. */
  peerEnded(): void {
    this.#peerEnded = true;
    if (this.#stage === 'listening' || this.#stage === 'lingering') this.#cut();
    else this.moved();
  }

  /** The connection has ended for its owner; the transport may linger. */
  finish(): void {
    this.#unwatch();
    if (this.#stage !== 'lingering') return this.destroy();
    quietly(() => this.#transport.unref?.());
    this.#timer = setTimeout(() => this.destroy(), Math.min(LINGER * this.#stall, MAX_TIMER));
    unref(this.#timer);
  }

  /** Destroys the transport immediately. */
  destroy(): void {
    this.#stage = 'over';
    this.#unwatch();
    quietly(() => this.#transport.destroy());
  }

  #listened(): void {
    this.#stage = this.#mayLinger ? 'lingering' : 'over';
    this.#events.over();
  }

  #cut(): void {
    const wasOver = this.#stage === 'lingering';
    this.#stage = 'over';
    if (wasOver) this.destroy();
    else this.#events.over();
  }

  get #patience(): number {
    return Math.min(QUIET, this.#stall);
  }

  /** Calls `late` when `progress` has not changed for `limit` milliseconds, or after `longest`. */
  #watch(limit: number, progress: () => number, longest: number, late: () => void): void {
    this.#unwatch();
    let before = progress();
    let still = 0;
    let looks = 0;
    const each = limit / LOOKS;
    this.#timer = setInterval(() => {
      const now = progress();
      still = now === before ? still + 1 : 0;
      before = now;
      looks++;
      if (still >= LOOKS || looks * each > longest) {
        this.#unwatch();
        late();
      }
    }, each);
    // Only an open connection keeps the process alive, not a closing one
    unref(this.#timer);
  }

  #unwatch(): void {
    clearInterval(this.#timer);
  }
}

const unref = (timer: unknown): void => (timer as { unref?: () => void }).unref?.();
