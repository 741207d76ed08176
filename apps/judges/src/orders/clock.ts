/** @module Time under control: what faces set timers for comes when a step says so, and a second costs nothing. */

interface Due {
  at: number;
  readonly delay: number;
  readonly repeats: boolean;
  readonly act: () => void;
  active: boolean;
}

const real = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
};

/** Waits for the event loop to come round. */
export const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
export const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => void real.setTimeout(resolve, milliseconds));

export class Clock {
  /** Milliseconds since {@link install}. */
  now = 0;
  #due: Due[] = [];

  /** In place of the process's own timers, until {@link remove}. Those inside Node itself go on as ever. */
  install(): void {
    const timer =
      (repeats: boolean) =>
      (act: (...args: unknown[]) => void, delay = 0, ...args: unknown[]): Handle => {
        const due: Due = { at: this.now + delay, delay, repeats, act: () => act(...args), active: true };
        this.#due.push(due);
        return new Handle(due, () => (due.at = this.now + due.delay));
      };
    const clear = (handle: unknown): void => {
      if (handle instanceof Handle) handle.due.active = false;
      else real.clearTimeout(handle as NodeJS.Timeout);
    };
    Object.assign(globalThis, {
      setTimeout: timer(false),
      clearTimeout: clear,
      setInterval: timer(true),
      clearInterval: clear,
    });
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
      if (next.repeats) next.at = this.now + Math.max(1, next.delay);
      else next.active = false;
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
