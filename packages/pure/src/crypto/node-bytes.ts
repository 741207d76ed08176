/** @module Buffers as what they are to everybody else: `Buffer.prototype.slice` shares memory where `Uint8Array`'s copies. */

/** The same memory as a plain Uint8Array. Nothing of this provider may give a Buffer to the core, which relies on slice(). */
export const plain = (buffer: Uint8Array): Uint8Array => new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
