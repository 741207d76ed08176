/**
 * @module The end of a connection, in three stages.
 *
 * 1. Sending: what was written, close_notify and the transport's end go. It takes as long as the other side takes bytes;
 *    what it sends meanwhile is no progress.
 * 2. Listening: the other side's end is waited for, for as long as a program can be kept waiting.
 * 3. Lingering: the connection is over for its owner, and the transport stays until the other side has ended too. The
 *    system may have megabytes that the peer has not read yet. Were the socket closed, the peer's next byte would be
 *    answered by a reset, which throws them away (RFC 9293 section 3.6.1, RFC 9112 section 9.6).
 *
 * What the peer sends is read and dropped in all three.
 */
import { MAX_TIMER } from '@ferrule/result/arguments';
import { quietly, type Outgoing } from './outgoing.ts';
import type { Transport } from './transport.ts';

/** Listening, without a byte for so long; milliseconds. */
const QUIET = 1000;
/** Listening, and sending after a failure, take no longer than so many times that, whatever moves. */
const LONGEST = 30;
/** Once all has been sent, not more than this is dropped, bytes: whoever goes on sending does not read close_notify. */
const MOST = 16 * 1024 * 1024;
/** Lingering takes so many times the limit of sending: a minute by default. */
const LINGER = 6;
/** How often it is looked whether anything has moved, as a part of the limit. */
const LOOKS = 5;

export interface DepartureEvents {
  /** The other side took nothing for so many milliseconds, though there is something to take. */
  stalled(milliseconds: number): void;
  /** Nothing more is waited for. Answered by {@link Departure.finish}. */
  over(): void;
}

/**
 * `hurried`: after a failure, little is waited for. `answered`: the peer has sent its close_notify, so it sends nothing
 * that a reset could answer. `orderly`: the transport lingers.
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

  /** @param stall milliseconds for which the other side may take nothing. */
  constructor(transport: Transport, outgoing: Outgoing, stall: number, events: DepartureEvents) {
    this.#transport = transport;
    this.#outgoing = outgoing;
    this.#stall = stall;
    this.#events = events;
  }

  /** What was written still goes. */
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

  /** Nothing more will be written, and the transport has been told its end. */
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

  /** Bytes, or the end, have gone. */
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

  /** Received bytes that nobody wants. False: deliver no more. */
  drop(bytes: number): boolean {
    this.#dropped += bytes;
    if (this.#stage === 'over') return false;
    if ((this.#stage === 'listening' || this.#stage === 'lingering') && this.#dropped - this.#droppedBefore > MOST)
      this.#cut();
    return true;
  }

  /** The other side will send no more. */
  peerEnded(): void {
    this.#peerEnded = true;
    if (this.#stage === 'listening' || this.#stage === 'lingering') this.#cut();
    else this.moved();
  }

  /** The connection is over for its owner. What lingers lingers. */
  finish(): void {
    this.#unwatch();
    if (this.#stage !== 'lingering') return this.destroy();
    quietly(() => this.#transport.unref?.());
    this.#timer = setTimeout(() => this.destroy(), Math.min(LINGER * this.#stall, MAX_TIMER));
    unref(this.#timer);
  }

  /** The transport is given up at once. */
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

  /** Calls back when `progress` has not changed for `limit` milliseconds, or after `longest`. */
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
    // The connection keeps the process alive where it should, not its end
    unref(this.#timer);
  }

  #unwatch(): void {
    clearInterval(this.#timer);
  }
}

const unref = (timer: unknown): void => (timer as { unref?: () => void }).unref?.();
