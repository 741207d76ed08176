/**
 * What Node loads of the built packages. A file takes it about a millisecond, however small it is, so the entry points of
 * every day may not grow by one unnoticed; and no source is in two of the files, which would keep what a module keeps
 * twice.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { publishedPackages } from '../src/clone.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Tells on stdout which of our files Node loads. */
const HOOKS = `import { writeSync } from 'node:fs';
export function load(url, context, next) {
  if (url.startsWith('file:') && url.includes('/packages/')) writeSync(1, url + '\\n');
  return next(url, context);
}`;
const dataUrl = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;
const REGISTER = `import { register } from 'node:module'; register(${JSON.stringify(dataUrl(HOOKS))});`;

/** Files of our packages, from `packages/` on. */
async function loadedBy(program: string): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', dataUrl(REGISTER), '--input-type=module', '--eval', program],
    { cwd: join(root, 'apps/judges'), env: { ...process.env, NODE_OPTIONS: '' } },
  );
  return [...new Set(stdout.split('\n'))].filter((url) => url !== '').map((url) => url.replace(/^.*\/packages\//, ''));
}

describe('so many files of ours are loaded, and no more, by', () => {
  it.each([
    ['the engine of OpenSSL', "await import('@ferrule/native');", 7],
    ['the Duplex on it', "await import('@ferrule/native'); await import('@ferrule/node/duplex');", 13],
    ['connect()', "await import('ferrule');", 8],
    ['the engine in TypeScript', "await import('@ferrule/pure'); await import('@ferrule/pure/crypto/node');", 18],
    [
      'the Duplex on it',
      "await import('@ferrule/pure'); await import('@ferrule/pure/crypto/node'); await import('@ferrule/node/duplex');",
      24,
    ],
  ])('%s', async (_, program, most) => {
    const files = await loadedBy(program);
    expect(files.length, files.join('\n')).toBe(most);
    expect(files).toContain('result/dist/node.js');
  });
});

/** A condition of package.json, or what stands for it. */
type Target = string | { readonly [condition: string]: Target };

/** What `import` finds in Node, and what a bundler for pages finds. */
function target(of: Target | undefined, conditions: readonly string[]): string | undefined {
  if (of === undefined || typeof of === 'string') return of;
  for (const [condition, inner] of Object.entries(of))
    if (conditions.includes(condition)) return target(inner, conditions);
  return undefined;
}

function exportsOf(folder: string): readonly (readonly [string, Target])[] {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly exports?: Readonly<Record<string, Target>>;
  };
  return Object.entries(manifest.exports ?? {}).filter(([path]) => path !== './package.json');
}

const packages = publishedPackages(root).filter(({ folder }) =>
  exportsOf(folder).some(([, entry]) => target(entry, ['import', 'default'])?.endsWith('.js')),
);

describe('in Node, every entry point has what it has elsewhere, in', () => {
  it.each(packages)('$name', async ({ folder }) => {
    for (const [path, entry] of exportsOf(folder)) {
      const [here, elsewhere] = [target(entry, ['node', 'import', 'default']), target(entry, ['import', 'default'])];
      if (here === undefined || elsewhere === undefined || here === elsewhere) continue;
      const [inNode, apart] = (await Promise.all(
        [here, elsewhere].map((file) => import(pathToFileURL(join(folder, file)).href)),
      )) as [object, object];
      expect(Object.keys(inNode), path).toEqual(expect.arrayContaining(Object.keys(apart)));
    }
  });
});

const STATIC_OR_NOT = /(?:^|[\s;])(?:from\s*|import\s*\(?\s*)"(\.{1,2}\/[^"]+\.js)"/g;

describe('in Node, no source of code is in two files of', () => {
  it.each(packages)('$name', ({ folder }) => {
    const files = new Set(
      exportsOf(folder).flatMap(([, entry]) => {
        const file = target(entry, ['node', 'import', 'default']);
        return file?.endsWith('.js') === true ? [join(folder, file)] : [];
      }),
    );
    const homes = new Map<string, string[]>();
    for (const file of files) {
      for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(STATIC_OR_NOT)) files.add(join(file, '..', path));
      const { sources } = JSON.parse(readFileSync(`${file}.map`, 'utf8')) as { readonly sources: readonly string[] };
      for (const source of sources) {
        const from = relative(folder, join(file, '..', source));
        homes.set(from, [...(homes.get(from) ?? []), relative(folder, file)]);
      }
    }
    expect([...homes].filter(([, those]) => those.length > 1)).toEqual([]);
    expect(files.size).toBeGreaterThan(0);
  });
});

/** Bytes of JavaScript that a page has of the built packages, minified. */
async function bundled(program: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: join(root, 'apps/judges') },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
  });
  return outputFiles.reduce((sum, { contents }) => sum + contents.length, 0);
}

it.each([
  ["export { concat } from '@ferrule/result/bytes';", 400],
  ["export { groupName } from '@ferrule/result/names';", 2000],
  ["export { SslErrorCode } from '@ferrule/result';", 600],
])('a bundler leaves out of a built file what %s does not need', async (program, most) => {
  expect(await bundled(program)).toBeLessThanOrEqual(most);
});
