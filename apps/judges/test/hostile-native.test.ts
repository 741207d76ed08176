import { loadNative } from '@ferrule/native';
import { describe, expect, it } from 'vitest';
import { BEHAVIOURS, fault, observe } from '../src/hostile/judge.ts';
import { KNOWN_TITLES, knownOf } from '../src/hostile/known.ts';

const loaded = loadNative();
if (!loaded.ok) console.log(`skipped: the native engine is not available here: ${loaded.reason}`);
const title = ({ version, name }: (typeof BEHAVIOURS)[number]): string => `${version}: ${name}`;

it('lists no known difference of a behaviour that does not exist', () => {
  const titles = new Set(BEHAVIOURS.map(title));
  expect(KNOWN_TITLES.filter((each) => !titles.has(each))).toEqual([]);
});

describe.skipIf(!loaded.ok)('native', () => {
  it.each(BEHAVIOURS.map((behaviour) => [title(behaviour), behaviour] as const))(
    'refuses %s, or as the table says',
    async (_title, behaviour) => {
      if (!loaded.ok) return;
      const known = knownOf(loaded.backend, behaviour);
      const observed = await observe(loaded.backend, behaviour);
      expect(fault(behaviour, observed, known?.expect)).toBeUndefined();
      // A known difference that is none any more has to go.
      if (known !== undefined) expect(fault(behaviour, observed)).toBeDefined();
    },
  );
});
