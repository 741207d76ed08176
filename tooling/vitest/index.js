import { defineConfig } from 'vitest/config';

/**
 * Tests run against the sources of every package (`@ferrule/source`), so nothing has to be built first. The files of a
 * worker share their modules: to load them anew for each file took a third of the CPU time. A test that replaces a
 * module calls `vi.resetModules()` before and after, and one that needs a process of its own starts one.
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
      isolate: false,
      passWithNoTests: false,
      coverage: { provider: 'v8', include: ['src/**/*.ts'], exclude: ['**/*.test.ts'], reporter: ['text', 'lcov'] },
      ...test,
      // Workspace packages are inlined, so that their sources are transformed too
      server: { deps: { inline: [/^@ferrule\//, /^ferrule/] } },
    },
  });
