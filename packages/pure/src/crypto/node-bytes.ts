/**
 * @module Buffers as what they are to everybody else: `Buffer.prototype.slice` shares memory where `Uint8Array`'s
 * copies.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads';

/**
 * The same memory as a plain Uint8Array. Nothing of this provider may give a Buffer to the core, which relies on
 * slice().
 */
export const plain = (buffer: Uint8Array): Uint8Array =>
  new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);

/** Smaller ones cost less than it does to give them back. */
const WORTH_RELEASING = 4096;

/**
 * Gives back at once the memory of a Buffer that `node:crypto` has made: afterwards it has no bytes. Left to the
 * garbage collector, 16 KiB a record make V8 mark its whole heap every 32 MiB, at a cost near that of the ciphers.
 */
export function release(made: Uint8Array): void {
  const memory = made.buffer as ArrayBuffer & { transfer?(length: number): ArrayBuffer };
  // Never memory that others have a part in.
  if (made.length < WORTH_RELEASING || memory.byteLength !== made.length) return;
  if (memory.transfer !== undefined) memory.transfer(0);
  else (nowhere ??= closedPort()).postMessage(undefined, [memory]);
}

/** What is transferred to a port that is closed is detached and dropped; Node 20 has no other way. */
let nowhere: MessagePort | undefined;
function closedPort(): MessagePort {
  const { port1 } = new MessageChannel();
  port1.close();
  return port1;
}
