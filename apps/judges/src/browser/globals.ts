/** @module The globals of Node that pg uses. */
export { Buffer } from 'buffer';
export const process = {
  env: {},
  nextTick: (act: () => void): void => queueMicrotask(act),
};
