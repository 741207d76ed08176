import { program } from '@ferrule/tsup-config';
import { BUNDLE } from './scripts/bundle.ts';
import { thirdParty } from './scripts/third-party.ts';

// One bundle, so that the command starts soon (ADR 0157). @ferrule/native is a dependency for its addon alone.
export default program(
  { main: 'src/main.ts' },
  {
    everyday: ['main'],
    noExternal: ['@ferrule/native'],
    esbuildOptions: (options) => {
      options.conditions = BUNDLE.conditions;
      options.banner = BUNDLE.banner;
    },
    esbuildPlugins: [thirdParty()],
    sourcemap: false,
  },
);
