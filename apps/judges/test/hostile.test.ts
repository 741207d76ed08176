import { createPure } from '@ferrule/pure';
import { nobleCrypto } from '@ferrule/pure/crypto/noble';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { describe, expect, it } from 'vitest';
import { BEHAVIOURS, fault, observe } from '../src/hostile/judge.ts';

it('knows at least 80 ways to be wrong, each with a name of its own', () => {
  const names = BEHAVIOURS.map(({ version, name }) => `${version} ${name}`);
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThanOrEqual(80);
});

describe.each([
  ['pure on node:crypto', createPure({ crypto: nodeCrypto })],
  ['pure on noble', createPure({ crypto: nobleCrypto })],
])('%s', (_name, backend) => {
  it.each(BEHAVIOURS.map((behaviour) => [`${behaviour.version}: ${behaviour.name}`, behaviour] as const))(
    'refuses %s',
    async (_title, behaviour) => {
      expect(fault(behaviour, await observe(backend, behaviour))).toBeUndefined();
    },
  );
});
