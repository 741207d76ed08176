import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'tsup';
import { expect, it } from 'vitest';

it('has no run-time code: the built module can be imported and required, and is empty', async () => {
  const outDir = await mkdtemp(join(tmpdir(), 'ferrule-contract-'));
  try {
    const entry = fileURLToPath(new URL('index.ts', import.meta.url));
    await build({
      entry: { index: entry },
      format: ['esm', 'cjs'],
      outDir,
      outExtension: ({ format }) => ({ js: format === 'cjs' ? '.cjs' : '.mjs' }),
      config: false,
      silent: true,
      sourcemap: false,
    });
    const esm = join(outDir, 'index.mjs');
    expect((await readFile(esm, 'utf8')).replace(/^\/\/.*$/gm, '').trim()).toBe('');
    expect(Object.keys((await import(/* @vite-ignore */ pathToFileURL(esm).href)) as object)).toEqual([]);
    expect(Object.keys(createRequire(import.meta.url)(join(outDir, 'index.cjs')) as object)).toEqual([]);
  } finally {
    await rm(outDir, { recursive: true });
  }
});
