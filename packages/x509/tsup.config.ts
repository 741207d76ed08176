import { library } from '@ferrule/tsup-config';

const entry = {
  index: 'src/index.ts',
  crlite: 'src/crlite.ts',
  'crypto/known-answers': 'src/crypto/known-answers.ts',
  'crypto/noble': 'src/crypto/noble.ts',
  'crypto/node': 'src/crypto/node.ts',
  'crypto/webcrypto': 'src/crypto/webcrypto.ts',
};
const shared = {
  // Puts numbers in the place of constants, which the bundler of an application cannot do any more
  minifySyntax: true,
  // crypto/node.ts is the one file that knows Node's types
  dts: { compilerOptions: { ignoreDeprecations: '6.0', customConditions: [], types: ['node'] } },
};

export default [
  library(entry, {
    ...shared,
    format: ['esm'],
    everyday: ['index'],
    into: 'index',
    clean: ['**/*.js', '**/*.js.map'],
  }),
  // With splitting, CommonJS is written by another tool, which takes `??` and `?.` apart, generators with them
  library(entry, { ...shared, format: ['cjs'], splitting: false, clean: ['**/*.cjs', '**/*.cjs.map'] }),
];
