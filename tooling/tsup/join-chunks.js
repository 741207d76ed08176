/**
 * Splitting makes a chunk for each set of entry points that share something: dozens of files where a program loads all
 * of them anyway. Those that the everyday entry points load statically become one: part of the entry point that is named
 * for it, else `everyday.js`, which is needed where that entry point loads another one that needs the chunks first.
 */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { build } from 'esbuild';

/** `import { … } from "./chunk.js"`, `import "./chunk.js"`, and the same for `export`; one line or many. */
const STATIC = /^((?:import|export)\s*(?:\{[^}]*\}\s*from\s*)?)"(\.{1,2}\/[^"]+\.js)"/gm;
const EXPORTS = /^export \{([^}]*)\};?$/gm;

/**
 * @param {string} folder
 * @param {readonly string[]} everyday names of entry points, without `.js`
 * @param {string} [into] the one among them that the chunks become part of
 * @param {boolean} [sourcemap]
 * @throws Error where a chunk imports an entry point
 */
export async function joinChunks(folder, everyday, into, sourcemap = true) {
  const { sources, imports, reachedBy } = await modules(folder);
  const joined = `${into ?? 'everyday'}.js`;
  const chunks = [...reachedBy(everyday.map((name) => `${name}.js`))].filter(isChunk);
  const taken = new Set();
  // What one chunk exports by a name that another one has already
  const renamed = new Map();
  for (const chunk of chunks) {
    for (const next of imports(chunk))
      if (!isChunk(next)) throw new Error(`${folder}: ${chunk} imports the entry point ${next}`);
    const names = exported(sources.get(chunk));
    const twice = names.filter((name) => taken.has(name));
    if (twice.length > 0) renamed.set(chunk, new Map(names.map((name) => [name, `${name}_${chunk.slice(6, -3)}`])));
    for (const name of names) taken.add(name);
  }

  await bundle(folder, [...(into === undefined ? [] : [joined]), ...chunks], joined, () => false, sourcemap, renamed);
  for (const [file, source] of sources) {
    if (chunks.includes(file))
      await Promise.all(['', '.map'].map((kind) => rm(join(folder, `${file}${kind}`), { force: true })));
    else if (file !== joined) {
      const path = relative(dirname(file), joined);
      const rewritten = source.replaceAll(STATIC, (whole, before, to) => {
        const chunk = join(dirname(file), to);
        if (!chunks.includes(chunk)) return whole;
        return `${withNames(before, renamed.get(chunk))}"${path.startsWith('.') ? path : `./${path}`}"`;
      });
      if (rewritten !== source) await writeFile(join(folder, file), rewritten);
    }
  }
}

/**
 * What Node loads in the place of several entry points, `node.js`: all of them, with the chunks that are theirs alone.
 * @param {string} folder
 * @param {readonly string[]} entries names of entry points, without `.js`
 */
export async function joinEntries(folder, entries) {
  const { sources, reachedBy } = await modules(folder);
  const joined = new Set(entries.map((name) => `${name}.js`));
  const others = [...sources.keys()].filter((file) => !isChunk(file) && !joined.has(file) && file !== 'node.js');
  // What a module keeps, it must not keep twice
  const shared = reachedBy(others);
  await bundle(folder, joined, 'node.js', (path) => shared.has(path), true);
}

/** `import { a, b as c } from`, where the chunk's `a` and `b` are called otherwise now. */
const withNames = (before, names) =>
  names === undefined
    ? before
    : before.replace(/([{,]\s*)([\w$]+)(\s+as\s)?/g, (_, start, name, as) =>
        as === undefined ? `${start}${names.get(name)} as ${name}` : `${start}${names.get(name)}${as}`,
      );

/** Names that a chunk exports. */
const exported = (source) =>
  [...source.matchAll(EXPORTS)].flatMap(([, list]) =>
    list
      .split(',')
      .map((name) =>
        name
          .trim()
          .split(/\s+as\s+/)
          .at(-1),
      )
      .filter((name) => name !== ''),
  );

const isChunk = (file) => /^chunk-\w+\.js$/.test(file);

/** The modules of a folder, and which imports which. */
async function modules(folder) {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.js'));
  const sources = new Map(
    await Promise.all(files.map(async (file) => [file, await readFile(join(folder, file), 'utf8')])),
  );
  const imports = (file) => [...sources.get(file).matchAll(STATIC)].map(([, , path]) => join(dirname(file), path));
  const reachedBy = (from) => {
    const reached = new Set(from);
    for (const file of reached) for (const next of imports(file)) reached.add(next);
    return reached;
  };
  return { sources, imports, reachedBy };
}

const exportOf = (file, names) =>
  names === undefined
    ? `export * from './${file}';`
    : `export { ${[...names].map(([name, alias]) => `${name} as ${alias}`).join(', ')} } from './${file}';`;

/** Writes one module that exports what those do; what is left outside, packages and what an `import()` loads too. */
const bundle = (folder, files, outfile, outside, sourcemap, renamed = new Map()) =>
  build({
    stdin: { contents: [...files].map((file) => exportOf(file, renamed.get(file))).join('\n'), resolveDir: folder },
    outfile: join(folder, outfile),
    allowOverwrite: true,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    sourcemap,
    packages: 'external',
    logLevel: 'error',
    plugins: [
      {
        name: 'outside',
        setup: ({ onResolve }) =>
          onResolve({ filter: /^\./ }, ({ path, kind }) =>
            kind === 'dynamic-import' || outside(join('.', path)) ? { path, external: true } : undefined,
          ),
      },
    ],
  });
