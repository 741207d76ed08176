/** Every face of a connection behind a slow, splitting, stalling, resetting, half-closing network; `npm run faults` has more. */
import { load } from '@ferrule/native';
import { expect, it } from 'vitest';
import { judge } from '../src/faces/judge.ts';
import { FACES, planOf } from '../src/faces/plan.ts';

/** Seeds of the default run; beyond them, those that have found something. */
const SEEDS = [...Array.from({ length: 56 }, (_, i) => i + 1), 57, 68, 69, 89, 94, 107, 116, 119, 226, 252, 419, 461, 562];

const loaded = load();
if (!loaded.ok) console.log(`skipped: the native engine is not available here: ${loaded.reason}`);

it('the seeds of the default run have every face, with and without faults', () => {
  const plans = SEEDS.map(planOf);
  for (const face of FACES) expect(plans.some((plan) => plan.face === face && plan.fault === undefined) && plans.some((plan) => plan.face === face && plan.fault !== undefined), face).toBe(true);
});

it.each(loaded.ok ? (['native', 'pure'] as const) : (['pure'] as const))('what a face tells of its bytes is true at the other end, and all ends: %s', async (backend) => {
  for (const seed of SEEDS) {
    const { plan, told, atServer, wrong } = await judge(planOf(seed), backend);
    expect(wrong, `seed ${seed}: ${JSON.stringify({ plan, told, atServer })}`).toEqual([]);
  }
}, 120_000);
