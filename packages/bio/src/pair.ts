/** @module BIO pairs: BIO_s_bio(3). */
import { booleanOption, knownOptions } from '@ferrule/result/arguments';
import type { Bio } from './bio.ts';
import { Channel } from './channel.ts';
import { development } from './development.ts';
import { End } from './end.ts';
import { checkSize } from './options.ts';

/**
 * `BIO_new_bio_pair`'s own default: one maximal TLS 1.2 record (5 + 16384 + 256 bytes, RFC 9846 section 5.2) and some
 * more.
 */
export const DEFAULT_BIO_SIZE: number = 17 * 1024;

export interface BioPairOptions {
  /** Overwrite consumed views. Default: in development builds (NODE_ENV `development` or `test`). */
  readonly poison?: boolean;
}

/** One end of a BIO pair. */
export interface PairedBio extends Bio {
  readonly blocking: false;
  /** Give back the memory of whichever direction is empty; the next write takes new. For connections that go idle. */
  trim(): void;
}

/**
 * Two BIOs back to back: what is written at one end is read at the other, up to `size` bytes in each direction (from 1
 * to 2^30, default {@link DEFAULT_BIO_SIZE}). Contents and free space are always one contiguous view each, so with the
 * default size a whole TLS record is. Memory, twice `size` for a direction, is taken at the first write.
 * @returns the engine's end and the network's end; they are alike.
 * @throws TypeError for another `size`, and for a wrong option.
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
