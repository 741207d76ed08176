/** @module How large a subject is, bundled for Node and minified by esbuild: what it takes into a function or an image. */
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { type RowResult, spread } from './result.ts';
import { BUNDLE } from './rows.ts';
import type { Subject } from './subjects.ts';

export async function bundles(subjects: readonly Subject[]): Promise<RowResult> {
  const figures: RowResult['figures'][string][] = [];
  const those = subjects.filter(({ entry }) => entry !== undefined);
  for (const { entry = '' } of those) figures.push(spread([await sizeOf(entry)]));
  return { ...BUNDLE, failures: {}, figures: Object.fromEntries(those.map(({ id }, i) => [id, figures[i] ?? {}])) };
}

async function sizeOf(contents: string): Promise<{ readonly gzip: number; readonly minified: number }> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    bundle: true,
    minify: true,
    write: false,
    // What is loaded only when it is needed is a file of its own, and counts for whoever needs it
    splitting: true,
    outdir: 'out',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'error',
  });
  const entry = outputFiles.find(({ path }) => path.endsWith('stdin.js'));
  const loaded = staticImports(entry?.path ?? '', new Map(outputFiles.map(({ path, text }) => [path, text])));
  return {
    minified: loaded.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / 1024,
    gzip: loaded.reduce((sum, text) => sum + gzipSync(text).length, 0) / 1024,
  };
}

/** A file, and those that it loads at once. */
function staticImports(entry: string, files: ReadonlyMap<string, string>): readonly string[] {
  const seen = new Set<string>();
  const visit = (path: string): void => {
    const text = files.get(path);
    if (text === undefined || seen.has(path)) return;
    seen.add(path);
    for (const [, name = ''] of text.matchAll(/(?:from|import)\s*"(\.\/[^"]+)"/g))
      visit(path.replace(/[^/\\]+$/, name.slice(2)));
  };
  visit(entry);
  return [...seen].map((path) => files.get(path) ?? '');
}
