import { program } from '@ferrule/tsup-config';

/**
 * The workspace's packages are bundled from source, so that a test's process opens two files and builds depend on
 * nothing.
 */
export default program(
  { shim: 'src/shim/main.ts', bogo: 'src/driver/main.ts' },
  {
    noExternal: [/^@ferrule\/(?!native)/, /^@noble\//],
    esbuildOptions: (options) => {
      options.conditions = ['@ferrule/source'];
    },
    sourcemap: false,
  },
);
