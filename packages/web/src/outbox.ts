/**
 * @module What is on its way out through a WebSocket, which takes everything at once and says only by `bufferedAmount`
 * how much of it has gone.
 */

/** Bytes that may wait inside the WebSocket before more is held back. */
const HIGH = 1024 * 1024;
/** Milliseconds between looks at `bufferedAmount`: there is no event. */
const LOOK = 5;

/** Tells when a WebSocket has room again. One timer, and only while somebody waits. */
export class Room {
  readonly #socket: { readonly bufferedAmount: number };
  #waiting: { readonly below: number; readonly go: () => void }[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(socket: { readonly bufferedAmount: number }) {
    this.#socket = socket;
  }

  get full(): boolean {
    return this.#socket.bufferedAmount >= HIGH;
  }

  /** Calls `go` when there is room; not before this returns. */
  wait(go: () => void): void {
    this.#add(HIGH / 2, go);
  }

  /** Calls `go` when everything has gone to the system. */
  drained(go: () => void): void {
    this.#add(1, go);
  }

  /** The WebSocket is closed: nobody need wait. */
  over(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { go } of waiting) go();
  }

  #add(below: number, go: () => void): void {
    this.#waiting.push({ below, go });
    this.#timer ??= setTimeout(() => this.#look(), 0);
  }

  #look(): void {
    this.#timer = undefined;
    const { bufferedAmount } = this.#socket;
    const due = this.#waiting.filter(({ below }) => bufferedAmount < below);
    this.#waiting = this.#waiting.filter(({ below }) => bufferedAmount >= below);
    for (const { go } of due) go();
    if (this.#waiting.length > 0) this.#timer ??= setTimeout(() => this.#look(), LOOK);
  }
}
