import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

/** Of tsup's. */
interface Config {
  readonly entry: Record<string, string>;
  readonly define: Record<string, string>;
}

it('what is published runs where there is nothing of Node', async () => {
  const root = fileURLToPath(new URL('../', import.meta.url));
  const { entry, define } = ((await import(`${root}tsup.config.ts`)) as { readonly default: Config }).default;
  const { outputFiles } = await build({
    entryPoints: Object.values(entry).map((file) => root + file),
    define,
    conditions: ['@ferrule/source'],
    bundle: true,
    write: false,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    outdir: 'out',
    logLevel: 'silent',
  });
  const code = outputFiles.map(({ text }) => text).join('\n');
  expect(code).toContain('HTTP/1.1');
  expect(code).not.toMatch(/\bBuffer\b(?=[.[(])/);
  expect(code).not.toMatch(/(from|import\()\s*["']node:/);
});
