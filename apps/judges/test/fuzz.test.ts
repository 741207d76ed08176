import type { Ssl } from '@ferrule/contract';
import { SslErrorCode, TlsError } from '@ferrule/result';
import { describe, expect, it } from 'vitest';
import { COMPARE_SLOTS, Coverage } from '../src/fuzz/coverage.ts';
import { Finding } from '../src/fuzz/finding.ts';
import { makeWorld } from '../src/fuzz/make-world.ts';
import { fuzzLoop } from '../src/fuzz/loop.ts';
import { MAX_LENGTH, Mutator, Random } from '../src/fuzz/mutator.ts';
import { play } from '../src/fuzz/play.ts';
import { TARGET_NAMES, TARGETS } from '../src/fuzz/targets.ts';

const CHILDREN_EACH = 4;
const world = await makeWorld();

describe.each(TARGET_NAMES)('the fuzz target %s', (name) => {
  const target = TARGETS[name](world);
  const seeds = target.seeds();

  it('has nothing against its seeds, nor against a few children of each', { timeout: 120_000 }, async () => {
    const mutator = new Mutator(new Random(1), ['STARTTLS', 0x0304, 22]);
    for (const [index, seed] of seeds.entries()) {
      await target.fuzz(seed);
      for (let child = 0; child < CHILDREN_EACH; child++)
        await target.fuzz(mutator.mutate(seed, [], seeds[(index + 1) % seeds.length] ?? seed));
    }
    expect(seeds.length).toBeGreaterThan(0);
  });

  it('takes an empty input and a long one', async () => {
    await target.fuzz(new Uint8Array(0));
    await target.fuzz(new Uint8Array(MAX_LENGTH).fill(0x16));
  });
});

describe('what a target has against a connection', () => {
  const plan = { capacity: 64, readSize: 8 };
  /** As much of a connection as play() asks for. */
  const connection = (over: Partial<Ssl>): Ssl =>
    ({
      setBio: () => undefined,
      setHost: () => undefined,
      established: false,
      state: 'made up',
      connect: () => -1,
      read: () => -1,
      write: () => -1,
      shutdown: () => -1,
      getError: () => SslErrorCode.ssl,
      dispose: () => undefined,
      ...over,
    }) as Ssl;
  const failed = (error: unknown): Partial<Ssl> => ({ failure: { error } as Ssl['failure'] & object });
  const run = (over: Partial<Ssl>) => () => play(connection(over), () => undefined, plan);
  const broken = new TlsError('DECODE_ERROR');

  it('is nothing when it fails once and for ever', () => {
    expect(run(failed(broken))()).toMatchObject({ error: broken, established: false });
  });

  it.each([
    [
      'that it throws',
      {
        connect: () => {
          throw new RangeError('offset');
        },
      },
      /threw RangeError: offset/,
    ],
    ['that it fails without a TlsError', failed(new Error('no')), /without a TlsError/],
    ['that it fails with INTERNAL_ERROR', failed(new TlsError('INTERNAL_ERROR')), /INTERNAL_ERROR/],
    ['that it goes on after a failure', { ...failed(broken), shutdown: () => 1 }, /another answer after DECODE_ERROR/],
    ['that it waits for ever', { getError: () => SslErrorCode.wantRead }, /neither ends nor moves/],
    ['that it waits for a promise that nobody gave', { getError: () => SslErrorCode.wantAsync }, /without a promise/],
    ['that it says 1 and is not established', { connect: () => 1 }, /without being established/],
  ] satisfies [string, Partial<Ssl>, RegExp][])('is %s', (_name, over, message) => {
    expect(run(over)).toThrow(message);
    expect(run(over)).toThrow(Finding);
  });
});

describe('the fuzzing loop', () => {
  it('finds its way through compares and blocks to what no blind guess would', async () => {
    const coverage = new Coverage({ blocks: 5, compares: 4 });
    let found: Uint8Array | undefined;
    let left = 400_000;
    await fuzzLoop([new Uint8Array(8)], {
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
