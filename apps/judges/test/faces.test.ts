/**
 * Every face of a connection behind a slow, splitting, stalling, resetting, half-closing network; `npm run faults` has
 * more.
 */
import { loadNative } from '@ferrule/native';
import { expect, it } from 'vitest';
import { judge } from '../src/faces/judge.ts';
import { FACES, planOf, type Plan } from '../src/faces/plan.ts';
import { FAULTS, type PlantedFault } from '../src/faces/plant.ts';

/** A network without faults. */
const PLAIN: Plan = {
  face: 'data',
  version: 'TLSv1.3',
  up: 20_000,
  down: 20_000,
  chunk: 1000,
  waits: true,
  closesAtOnce: false,
  server: 'after',
  piece: 65_536,
  rest: 0,
  fault: undefined,
};
/** More than the system's buffers take. */
const MUCH = { up: 12_000_000, chunk: 1_000_000 } as const;
const CUT = { direction: 'down', at: 5000 } as const;

/** A case that shows each planted fault, what is told of it, and after how many milliseconds it is a hang. */
const SHOWN: Readonly<
  Record<PlantedFault, { readonly plan: Partial<Plan>; readonly wrong: RegExp; readonly hang?: number }>
> = {
  'told early': { plan: { ...MUCH, closesAtOnce: true }, wrong: /^12000000 bytes were told to be sent, \d+ came/ },
  'written after the end': { plan: { ...MUCH, server: 'early' }, wrong: /bytes were told to be sent/ },
  truncation: { plan: { fault: { kind: 'fin', ...CUT } }, wrong: /an end after \d+ of 20000 bytes/ },
  gap: { plan: { chunk: 20_000 }, wrong: /the server received other bytes/ },
  'error twice': { plan: { fault: { kind: 'reset', ...CUT } }, wrong: /the error was told 2 times/ },
  'reset unnoticed': { plan: { fault: { kind: 'reset', ...CUT } }, wrong: /hang: the face/, hang: 2_000 },
  'socket left': { plan: {}, wrong: /hang: /, hang: 2_000 },
};

it.each(FAULTS)('a planted fault is found, and a face without it is not blamed: %s', async (fault) => {
  const { plan, wrong, hang } = SHOWN[fault];
  const found = await judge({ ...PLAIN, ...plan }, 'pure', fault, hang);
  expect(found.wrong.join('; ')).toMatch(wrong);
  const sound = await judge({ ...PLAIN, ...plan }, 'pure');
  expect(sound.wrong, JSON.stringify(sound)).toEqual([]);
});

/** Seeds of the default run; beyond them, those that have found something. */
const SEEDS = [
  ...Array.from({ length: 56 }, (_, i) => i + 1),
  57,
  68,
  69,
  89,
  94,
  107,
  116,
  119,
  226,
  252,
  419,
  461,
  562,
];

const loaded = loadNative();
if (!loaded.ok) console.log(`skipped: the native engine is not available here: ${loaded.reason}`);

it('the seeds of the default run have every face, with and without faults', () => {
  const plans = SEEDS.map(planOf);
  for (const face of FACES)
    expect(
      plans.some((plan) => plan.face === face && plan.fault === undefined) &&
        plans.some((plan) => plan.face === face && plan.fault !== undefined),
      face,
    ).toBe(true);
});

it.each(loaded.ok ? (['native', 'pure'] as const) : (['pure'] as const))(
  'what a face tells of its bytes is true at the other end, and all ends: %s',
  async (backend) => {
    for (const seed of SEEDS) {
      const { plan, told, atServer, wrong } = await judge(planOf(seed), backend);
      expect(wrong, `seed ${seed}: ${JSON.stringify({ plan, told, atServer })}`).toEqual([]);
    }
  },
  120_000,
);
