import { program } from '@ferrule/tsup-config';

/** Ours and everybody's packages stay outside: what is measured is what users install. */
export default program(
  { main: 'src/main.ts', server: 'src/server.ts', worker: 'src/worker.ts' },
  { external: ['lemon-tls', 'subtls'] },
);
