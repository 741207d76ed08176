/** @module How esbuild bundles what a page loads. */
import type { BuildOptions } from 'esbuild';

export const FOR_PAGES: BuildOptions & { readonly write: false } = {
  conditions: ['@ferrule/source'],
  bundle: true,
  write: false,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  outdir: '/',
  logLevel: 'error',
};
