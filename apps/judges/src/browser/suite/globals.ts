/** @module The globals of Node that the suite uses. */
import { exported } from './near.ts';

export { Buffer } from 'buffer';

type Hear = (reason: unknown) => void;
const scope = globalThis as unknown as EventTarget;
const heard = new Map<Hear, (event: Event) => void>();

export const process: object = {
  versions: exported('process', 'versions'),
  on: (_event: 'unhandledRejection', hear: Hear): void => {
    const listener = (event: Event): void => hear((event as Event & { readonly reason: unknown }).reason);
    heard.set(hear, listener);
    scope.addEventListener('unhandledrejection', listener);
  },
  off: (_event: 'unhandledRejection', hear: Hear): void =>
    scope.removeEventListener('unhandledrejection', heard.get(hear) as (event: Event) => void),
};

/** Behind what has come already. */
export function setImmediate(act: () => void): void {
  const { port1, port2 } = new MessageChannel() as unknown as {
    readonly port1: { onmessage: () => void; close(): void };
    readonly port2: { postMessage(message: null): void };
  };
  port1.onmessage = () => (port1.close(), act());
  port2.postMessage(null);
}
