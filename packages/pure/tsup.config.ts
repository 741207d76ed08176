import { library } from '@ferrule/tsup-config';

export default library(
  {
    index: 'src/index.ts',
    'crypto/host': 'src/crypto/host.ts',
    'crypto/noble': 'src/crypto/noble.ts',
    'crypto/node': 'src/crypto/node.ts',
    'crypto/tuned': 'src/crypto/tuned.ts',
    'crypto/webcrypto': 'src/crypto/webcrypto.ts',
    quic: 'src/quic.ts',
    wire: 'src/wire/index.ts',
    keys: 'src/keys/index.ts',
    trace: 'src/trace/index.ts',
  },
  {
    // Sources of cryptography are reached by their public names, so that a bundler can leave one out; their types are
    // not built yet.
    external: [/^@ferrule\/pure\//],
    dts: {
      compilerOptions: {
        ignoreDeprecations: '6.0',
        customConditions: [],
        types: ['node'],
        paths: { '@ferrule/pure/crypto/*': ['./src/crypto/*.ts'] },
      },
    },
  },
);
