import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

describe('a bundle for browsers', () => {
  it('resolves everything, and holds nothing of Node', async () => {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL('../src/index.ts', import.meta.url))],
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
    expect(code).not.toMatch(/(from|import\()\s*["']node:/);
    expect(code).not.toMatch(/require\(/);
    expect(code).toMatch(/connectOver/);
  });
});
