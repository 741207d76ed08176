/** The tests of any package, over sources with switches. */
import { testing } from '@ferrule/vitest-config';
import { join } from 'node:path';
import { mergeConfig } from 'vitest/config';
import { instrumentFile, ROOT, sourcesOf, TARGETS } from './src/mutate/targets.ts';

const engine = process.env['FERRULE_MUTATE_ENGINE'];
const mutated = new Set(
  TARGETS.filter((target) => engine === undefined || target.engine === engine).flatMap(sourcesOf),
);

export default mergeConfig(
  testing({ runner: join(ROOT, 'apps/judges/src/mutate/runner.ts'), fileParallelism: false, maxWorkers: 1 }),
  {
    plugins: [
      {
        name: 'ferrule-mutants',
        enforce: 'pre' as const,
        transform: (_code: string, id: string) =>
          mutated.has(id) ? { code: instrumentFile(id).code, map: null } : undefined,
      },
    ],
  },
);
