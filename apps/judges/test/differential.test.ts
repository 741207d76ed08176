import { loadNative } from '@ferrule/native';
import { createPure } from '@ferrule/pure';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { describe, expect, it } from 'vitest';
import { Differential } from '../src/differential/judge.ts';
import { SCENARIOS } from '../src/differential/rows.ts';

const loaded = loadNative();
if (!loaded.ok) console.log(`skipped: there is no native engine here to compare with: ${loaded.reason}`);

it('has at least 400 scenarios, each with a name of its own', () => {
  expect(new Set(SCENARIOS.map(({ name }) => name)).size).toBe(SCENARIOS.length);
  expect(SCENARIOS.length).toBeGreaterThanOrEqual(400);
});

describe.skipIf(!loaded.ok)('both engines', () => {
  it('agree in every scenario, but for differences with a reason, none of which is stale', async () => {
    if (!loaded.ok) return;
    const differential = new Differential(loaded.backend, createPure({ crypto: nodeCrypto }));
    const wrong = [];
    for (const scenario of SCENARIOS) {
      const { unexplained, broken } = await differential.judge(scenario);
      if (unexplained.length > 0 || broken !== undefined) wrong.push({ scenario: scenario.name, unexplained, broken });
    }
    expect(wrong).toEqual([]);
    expect(differential.stale).toEqual([]);
  }, 300_000);
});
