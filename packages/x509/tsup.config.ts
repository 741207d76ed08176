import { library } from '@ferrule/tsup-config';

export default library(
  { index: 'src/index.ts', 'crypto/noble': 'src/crypto/noble.ts', 'crypto/node': 'src/crypto/node.ts', 'crypto/webcrypto': 'src/crypto/webcrypto.ts' },
  // minifySyntax puts numbers in the place of constants, which the bundler of an application cannot do any more;
  // crypto/node.ts is the one file that knows Node's types
  { minifySyntax: true, dts: { compilerOptions: { ignoreDeprecations: '6.0', customConditions: [], types: ['node'] } } },
);
