import type { WebSocketConstructor, WebSocketLike } from '../src/index.ts';

/** A WebSocket whose relay is the test. */
export class FakeSocket implements WebSocketLike {
  static last: FakeSocket | undefined;
  binaryType = '';
  readonly readyState: number = 1;
  readonly bufferedAmount: number = 0;
  readonly sent: Uint8Array[] = [];
  isClosed = false;
  readonly #listeners = new Map<string, ((event: never) => void)[]>();

  constructor() {
    FakeSocket.last = this;
  }

  addEventListener(type: string, listener: (event: never) => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  send(bytes: Uint8Array): void {
    this.sent.push(bytes);
  }

  close(): void {
    this.isClosed = true;
  }

  /** What the relay does. */
  emit(type: string, event: object = {}): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event as never);
  }

  message(bytes: Uint8Array<ArrayBuffer>): void {
    this.emit('message', { data: bytes.buffer });
  }
}

export const Fake = FakeSocket as unknown as WebSocketConstructor;
