import { loadNative } from '@ferrule/native';
import { createPure } from '@ferrule/pure';
import { nodeCrypto } from '@ferrule/pure/crypto/node';
import { describe, expect, it } from 'vitest';
import { FLOODS, titleOf } from '@ferrule/wrong-servers/floods';
import { fault, flooded } from '../src/floods/judge.ts';

const loaded = loadNative();
if (!loaded.ok) console.log(`skipped: the native engine is not available here: ${loaded.reason}`);
const ENGINES = [createPure({ crypto: nodeCrypto }), ...(loaded.ok ? [loaded.backend] : [])].map(
  (backend) => [backend.name, backend] as const,
);

describe.each(ENGINES)('%s', (_name, backend) => {
  it.each(FLOODS.map((flood) => [titleOf(flood), flood] as const))('ends a flood: %s', async (_title, flood) => {
    const outcome = await flooded(backend, flood);
    if (outcome !== 'unsupported') expect(fault(flood, outcome)).toBeUndefined();
  });
});
