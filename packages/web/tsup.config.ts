import { library } from '@ferrule/tsup-config';

export default library(
  { index: 'src/index.ts', fetch: 'src/fetch/index.ts', worker: 'src/worker/index.ts' },
  // The parser makes one table by Buffer when it is loaded, which a page has not; all else that it asks of one is for
  // several arrays at once, which it is never given.
  { noExternal: ['bare-http-parser'], define: { Buffer: 'Uint8Array' } },
);
