/**
 * `npx ferrule-native-build` in a project that has the packages as they are published: installed, no source tree
 * around.
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/**
 * A project that depends on `through`, which depends on @ferrule/native, in pnpm's manner: neither sees the other's.
 */
function project(): { readonly folder: string; readonly native: string } {
  const folder = mkdtempSync(join(tmpdir(), 'ferrule-native-build-'));
  const store = join(folder, 'store');
  const native = join(store, 'native');
  for (const name of ['package.json', 'build.mjs', 'targets.json', 'core', 'addon'])
    cpSync(join(root, 'packages/native', name), join(native, name), { recursive: true });
  mkdirSync(join(store, 'ferrule/node_modules/@ferrule'), { recursive: true });
  writeFileSync(join(store, 'ferrule/package.json'), '{ "name": "ferrule" }');
  symlinkSync(native, join(store, 'ferrule/node_modules/@ferrule/native'), 'junction');
  mkdirSync(join(folder, 'project/node_modules'), { recursive: true });
  writeFileSync(join(folder, 'project/package.json'), '{}');
  symlinkSync(join(store, 'ferrule'), join(folder, 'project/node_modules/ferrule'), 'junction');
  return { folder: join(folder, 'project'), native };
}

const run = (cwd: string, env: NodeJS.ProcessEnv = {}): ReturnType<typeof spawnSync> =>
  spawnSync(process.execPath, [join(root, 'packages/native-build/main.mjs')], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });

it('finds the sources through ferrule, and the headers beside itself', () => {
  const { folder, native } = project();
  // A compiler that only looks at what it is given: that the sources compile, the addon of every other test shows.
  const compiler = join(folder, 'compiler.mjs');
  writeFileSync(
    compiler,
    `#!${process.execPath}
import { existsSync, writeFileSync } from 'node:fs';
const args = process.argv.slice(2);
if (args[0] === '--version') process.exit(0);
const includes = args.filter((arg) => arg.startsWith('-I')).map((arg) => arg.slice(2));
const found = ['napi.h', 'node_api.h'].every((name) => includes.some((folder) => existsSync(folder + '/' + name)));
writeFileSync(args[args.indexOf('-o') + 1], found ? args.filter((arg) => arg.endsWith('.cpp')).join('\\n') : '');
`,
    { mode: 0o755 },
  );
  const { status, stdout, stderr } = run(folder, { CXX: compiler });
  expect(status, String(stderr)).toBe(0);
  expect(stdout).toContain(`built in ${join(native, 'prebuilds')}`);
  const [built] = readdirSync(join(native, 'prebuilds'));
  expect(readFileSync(join(native, 'prebuilds', built!, 'ferrule.node'), 'utf8').split('\n')).toContain(
    join('core', 'connection.cpp'),
  );
});

it('fails when there is no compiler, and says so', () => {
  const { folder, native } = project();
  const { status, stdout } = run(folder, { CXX: '', PATH: '' });
  expect(status).toBe(1);
  expect(stdout).toContain('no C++ compiler was found');
  expect(existsSync(join(native, 'prebuilds'))).toBe(false);
});

it('says where to run it when the project has no @ferrule/native', () => {
  const { status, stderr } = run(tmpdir());
  expect(status).toBe(1);
  expect(stderr).toContain('@ferrule/native is not installed');
});
