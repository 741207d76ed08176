/** @module Randomness that can be had again from its beginning. */

export class Dice {
  #state = 1;

  restart(): void {
    this.#state = 1;
  }

  readonly fill = (into: Uint8Array): void => {
    for (let i = 0; i < into.length; i++) {
      this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
      into[i] = this.#state >>> 24;
    }
  };
}
