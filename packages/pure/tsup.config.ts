import { library } from '@ferrule/tsup-config';

export default library({
  index: 'src/index.ts',
  'crypto/noble': 'src/crypto/noble.ts',
  'crypto/node': 'src/crypto/node.ts',
  'crypto/tuned': 'src/crypto/tuned.ts',
  'crypto/webcrypto': 'src/crypto/webcrypto.ts',
  wire: 'src/wire/index.ts',
  keys: 'src/keys/index.ts',
  trace: 'src/trace/index.ts',
});
