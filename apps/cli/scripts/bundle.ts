/** @module How the command becomes one bundle, for the build and for the test that looks at what came of it. */
import type { BuildOptions } from 'esbuild';

export const BUNDLE: BuildOptions = {
  platform: 'node',
  target: 'node20',
  format: 'esm',
  bundle: true,
  splitting: true,
  conditions: ['@ferrule/source'],
  // For packages in CommonJS, which ask for modules of Node
  banner: {
    js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
  },
};
