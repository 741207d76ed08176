/** The command is one bundle, and loads what a subcommand needs when it needs it. Nothing here measures time. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { joinChunks } from '@ferrule/tsup-config/join-chunks';
import { build, type Metafile } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import { BUNDLE } from '../scripts/bundle.ts';
import { thirdParty } from '../scripts/third-party.ts';

const home = fileURLToPath(new URL('..', import.meta.url));
let metafile: Metafile;

beforeAll(async () => {
  ({ metafile } = await build({
    ...BUNDLE,
    absWorkingDir: home,
    entryPoints: ['src/main.ts'],
    outdir: join(home, 'dist'),
    write: false,
    metafile: true,
    logLevel: 'silent',
  }));
});

/** The sources that are loaded with the main program and with those modules of the command. */
function loadedWith(...modules: readonly string[]): { readonly sources: string[]; readonly bytes: number } {
  const { outputs } = metafile;
  const seen = new Set<string>();
  const load = (file: string): void => {
    const output = outputs[file];
    if (output === undefined || seen.has(file)) return;
    seen.add(file);
    for (const { path, kind } of output.imports) if (kind === 'import-statement') load(path);
  };
  for (const entry of ['src/main.ts', ...modules]) {
    const [file] = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === entry) ?? [];
    if (file === undefined) throw new Error(`${entry} is not loaded by itself`);
    load(file);
  }
  const parts = [...seen].flatMap((file) => Object.keys(outputs[file]?.inputs ?? {}));
  return { sources: parts, bytes: [...seen].reduce((sum, file) => sum + (outputs[file]?.bytes ?? 0), 0) };
}

const ENGINES = /packages\/(pure|native|x509)\/src/;

describe('the bundle of the command', () => {
  it('asks for nothing but modules of Node, and what ws does without', () => {
    const outside = Object.values(metafile.outputs)
      .flatMap((output) => output.imports)
      .filter(({ external, path }) => external === true && !/^node:/.test(path))
      .map(({ path }) => path)
      .filter((path) => process.getBuiltinModule(path) === undefined);
    expect(outside.filter((path) => !['bufferutil', 'utf-8-validate'].includes(path))).toEqual([]);
  });

  it.each([
    ['--help', [], /packages\/(pure|native|x509)\/src|node_modules\/(?!commander)/, 470],
    ['connect', ['src/connect.ts'], ENGINES, 500],
    ['inspect', ['src/inspect.ts'], ENGINES, 500],
    ['get', ['src/get.ts'], ENGINES, 510],
    ['watch', ['src/watch.ts'], /packages\/(pure|native)\/src/, 760],
  ] as const)(
    'of %s has neither engine, nor what only its report needs, before it begins',
    (_name, modules, not, limit) => {
      const { sources, bytes } = loadedWith(...modules);
      expect(sources.filter((source) => not.test(source))).toEqual([]);
      expect(Math.round(bytes / 1000)).toBeLessThan(limit);
    },
  );

  it('has an engine in parts that the other one does not load', () => {
    const partsOf = (engine: string): string[] =>
      Object.entries(metafile.outputs)
        .filter(([, { inputs }]) => Object.keys(inputs).some((input) => input.includes(`packages/${engine}/src/`)))
        .map(([file]) => file);
    const native = partsOf('native');
    expect(native.length).toBeGreaterThan(0);
    expect(partsOf('pure').filter((file) => native.includes(file))).toEqual([]);
  });

  it('comes with the licence of each package in it', async () => {
    const { outputFiles } = await build({
      ...BUNDLE,
      absWorkingDir: home,
      entryPoints: ['src/main.ts'],
      outdir: join(home, 'dist'),
      write: false,
      logLevel: 'silent',
      plugins: [thirdParty()],
    });
    const notices = outputFiles.find(({ path }) => path.endsWith('LICENSES.txt'))?.text ?? '';
    const packages = Object.keys(metafile.inputs).flatMap(
      (input) => /node_modules\/((?:@[^/]+\/)?[^/]+)(?=\/(?!.*node_modules))/.exec(input)?.[1] ?? [],
    );
    expect(new Set(packages).size).toBeGreaterThan(5);
    for (const name of new Set(packages)) expect(notices).toContain(`${name} `);
  });
});

it('what each command loads is one file beside the main program, also where two parts have one name', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ferrule-bundle-'));
  try {
    await build({ ...BUNDLE, absWorkingDir: home, entryPoints: ['src/main.ts'], outdir: folder, logLevel: 'silent' });
    await joinChunks(folder, ['main'], undefined, false);
    const main = readFileSync(join(folder, 'main.js'), 'utf8');
    const loaded = new Set([...main.matchAll(/^import[^;]*"(\.\/[^"]+)"/gm)].map(([, path]) => path));
    expect([...loaded]).toEqual(['./everyday.js']);
    expect(readFileSync(join(folder, 'everyday.js'), 'utf8')).toMatch(/reasonOf\d* as reasonOf_\w+/);
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    const version = execFileSync(process.execPath, [join(folder, 'main.js'), '--version'], { encoding: 'utf8' });
    expect(version).toMatch(/^\d+\.\d+\.\d+\n$/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('only the addon comes by way of a dependency', () => {
  const manifest = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { readonly dependencies: object };
  expect(Object.keys(manifest.dependencies)).toEqual(['@ferrule/native']);
});
