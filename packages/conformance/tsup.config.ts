import { library } from '@ferrule/tsup-config';

// ESM alone: vitest, its peer, is; and the worker is found by import.meta.url
export default library(
  {
    index: 'src/index.ts',
    pki: 'src/pki/index.ts',
    server: 'src/server/index.ts',
    browser: 'src/browser.ts',
    'blocking-worker': 'src/blocking-worker.ts',
  },
  { format: ['esm'], platform: 'node' },
);
