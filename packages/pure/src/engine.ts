/**
 * @module Resumes step sequences: a generator's waits become the negated codes of SSL_get_error(3) that a `Port`
 * answers with.
 */
import { fail } from './reason.ts';
import type { Steps } from './wait.ts';

export class Engine {
  #steps: Steps<void> | undefined;
  /** An exception has ended a step sequence. A generator that threw would say that it is done. */
  #broken = false;

  /** True while a step sequence is under way. */
  get busy(): boolean {
    return this.#steps !== undefined;
  }

  start(steps: Steps<void>): void {
    this.#steps = steps;
  }

  /**
   * Goes on with the step sequence that is under way: 1 when none is left, else the negated wait.
   * @throws whatever ended it; TlsError INTERNAL_ERROR ever after.
   */
  resume(): number {
    if (this.#broken) throw fail('INTERNAL_ERROR', 'a step that failed was resumed');
    if (this.#steps === undefined) return 1;
    this.#broken = true;
    const { done, value } = this.#steps.next();
    this.#broken = false;
    if (done !== true) return -value;
    this.#steps = undefined;
    return 1;
  }

  /** Nothing is gone on with. */
  stop(): void {
    this.#steps = undefined;
  }
}
