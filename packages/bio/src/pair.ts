/** @module BIO pairs: BIO_s_bio(3). */
import type { Bio } from './bio.ts';
import { Channel } from './channel.ts';
import { development } from './development.ts';

/** `BIO_new_bio_pair`'s own default: one maximal TLS 1.2 record (5 + 16384 + 256 bytes, RFC 9846 section 5.2) and some more. */
export const DEFAULT_BIO_SIZE: number = 17 * 1024;

/** 2^30: more is a mistake. */
const LARGEST = 1 << 30;

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
 * Two BIOs back to back: what is written at one end is read at the other, up to `size` bytes in each direction (from 1 to
 * 2^30, default {@link DEFAULT_BIO_SIZE}). Contents and free space are always one contiguous view each, so with the
 * default size a whole TLS record is. Memory, twice `size` for a direction, is taken at the first write.
 * @returns the engine's end and the network's end; they are alike.
 * @throws RangeError for another `size`; TypeError for an unknown option.
 */
export function bioPair(size: number = DEFAULT_BIO_SIZE, options: BioPairOptions = {}): [engine: PairedBio, network: PairedBio] {
  if (!(Number.isInteger(size) && size >= 1 && size <= LARGEST)) throw new RangeError(`size: ${size} is not an integer from 1 to ${LARGEST}`);
  const poison = poisonOf(options);
  const out = new Channel(size, poison);
  const back = new Channel(size, poison);
  return [new End(back, out), new End(out, back)];
}

class End implements PairedBio {
  readonly blocking = false;
  readonly #in: Channel;
  readonly #out: Channel;

  constructor(input: Channel, output: Channel) {
    this.#in = input;
    this.#out = output;
  }

  get pending(): number {
    return this.#in.pending;
  }

  get eof(): boolean {
    return this.#in.eof;
  }

  get error(): Error | undefined {
    return this.#in.error;
  }

  read(into: Uint8Array): number {
    return this.#in.take(into);
  }

  write(from: Uint8Array): number {
    return this.#out.put(from);
  }

  nread0(): Uint8Array {
    return this.#in.contents();
  }

  nread(n: number): void {
    this.#in.consume(n);
  }

  nwrite0(): Uint8Array {
    return this.#out.space();
  }

  nwrite(n: number): void {
    this.#out.publish(n);
  }

  shutdownWrite(): void {
    this.#out.shutdown();
  }

  fail(error: Error): void {
    this.#in.error ??= error;
    this.#out.error ??= error;
  }

  trim(): void {
    this.#in.trim();
    this.#out.trim();
  }
}

/** @throws TypeError for an unknown option, or a `poison` that is no boolean. */
function poisonOf(options: BioPairOptions): boolean {
  for (const key of Object.keys(options)) {
    if (key !== 'poison') throw new TypeError(`unknown option \`${key}\``);
  }
  const { poison = development } = options;
  if (typeof poison !== 'boolean') throw new TypeError('`poison` is not a boolean');
  return poison;
}
