import { defineConfig } from 'tsup';

/**
 * The one build of every library here: ESM, CJS and declarations, from the given entry points. Splitting is left to the
 * default, on for ESM and off for CJS: tsup splits CJS with a tool that breaks `?? (yield* …)`. Declarations are made
 * against the other packages' built types, so the source condition is off. They are made with Node's types at hand, for
 * the one file of a portable package that is Node's; that nothing else uses them, `tsc` checks.
 * @param {Record<string, string> | string[]} entry
 * @param {import('tsup').Options} [extra]
 */
export const library = (entry, extra = {}) =>
  defineConfig({
    entry,
    format: ['esm', 'cjs'],
    target: 'es2022',
    platform: 'neutral',
    sourcemap: true,
    clean: true,
    // What is `@internal` is for this package alone: declarations have nothing of it
    dts: {
      compilerOptions: { ignoreDeprecations: '6.0', customConditions: [], types: ['node'], stripInternal: true },
    },
    ...extra,
  });

/**
 * A program for Node: ESM only, no declarations; dependencies stay outside.
 * @param {Record<string, string>} entry
 * @param {import('tsup').Options} [extra]
 */
export const program = (entry, extra = {}) =>
  defineConfig({ entry, format: ['esm'], target: 'node20', platform: 'node', sourcemap: true, clean: true, ...extra });
