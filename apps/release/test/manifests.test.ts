/** What is published asks for its neighbours in exactly the version that they have, and says what it is. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { publishedPackages } from '../src/clone.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const packages = publishedPackages(root);
const versions = Object.fromEntries(packages.map(({ name, version }) => [name, version]));

interface Manifest {
  readonly author?: string;
  readonly license?: string;
  readonly keywords?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly publishConfig?: { readonly access?: string };
}

it.each(packages)('$name', ({ folder, name }) => {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  const ours = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).filter(
    ([neighbour]) => neighbour in versions,
  );
  expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(ours.map(([of]) => [of, versions[of]])));
  expect(manifest).toMatchObject({
    author: 'ferrule contributors',
    license: 'MIT',
    publishConfig: { access: 'public' },
  });
  expect(manifest.keywords).toContain('tls');
  expect(existsSync(join(folder, 'README.md'))).toBe(true);
  expect(readFileSync(join(folder, 'README.md'), 'utf8')).toMatch(
    new RegExp(`^npm install (--\\S+ )?${name}( |$)|^npx ${name}$`, 'm'),
  );
});

it('all have one version', () => {
  expect(new Set(Object.values(versions)).size).toBe(1);
});

// A bundler renames a class that names itself within, and that name is what consoles print
it.each(packages)('$name exports no class under another name', async ({ folder }) => {
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly exports?: Readonly<Record<string, { readonly default?: string }>>;
  };
  for (const { default: file } of Object.values(exports ?? {})) {
    if (file?.endsWith('.js') !== true) continue;
    const source = readFileSync(join(folder, file), 'utf8');
    for (const [, name, own] of source.matchAll(/^var (\w+) = class (_\w+) /gm))
      expect(source, `${file}: ${own}`).not.toMatch(new RegExp(`^export \\{[^}]*\\b${name}\\b`, 'm'));
  }
});
