import { expect, describe, it } from 'vitest';
import { COMPARE_SLOTS, Coverage } from '../src/fuzz/coverage.ts';
import { makeWorld } from '../src/fuzz/make-world.ts';
import { fuzzLoop } from '../src/fuzz/loop.ts';
import { MAX_LENGTH, Mutator, Random } from '../src/fuzz/mutator.ts';
import { TARGET_NAMES, TARGETS } from '../src/fuzz/targets.ts';

const CHILDREN_EACH = 4;
const world = await makeWorld();

describe.each(TARGET_NAMES)('the fuzz target %s', (name) => {
  const target = TARGETS[name](world);
  const seeds = target.seeds();

  it('has nothing against its seeds, nor against a few children of each', { timeout: 120_000 }, () => {
    const mutator = new Mutator(new Random(1), ['STARTTLS', 0x0304, 22]);
    for (const [index, seed] of seeds.entries()) {
      target.fuzz(seed);
      for (let child = 0; child < CHILDREN_EACH; child++) target.fuzz(mutator.mutate(seed, [], seeds[(index + 1) % seeds.length] ?? seed));
    }
    expect(seeds.length).toBeGreaterThan(0);
  });

  it('takes an empty input and a long one', () => {
    target.fuzz(new Uint8Array(0));
    target.fuzz(new Uint8Array(MAX_LENGTH).fill(0x16));
  });
});

describe('the fuzzing loop', () => {
  it('finds its way through compares and blocks to what no blind guess would', () => {
    const coverage = new Coverage({ blocks: 5, compares: 4 });
    let found: Uint8Array | undefined;
    let left = 400_000;
    fuzzLoop([new Uint8Array(8)], {
      coverage,
      words: [],
      seed: 1,
      execute(input) {
        coverage.counters[0]!++;
        const wanted = [0xfe, 0x0d, 0x13, 0x37];
        if (!coverage.equal(0, (input[0] ?? 0) * 256 + (input[1] ?? 0), 0xfe0d)) return;
        for (let i = 1; i < wanted.length; i++) {
          coverage.counters[i]!++;
          if (!coverage.equal(i, input[i] ?? 0, wanted[i] ?? 0)) return;
        }
        found = input;
      },
      keep: () => undefined,
      begun: () => undefined,
      goOn: () => found === undefined && left-- > 0,
    });
    expect(found?.subarray(0, 4)).toEqual(Uint8Array.of(0xfe, 0x0d, 0x13, 0x37));
  });

  it('counts a compare as nearer with each bit that agrees', () => {
    const coverage = new Coverage({ blocks: 1, compares: 1 });
    const gain = (value: number): number => {
      coverage.start();
      coverage.equal(0, value, 0x80);
      return coverage.gain();
    };
    expect([gain(0), gain(0), gain(0x81), gain(0x80)]).toEqual([1, 0, 1, 1]);
    expect(coverage.counters.length).toBeGreaterThanOrEqual(1 + COMPARE_SLOTS);
  });
});
