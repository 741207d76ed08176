/** @module Where the instrumented code notes what it does; and what of that is new. */

/** Bits of a compare that agree are 0 to 32. */
export const COMPARE_SLOTS = 33;
/** Pairs of numbers that were compared and differed, remembered of the last input. */
const MAX_PAIRS = 256;

export interface Layout {
  readonly blocks: number;
  readonly compares: number;
}

declare global {
  /** The instrumented code finds its counters here. */
  var ferruleCoverage: Coverage;
}

export class Coverage {
  /** A counter for each block, then one for each compare and number of bits that agreed. */
  readonly counters: Uint8Array;
  /** Operands of compares of the last input. */
  readonly pairs: (readonly [number, number])[] = [];
  /** Blocks that any input has reached. */
  reached = 0;
  /** Blocks by how often, and compares by how nearly, that any input has reached. */
  features = 0;
  readonly #blocks: number;
  readonly #words: Uint32Array;
  readonly #seen: Uint8Array;

  constructor({ blocks, compares }: Layout) {
    const size = (blocks + compares * COMPARE_SLOTS + 3) & ~3;
    this.counters = new Uint8Array(size);
    this.#words = new Uint32Array(this.counters.buffer);
    this.#seen = new Uint8Array(size);
    this.#blocks = blocks;
  }

  /** `left === right`, and how nearly. */
  readonly equal = (id: number, left: unknown, right: unknown): boolean => {
    if (typeof left === 'number' && typeof right === 'number') {
      const difference = left ^ right;
      this.counters[this.#blocks + id * COMPARE_SLOTS + Math.clz32(difference)] = 1;
      if (difference !== 0 && this.pairs.length < MAX_PAIRS) this.pairs.push([left, right]);
    }
    return left === right;
  };

  start(): void {
    this.counters.fill(0);
    this.pairs.length = 0;
  }

  /** How many features of the last input no input had before; they are known from then on. */
  gain(): number {
    let gained = 0;
    for (let word = 0; word < this.#words.length; word++) {
      if (this.#words[word] === 0) continue;
      for (let at = word * 4; at < word * 4 + 4; at++) {
        const count = this.counters[at] ?? 0;
        if (count === 0) continue;
        const bit = at < this.#blocks ? bucket(count) : 1;
        const seen = this.#seen[at] ?? 0;
        if ((seen & bit) !== 0) continue;
        if (seen === 0 && at < this.#blocks) this.reached++;
        this.#seen[at] = seen | bit;
        gained++;
      }
    }
    this.features += gained;
    return gained;
  }
}

/** Counts in eight classes, as AFL has them. */
function bucket(count: number): number {
  if (count <= 3) return 1 << (count - 1);
  if (count < 8) return 8;
  if (count < 16) return 16;
  if (count < 32) return 32;
  return count < 128 ? 64 : 128;
}
