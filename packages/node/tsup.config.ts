import { readdirSync } from 'node:fs';
import { library } from '@ferrule/tsup-config';

/** What adapters have in common. */
const SHARED: ReadonlySet<string> = new Set(['node-options.ts', 'ready.ts', 'tls-required.ts']);

const adapters = readdirSync(new URL('./src/adapters/', import.meta.url)).filter(
  (file) => !SHARED.has(file) && file.endsWith('.ts') && !file.endsWith('.test.ts'),
);

// The worker of blocking sockets is a file of its own, beside whatever file starts it
export default library(
  {
    index: 'src/index.ts',
    'socket-worker': 'src/blocking/socket-worker.ts',
    duplex: 'src/duplex/index.ts',
    tls: 'src/tls/index.ts',
    register: 'src/register.ts',
    pkcs12: 'src/pkcs12.ts',
    transports: 'src/transports/index.ts',
    ...Object.fromEntries(adapters.map((file) => [`adapters/${file.slice(0, -3)}`, `src/adapters/${file}`])),
  },
  { platform: 'node', shims: true, everyday: ['duplex'], into: 'duplex', whole: ['tls'] },
);
