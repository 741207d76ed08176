import { testing } from '@ferrule/vitest-config';
import { mergeConfig } from 'vitest/config';

/** undici 8 does not load on Node 20; where it does, the tests use it in place of undici 7. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const loadsNewest = major > 22 || (major === 22 && minor >= 19);

export default mergeConfig(
  // One of its modules replaces node:tls in the process.
  testing({ isolate: true }),
  { resolve: { alias: loadsNewest ? [{ find: /^undici(\/.*)?$/, replacement: 'undici-newest$1' }] : [] } },
);
