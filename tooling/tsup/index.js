import { appendFile } from 'node:fs/promises';
import { defineConfig } from 'tsup';
import { joinChunks, joinEntries } from './join-chunks.js';
import { markPure } from './mark-pure.js';

/**
 * The one build of every library here: ESM, CJS and declarations, from the given entry points. Splitting is left to the
 * default, on for ESM and off for CJS: tsup splits CJS with a tool that breaks `?? (yield* …)`. Declarations are made
 * against the other packages' built types, so the source condition is off. They are made with Node's types at hand, for
 * the one file of a portable package that is Node's; that nothing else uses them, `tsc` checks.
 *
 * Each file that Node loads takes it about a millisecond, and packages see each other's entry points, so what programs
 * load together is few files. Entry points that are `joined` are, for Node, one file, `node.js`, to which package.json
 * sends it; bundlers have them apart, to leave some for later. Chunks that the `everyday` entry points load are one
 * file, or part of `into` where nothing forbids it. What require() gives of the `whole` ones is their default export,
 * which has their names and can be assigned to, as a module of Node's own.
 * @param {Record<string, string>} entry
 * @param {import('tsup').Options & { joined?: readonly string[], everyday?: readonly string[], into?: string, whole?: readonly string[] }} [extra]
 */
export const library = (entry, { joined = [], everyday = [], into, whole = [], ...extra } = {}) =>
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
    onSuccess: async () => {
      await Promise.all(whole.map((name) => appendFile(`dist/${name}.cjs`, WHOLE)));
      if (extra.format?.includes('esm') === false) return;
      if (everyday.length > 0) await joinChunks('dist', everyday, into);
      if (joined.length > 0) await joinEntries('dist', joined);
      await markPure('dist');
    },
    ...extra,
  });

/** Names of the module that its default export has not. */
const WHOLE = `
module.exports = ((names) =>
  Object.defineProperties(names.default, {
    __esModule: { value: true },
    ...Object.fromEntries(
      Object.keys(names).filter((name) => names[name] !== undefined && !(name in names.default)).map((name) => [name, { value: names[name] }]),
    ),
  }))(module.exports);
`;

/**
 * A program for Node: ESM only, no declarations; dependencies stay outside. Chunks that the `everyday` entry points
 * load are one file, as above.
 * @param {Record<string, string>} entry
 * @param {import('tsup').Options & { everyday?: readonly string[] }} [extra]
 */
export const program = (entry, { everyday = [], ...extra } = {}) =>
  defineConfig({
    entry,
    format: ['esm'],
    target: 'node20',
    platform: 'node',
    sourcemap: true,
    clean: true,
    onSuccess: async () => {
      if (everyday.length > 0) await joinChunks('dist', everyday, undefined, extra.sourcemap !== false);
    },
    ...extra,
  });
