/** @module How Vite builds the page: static files that work from any place, with the sources of all packages. */
import { fileURLToPath } from 'node:url';
import type { InlineConfig } from 'vite';

const place = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export const page = (): InlineConfig => ({
  root: place('../page'),
  configFile: false,
  // From any folder of any host
  base: './',
  // As @ferrule/web is built: the parser of HTTP makes a table by Buffer
  resolve: { conditions: ['@ferrule/source', 'browser', 'module', 'import'] },
  build: {
    outDir: place('../dist'),
    emptyOutDir: true,
    target: 'es2022',
    // What is preloaded by a script needs a policy that lets scripts make scripts
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1024,
  },
});
