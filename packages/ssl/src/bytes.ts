/**
 * @module Which values are bytes. `instanceof` believes a prototype and fails for another realm's arrays, and `length` may be a
 * getter of the caller's that says more than there is: what counts is what %TypedArray%.prototype says (ECMA-262 section 23.2.3).
 */

const prototype = Object.getPrototypeOf(Uint8Array.prototype) as object;
const getter = (name: string | symbol): ((this: unknown) => unknown) => Object.getOwnPropertyDescriptor(prototype, name)?.get as (this: unknown) => unknown;
const tagOf = getter(Symbol.toStringTag);
const bufferOf = getter('buffer') as (this: unknown) => ArrayBuffer;
const offsetOf = getter('byteOffset') as (this: unknown) => number;
const lengthOf = getter('length') as (this: unknown) => number;

/**
 * The same memory as a Uint8Array that has nothing of its own; `undefined` for anything but a Uint8Array, of whatever class or
 * realm, and for one whose memory is gone.
 */
export function bytesOf(value: unknown): Uint8Array | undefined {
  if (tagOf.call(value) !== 'Uint8Array') return undefined;
  try {
    return new Uint8Array(bufferOf.call(value), offsetOf.call(value), lengthOf.call(value));
  } catch {
    return undefined;
  }
}

/** A copy outside V8's heap, which can be wiped; `undefined` as above. */
export function copyOf(value: unknown): Uint8Array | undefined {
  const bytes = bytesOf(value);
  if (bytes === undefined) return undefined;
  const copy = new Uint8Array(new ArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}
