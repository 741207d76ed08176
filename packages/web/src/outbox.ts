/**
 * @module What is on its way out through a WebSocket, which takes everything at once and says only by `bufferedAmount`
 * how much of it has not gone.
 */

/** `readyState`: behind it the WebSocket drops what it is given, and soon what it has. */
const OPEN = 1;
/** Bytes that may wait inside the WebSocket before more is held back. */
const HIGH = 1024 * 1024;
/** So many looks at `bufferedAmount` come in as many turns of the event loop: there is no event. */
const SOON = 8;
/** Milliseconds between those after them. */
const LOOK = 5;

interface Waiting {
  /** Calls back with less than this in the WebSocket, bytes; */
  readonly below: number;
  /** or when so many bytes have gone, from the beginning on. */
  readonly sent: number;
  readonly go: () => void;
}

interface Carrying {
  readonly bufferedAmount: number;
  readonly readyState: number;
}

/** Tells what has gone, and when there is room again. It looks only while somebody waits. */
export class Outbox {
  readonly #socket: Carrying;
  readonly #lost: () => void;
  /** Bytes that the WebSocket was given, from the beginning on. */
  #given: number;
  #waiting: Waiting[] = [];
  #isOver = false;
  #looking = false;
  #looks = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param lost - the WebSocket closes, and what is in it will not be told. Answered by {@link over}. */
  constructor(socket: Carrying, lost: () => void) {
    this.#socket = socket;
    this.#lost = lost;
    this.#given = socket.bufferedAmount;
  }

  /** The other end closes the WebSocket: its `close` event may be long in coming. */
  get isClosing(): boolean {
    return this.#socket.readyState > OPEN;
  }

  get full(): boolean {
    return this.#socket.bufferedAmount >= HIGH;
  }

  /** The WebSocket was given so many bytes more. */
  give(bytes: number): void {
    this.#given += bytes;
  }

  /**
   * Calls `go` when all that was given so far has gone to the system: at once, if it has. A WebSocket that counts
   * headers of frames, as that of `ws` does, is waited for a little longer than need be.
   */
  whenSent(go: () => void): void {
    if (this.#isOver || (this.#waiting.length === 0 && this.#socket.bufferedAmount === 0)) go();
    else this.#add({ below: 0, sent: this.#given, go });
  }

  /** Calls `go` when there is room; not before this returns. */
  whenRoom(go: () => void): void {
    this.#add({ below: HIGH / 2, sent: Infinity, go });
  }

  /** The WebSocket is closed: nobody need wait, now or later. */
  over(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { go } of waiting) go();
  }

  #add(one: Waiting): void {
    this.#waiting.push(one);
    this.#looks = 0;
    this.#lookLater();
  }

  #lookLater(): void {
    if (this.#looking) return;
    this.#looking = true;
    if (this.#looks++ < SOON) inNextTurn(() => this.#look());
    else this.#timer = setTimeout(() => this.#look(), LOOK);
  }

  #look(): void {
    this.#looking = false;
    if (this.isClosing && this.#waiting.length > 0) return this.#lost();
    const { bufferedAmount } = this.#socket;
    const sent = this.#given - bufferedAmount;
    const isDue = (one: Waiting): boolean => bufferedAmount < one.below || sent >= one.sent;
    const due = this.#waiting.filter(isDue);
    this.#waiting = this.#waiting.filter((one) => !isDue(one));
    for (const { go } of due) go();
    if (this.#waiting.length > 0) this.#lookLater();
  }
}

/** Not by a timer: browsers hold nested ones back for 4 ms, which each write of many would wait for. */
function inNextTurn(act: () => void): void {
  const { port1, port2 } = new MessageChannel() as unknown as Ports;
  port1.onmessage = () => (port1.close(), act());
  port2.postMessage(undefined);
}

/** Of browsers: Node's types leave `onmessage` out. */
interface Ports {
  readonly port1: { onmessage: () => void; close(): void };
  readonly port2: { postMessage(message: undefined): void };
}
