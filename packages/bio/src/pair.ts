/** @module BIO pairs: BIO_s_bio(3). */
import { booleanOption, knownOptions } from '@ferrule/result/arguments';
import type { Bio } from './bio.ts';
import { Channel } from './channel.ts';
import { development } from './development.ts';
import { End } from './end.ts';
import { checkSize } from './options.ts';

/**
 * The default of `BIO_new_bio_pair`: a little more than one maximal TLS 1.2 record (5 + 16384 + 256 bytes, RFC 9846
 * section 5.2).
 */
export const DEFAULT_BIO_SIZE: number = 17 * 1024;

export interface BioPairOptions {
  /** Overwrite consumed views. Default: in development builds (NODE_ENV `development` or `test`). */
  readonly poison?: boolean;
}

/** One end of a BIO pair. */
export interface PairedBio extends Bio {
  readonly blocking: false;
  /** Release the memory of each direction that is empty; the next write allocates anew. For idle connections. */
  trim(): void;
}

/**
 * Two BIOs back to back: what is written at one end is read at the other, up to `size` bytes in each direction (from 1
 * to 2^30, default {@link DEFAULT_BIO_SIZE}). Contents and free space are always one contiguous view each, so with the
 * default size a whole TLS record is too. Each direction allocates twice `size` at its first write.
 * @returns the engine's end and the network's end, which are equivalent.
 * @throws TypeError for a `size` out of range, or an invalid option.
 */
export function bioPair(
  size: number = DEFAULT_BIO_SIZE,
  options: BioPairOptions = {},
): [engine: PairedBio, network: PairedBio] {
  checkSize('size', size);
  const { poison = development } = knownOptions(options, ['poison']);
  booleanOption(poison, 'poison');
  const out = new Channel(size, poison);
  const back = new Channel(size, poison);
  return [new End(back, out), new End(out, back)];
}
