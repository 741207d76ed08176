/** @module One end of a BIO pair, or a memory BIO. */
import type { Bio } from './bio.ts';
import type { Channel } from './channel.ts';
import { failureOf } from './error.ts';

/** A non-blocking BIO over two channels, which may be the same one. */
export class End implements Bio {
  readonly blocking: false = false;
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

  nwrite0(atLeast?: number): Uint8Array {
    return this.#out.space(atLeast);
  }

  nwrite(n: number): void {
    this.#out.publish(n);
  }

  shutdownWrite(): void {
    this.#out.shutdown();
  }

  fail(error: Error): void {
    const failure = failureOf(error);
    this.#in.error ??= failure;
    this.#out.error ??= failure;
  }

  trim(): void {
    this.#in.trim();
    this.#out.trim();
  }
}
