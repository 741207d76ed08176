/** What the repository promises about its own checks: no stale pass, no package that is not pinned by its hash. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { ROOMS } from './rooms.js';

const root = join(import.meta.dirname, '../..');

describe('turbo', () => {
  const plan = JSON.parse(
    execFileSync(
      process.execPath,
      [join(root, 'node_modules/turbo/bin/turbo'), 'run', 'lint', 'typecheck', '--dry=json'],
      { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    ),
  );
  const task = (name) => plan.tasks.find(({ taskId }) => taskId === name);

  it('checks everything again when a shared configuration changes', () => {
    expect(Object.keys(plan.globalCacheInputs.files)).toEqual(
      expect.arrayContaining([
        'tsconfig.base.json',
        'tooling/tsconfig/portable.json',
        'tooling/vitest/index.js',
        'tooling/tsup/index.js',
      ]),
    );
  });

  it.each([
    ['lint', 'eslint .', 'tooling/eslint/rules/boundaries.js'],
    ['typecheck', 'tsc -p tsconfig.all.json', 'package-lock.json'],
  ])('runs %s again when a source, a test or its configuration changes', (name, command, configuration) => {
    expect(task(`//#${name}`).command).toBe(command);
    expect(Object.keys(task(`//#${name}`).inputs)).toEqual(
      expect.arrayContaining([
        'apps/cli/test/cli.test.ts',
        'packages/contract/src/index.ts',
        'packages/pure/package.json',
        'tsconfig.all.json',
        configuration,
      ]),
    );
  });

  it('checks a portable package by itself again when the types that it uses change', () => {
    const { command, dependencies } = task('@ferrule/pure#typecheck');
    expect(command).toBe('tsc -p .');
    expect(dependencies).toEqual(expect.arrayContaining(['@ferrule/contract#build', '@ferrule/ssl#build']));
  });
});

it('there is one configuration of lint', () => {
  const own = ['packages', 'apps', 'tooling']
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}/eslint.config.js`))
    .filter((path) => existsSync(join(root, path)));
  expect(own).toEqual([]);
});

describe('tsconfig.all.json', () => {
  const read = (path) => {
    const { fileNames, options } = ts.getParsedCommandLineOfConfigFile(
      path,
      {},
      { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} },
    );
    delete options.configFilePath;
    return { files: fileNames, options };
  };
  const all = read(join(root, 'tsconfig.all.json'));
  const own = ['packages', 'apps']
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(root, folder, name)))
    .map((place) => ['tsconfig.test.json', 'tsconfig.json'].map((name) => join(place, name)).find(existsSync))
    .filter((path) => path !== undefined)
    .map((path) => [path.slice(root.length + 1), read(path)]);

  it.each(own)('checks what %s does, with its options', (_, { files, options }) => {
    const missing = files.filter((file) => !all.files.includes(file) && !file.endsWith('.d.ts'));
    expect(missing).toEqual([]);
    expect(options).toEqual(all.options);
  });
});

it('what may import what is said of packages that exist', () => {
  const known = readdirSync(join(root, 'packages')).map((folder) => packageName(join(root, 'packages', folder)));
  const named = Object.entries(ROOMS).flatMap(([name, { imports, dynamic = [] }]) => [name, ...imports, ...dynamic]);
  expect(named.filter((name) => !known.includes(name))).toEqual([]);
});

const packageName = (place) => JSON.parse(readFileSync(join(place, 'package.json'), 'utf8')).name;

it.each(Object.entries(ROOMS).filter(([, { portable }]) => portable))(
  '%s is compiled by itself too, without the types of Node and of the DOM',
  (name) => {
    const place = join(root, 'packages', name.replace('@ferrule/', ''));
    const { scripts } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'));
    expect(scripts.typecheck).toBe('tsc -p .');
    expect(readFileSync(join(place, 'tsconfig.json'), 'utf8')).toContain('tooling/tsconfig/portable.json');
  },
);

it('the lock file has the hash of each package', () => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const unpinned = Object.entries(packages).filter(
    ([path, { link, integrity }]) => path.includes('node_modules/') && !link && integrity === undefined,
  );
  expect(unpinned.map(([path]) => path)).toEqual([]);
});

it('the list of decisions has each of them, by its title', () => {
  execFileSync(process.execPath, [join(root, 'docs/adr/index.js'), '--check'], { stdio: 'pipe' });
});

it('each code of an error is one that some source has a use for', () => {
  const files = execFileSync('git', ['ls-files', 'packages'], { cwd: root, encoding: 'utf8' })
    .split('\n')
    .filter((file) => /\/src\/.*\.ts$/.test(file) && !/\.test\.ts$|\/texts\/|\/conformance\//.test(file));
  const sources = files.map((file) => readFileSync(join(root, file), 'utf8')).join('\n');
  const tables = [
    'result/src/texts/codes.ts',
    ...readdirSync(join(root, 'packages')).map((name) => `${name}/src/codes.ts`),
  ]
    .map((file) => join(root, 'packages', file))
    .filter(existsSync);
  const codes = tables.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/^ {2}([A-Z][A-Z\d_]+): \{/gm)].map(([, code]) => code),
  );
  expect(codes.length).toBeGreaterThan(90);
  expect(codes.filter((code) => !new RegExp(`'${code}'|\\.${code}\\b`).test(sources))).toEqual([]);
});
