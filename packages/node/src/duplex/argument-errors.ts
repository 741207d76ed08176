/** @module Errors for invalid arguments, with Node's codes and messages. */
import { inspect } from 'node:util';

/** `ERR_INVALID_ARG_TYPE`. */
export const argumentType = (name: string, expected: string, value: unknown): TypeError =>
  Object.assign(
    new TypeError(
      `The "${name}" ${name.includes('.') ? 'property' : 'argument'} must be ${expected}. Received ${described(value)}`,
    ),
    { code: 'ERR_INVALID_ARG_TYPE' },
  );

/** `ERR_OUT_OF_RANGE`. */
export const outOfRange = (name: string, range: string, value: unknown): RangeError =>
  Object.assign(
    new RangeError(`The value of "${name}" is out of range. It must be ${range}. Received ${String(value)}`),
    { code: 'ERR_OUT_OF_RANGE' },
  );

/** How many characters of a value are shown. */
const SHOWN = 28;

function described(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (typeof value === 'function') return `function ${value.name}`;
  if (typeof value === 'object') {
    const { constructor: maker } = value as { readonly constructor?: { readonly name?: string } };
    return maker?.name ? `an instance of ${maker.name}` : inspect(value, { depth: -1 });
  }
  const shown = inspect(value, { colors: false });
  return `type ${typeof value} (${shown.length > SHOWN ? `${shown.slice(0, SHOWN - 3)}...` : shown})`;
}
