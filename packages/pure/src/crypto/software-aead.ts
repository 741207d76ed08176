/** @module What the AEADs over noble's pieces share: tags of 128 bits, and aligned memory to work in. */

export const TAG_LENGTH = 16;

/** Whether the 16 bytes of `cipher` at `offset` are `tag`; takes the same time wherever they differ. */
export function tagsEqual(tag: Uint8Array, cipher: Uint8Array, offset: number): boolean {
  let difference = 0;
  for (let i = 0; i < TAG_LENGTH; i++) difference |= (tag[i] as number) ^ (cipher[offset + i] as number);
  return difference === 0;
}

// One record's worth, shared by all keys: seal and open are synchronous, so two never use it at once.
let scratch = new Uint8Array(16 * 1024 + 256);

/**
 * The first `length` bytes of the shared scratch, on a 32-bit boundary: noble works in words only where input and
 * output both are, and record payloads seldom are. Good until the next call; wiped by {@link wipeScratch}.
 */
export function alignedScratch(length: number): Uint8Array {
  if (scratch.length < length) scratch = new Uint8Array(length);
  return scratch.subarray(0, length);
}

export function wipeScratch(length: number): void {
  scratch.fill(0, 0, length);
}
