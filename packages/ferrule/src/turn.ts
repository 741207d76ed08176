/**
 * @module The event loop's turn. Chromium settles WebCrypto's promises without one: as long as there are records to be
 * opened, no timer runs, no message arrives and nothing is painted.
 */

/** Milliseconds of work before others have their turn. */
const SHARE = 4;
let last = 0;

/** Settles after a turn of the event loop, if one is due; `undefined` if not. */
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
  // Not a timer: browsers hold nested ones back for 4 ms.
  const { port1, port2 } = new MessageChannel() as unknown as Channel;
  port1.onmessage = () => {
    port1.close();
    callback();
  };
  port2.postMessage(undefined);
}

/** What browsers have and Node's types leave out. */
interface Channel {
  readonly port1: { onmessage: () => void; close(): void };
  readonly port2: { postMessage(message: undefined): void };
}
