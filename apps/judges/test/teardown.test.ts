import { loadNative } from '@ferrule/native';
import { describe, expect, it } from 'vitest';
import { OPERATION_NAMES } from '../src/teardown/names.ts';
import { rounds, teardown } from '../src/teardown/run.ts';

const loaded = loadNative();
if (!loaded.ok) console.log(`skipped: the native engine is not available here: ${loaded.reason}`);

describe.skipIf(!loaded.ok)(
  'a process whose workers are terminated in the middle of every operation of the native engine',
  () => {
    it('lives on', { timeout: 180_000 }, async () => {
      const { faults, operations } = await teardown({ count: rounds(3), seed: 11 });
      expect(faults).toEqual([]);
      expect(operations).toEqual(Object.fromEntries(OPERATION_NAMES.map((name) => [name, 3])));
    });
  },
);
