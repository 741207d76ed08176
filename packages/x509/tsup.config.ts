import { library } from '@ferrule/tsup-config';

export default library(
  { index: 'src/index.ts', 'crypto/noble': 'src/crypto/noble.ts', 'crypto/node': 'src/crypto/node.ts', 'crypto/webcrypto': 'src/crypto/webcrypto.ts' },
  // minifySyntax puts numbers in the place of constants, which the bundler of an application cannot do any more
  { minifySyntax: true },
);
