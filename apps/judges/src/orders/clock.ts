/** @module Time under control: what faces set timers for comes when a step says so, and a second costs nothing. */

interface Due {
  at: number;
  readonly delay: number;
  readonly act: () => void;
  active: boolean;
}

const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };

/** Waits for the event loop to come round. */
export const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
export const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => void real.setTimeout(resolve, milliseconds));

export class Clock {
  /** Milliseconds since {@link install}. */
  now = 0;
  #due: Due[] = [];

  /** In place of the process's own `setTimeout`, until {@link remove}. Timers inside Node itself go on as ever. */
  install(): void {
    const begin = (act: (...args: unknown[]) => void, delay = 0, ...args: unknown[]): Handle => {
      const due: Due = { at: this.now + delay, delay, act: () => act(...args), active: true };
      this.#due.push(due);
      return new Handle(due, () => (due.at = this.now + due.delay));
    };
    globalThis.setTimeout = begin as unknown as typeof setTimeout;
    globalThis.clearTimeout = ((handle: unknown) => {
      if (handle instanceof Handle) handle.due.active = false;
      else real.clearTimeout(handle as NodeJS.Timeout);
    }) as typeof clearTimeout;
  }

  remove(): void {
    Object.assign(globalThis, real);
  }

  /** Lets time pass; what falls due is called in order. */
  async advance(milliseconds: number): Promise<void> {
    const until = this.now + milliseconds;
    for (;;) {
      this.#due = this.#due.filter(({ active }) => active);
      const next = this.#due.filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.now = Math.max(this.now, next.at);
      next.active = false;
      next.act();
      await turn();
    }
    this.now = until;
    await turn();
  }
}

/** What `setTimeout` returns in Node. */
class Handle {
  readonly due: Due;
  readonly #again: () => void;

  constructor(due: Due, again: () => void) {
    this.due = due;
    this.#again = again;
  }

  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  hasRef(): boolean {
    return true;
  }
  refresh(): this {
    this.#again();
    return this;
  }
  [Symbol.toPrimitive](): number {
    return 1;
  }
}
