/** @module How long an end may take: as long as bytes move, and no longer. */

/** Once all has been sent: without a byte for so long, nothing more is waited for; milliseconds. */
const QUIET = 1000;
/** ... and not for longer than this in all, whatever still comes; milliseconds. */
const LONGEST = 30_000;
/** ... nor for more than this, bytes: whoever goes on sending to a connection that is closed does not read close_notify. */
const MOST = 16 * 1024 * 1024;
/** How often it is looked whether anything has moved, as a part of the limit. */
const LOOKS = 5;

export class Departure {
  /** Received bytes that nobody wants, counted. */
  dropped = 0;
  readonly #give: (limit: number) => void;
  #limit: number;
  #timer: ReturnType<typeof setInterval> | undefined;
  #progress: () => number = () => 0;
  #quiet = false;
  #droppedBefore = 0;

  /**
   * @param stall milliseconds without progress that are too many.
   * @param give called when they have passed.
   */
  constructor(stall: number, give: (limit: number) => void) {
    this.#limit = stall;
    this.#give = give;
  }

  /** @param progress any number that changes when bytes move. */
  begin(progress: () => number): void {
    this.#progress = progress;
    if (this.#timer === undefined) this.#watch();
  }

  /** What was promised has been sent: from now on only the peer's end is waited for. */
  quiet(): void {
    if (this.#quiet) return;
    this.#quiet = true;
    this.#droppedBefore = this.dropped;
    this.#limit = Math.min(QUIET, this.#limit);
    this.#watch();
  }

  drop(bytes: number): void {
    this.dropped += bytes;
    if (this.#quiet && this.dropped - this.#droppedBefore > MOST) this.#give(this.#limit);
  }

  over(): void {
    clearInterval(this.#timer);
  }

  #watch(): void {
    clearInterval(this.#timer);
    let before = this.#progress();
    let still = 0;
    let looks = 0;
    const each = this.#limit / LOOKS;
    this.#timer = setInterval(() => {
      const now = this.#progress();
      still = now === before ? still + 1 : 0;
      before = now;
      looks++;
      if (still >= LOOKS || (this.#quiet && looks * each > LONGEST)) this.#give(this.#limit);
    }, each);
    // the connection keeps the process alive where it should, not its end
    (this.#timer as { unref?: () => void }).unref?.();
  }
}
