/** @module Memory BIOs: BIO_s_mem(3). */
import { knownOptions } from '@ferrule/result/arguments';
import { Channel } from './channel.ts';
import { development } from './development.ts';
import { End } from './end.ts';
import { checkSize } from './options.ts';
import type { PairedBio } from './pair.ts';

export interface MemoryBioOptions {
  /** Initial contents, copied. The BIO is then read-only and ends after these bytes: `BIO_new_mem_buf`. */
  readonly contents?: Uint8Array;
  /** Capacity in bytes, from 1 to 2^30. Default 2^24; a write beyond it returns "retry". */
  readonly limit?: number;
}

/**
 * A BIO whose reads return what was written to it. It grows with writes, never beyond `limit`; while empty, reads
 * return "retry", and EOF once `shutdownWrite()` has been called (BIO_set_mem_eof_return(3) of -1 and of 0).
 * @throws TypeError for an unknown option, or a `limit` out of range or below the contents.
 */
export function memoryBio(options: MemoryBioOptions = {}): PairedBio {
  const { contents, limit = Math.max(1 << 24, contents?.length ?? 0) } = knownOptions(options, ['contents', 'limit']);
  checkSize('limit', limit);
  const channel = new Channel(limit, development, true);
  const bio = new End(channel, channel);
  if (contents !== undefined) {
    if (contents.length > limit)
      throw new TypeError(`limit: ${limit} is below the ${contents.length} bytes of \`contents\``);
    bio.write(contents);
    bio.shutdownWrite();
  }
  return bio;
}
