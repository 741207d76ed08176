/** @module The fuzzing loop: an input from the corpus, changed; kept when the code did something new. */
import type { Coverage } from './coverage.ts';
import { Mutator, Random } from './mutator.ts';

/** Children of one input before another has its turn. */
const CHILDREN = 64;

export interface LoopOptions {
  readonly coverage: Coverage;
  readonly words: readonly (number | string)[];
  readonly seed: number;
  /** Runs the target; never throws. */
  readonly execute: (input: Uint8Array) => void | Promise<void>;
  /** A new input worth keeping. */
  readonly keep: (input: Uint8Array) => void;
  /** All of the corpus has been run. */
  readonly begun: () => void;
  /** Called between inputs. False ends it. */
  readonly goOn: () => boolean;
}

interface Entry {
  readonly bytes: Uint8Array;
  turns: number;
}

export async function fuzzLoop(
  corpus: readonly Uint8Array[],
  { coverage, words, seed, execute, keep, begun, goOn }: LoopOptions,
): Promise<void> {
  const random = new Random(seed);
  const mutator = new Mutator(random, words);
  const entries: Entry[] = [];
  const tryOut = async (input: Uint8Array): Promise<boolean> => {
    coverage.start();
    await execute(input);
    if (coverage.gain() === 0) return false;
    entries.push({ bytes: input, turns: 0 });
    return true;
  };
  for (const input of corpus) {
    if (!goOn()) return;
    await tryOut(input);
  }
  if (entries.length === 0) entries.push({ bytes: new Uint8Array(1), turns: 0 });
  begun();
  while (goOn()) {
    const parent = chosen(entries, random);
    parent.turns++;
    coverage.start();
    await execute(parent.bytes);
    const pairs = coverage.pairs.slice();
    const other = random.of(entries)?.bytes ?? parent.bytes;
    for (let child = 0; child < CHILDREN && goOn(); child++) {
      const input = mutator.mutate(parent.bytes, pairs, other);
      if (await tryOut(input)) keep(input);
    }
  }
}

/** Of a few at random, half the time from the newest, the one that had the fewest turns. */
function chosen(entries: readonly Entry[], random: Random): Entry {
  const recent = random.below(2) === 0 ? Math.min(entries.length, 64) : entries.length;
  let best = entries[entries.length - 1 - random.below(recent)];
  for (let i = 0; i < 2; i++) {
    const candidate = entries[entries.length - 1 - random.below(recent)];
    if (candidate !== undefined && (best === undefined || candidate.turns < best.turns)) best = candidate;
  }
  return best ?? { bytes: new Uint8Array(1), turns: 0 };
}
