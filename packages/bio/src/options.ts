/** @module Checks that every factory here makes. */

/** 2^30: more is a mistake. */
const LARGEST = 1 << 30;

/** @throws RangeError when `size` is not an integer from 1 to 2^30. */
export function checkSize(name: string, size: number): void {
  if (!(Number.isInteger(size) && size >= 1 && size <= LARGEST))
    throw new RangeError(`${name}: ${size} is not an integer from 1 to ${LARGEST}`);
}

/**
 * @throws TypeError naming the first key of `options` that is none of `known`, and for what holds no options, a Map
 * say.
 */
export function refuseUnknown(options: object, known: readonly string[]): void {
  if (Object.prototype.toString.call(options) !== '[object Object]')
    throw new TypeError('the options must be a plain object');
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) throw new TypeError(`unknown option \`${key}\``);
  }
}
