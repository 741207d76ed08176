/**
 * @module Record-sized scratch memory, lent to whichever connection of this thread is at work, so that an idle one
 * holds none. What comes back is wiped.
 */
import { MAX_EXPANSION_12, MAX_PLAINTEXT } from '../limits.ts';
import { RECORD_HEADER } from './protect.ts';

/** Bytes of a lent buffer. */
export const BUFFER_SIZE: number = RECORD_HEADER + MAX_PLAINTEXT + MAX_EXPANSION_12;
const KEPT = 8;
const free: Uint8Array[] = [];

/** Room for the largest record. */
export const takeBuffer = (): Uint8Array => free.pop() ?? new Uint8Array(BUFFER_SIZE);

/** Gives back a buffer of {@link takeBuffer}; nothing may refer to it any more. */
export function giveBack(buffer: Uint8Array): void {
  buffer.fill(0);
  if (free.length < KEPT) free.push(buffer);
}
