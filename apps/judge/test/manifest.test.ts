/** What whoever runs the judge has to install: no test runner, and no engine of C++. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

const manifestOf = (name: string): Manifest =>
  JSON.parse(readFileSync(new URL(`../../../node_modules/${name}/package.json`, import.meta.url), 'utf8')) as Manifest;

it('nothing that the judge depends on asks for vitest, or is the native engine', () => {
  const seen = new Map<string, Manifest>();
  const visit = (name: string): void => {
    if (seen.has(name)) return;
    const manifest = manifestOf(name);
    seen.set(name, manifest);
    for (const each of Object.keys(manifest.dependencies ?? {})) if (/^@?ferrule/.test(each)) visit(each);
  };
  visit('@ferrule/judge');
  const needed = [...seen.values()].flatMap(
    ({ dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} }) => [
      ...Object.keys(dependencies),
      ...Object.keys(peerDependencies).filter((peer) => peerDependenciesMeta[peer]?.optional !== true),
    ],
  );
  expect(needed).toContain('@ferrule/conformance');
  expect(needed).not.toContain('vitest');
  expect(needed).not.toContain('@ferrule/native');
});
