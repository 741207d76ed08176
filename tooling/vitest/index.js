import { defineConfig } from 'vitest/config';

/**
 * Tests run against the sources of every package (`@ferrule/source`), so nothing has to be built first.
 * @param {import('vitest/config').ViteUserConfig['test']} [test]
 */
export const testing = (test = {}) =>
  defineConfig({
    resolve: { conditions: ['@ferrule/source', 'node'] },
    ssr: { resolve: { conditions: ['@ferrule/source', 'node'] } },
    test: {
      include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
      testTimeout: 30_000,
      hookTimeout: 60_000,
      pool: 'forks',
      maxWorkers: 2,
      passWithNoTests: false,
      ...test,
      // workspace packages are inlined, so that their sources are transformed too
      server: { deps: { inline: [/^@ferrule\//, /^ferrule/] } },
    },
  });
