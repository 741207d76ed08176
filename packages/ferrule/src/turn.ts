/**
 * @module Yields to the event loop. Chromium settles WebCrypto's promises without doing so: while there are records to
 * decrypt, no timer runs, no message arrives and nothing is painted.
 */

/** Milliseconds of work before yielding. */
const SHARE = 4;
let last = 0;

/** Resolves after a turn of the event loop if one is due; otherwise `undefined`. */
export function turn(): Promise<void> | undefined {
  if (performance.now() - last < SHARE) return undefined;
  return new Promise((resolve) => {
    inNextTurn(() => {
      last = performance.now();
      resolve();
    });
  });
}

function inNextTurn(callback: () => void): void {
  if (typeof setImmediate === 'function') {
    setImmediate(callback);
    return;
  }
  // Not a timer: browsers delay nested ones by 4 ms.
  const { port1, port2 } = new MessageChannel() as unknown as Channel;
  port1.onmessage = () => {
    port1.close();
    callback();
  };
  port2.postMessage(undefined);
}

/** A browser interface missing from Node's types. */
interface Channel {
  readonly port1: { onmessage: () => void; close(): void };
  readonly port2: { postMessage(message: undefined): void };
}
