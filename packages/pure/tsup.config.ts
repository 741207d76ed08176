import { fileURLToPath } from 'node:url';
import { library } from '@ferrule/tsup-config';

export default library(
  {
    index: 'src/index.ts',
    'crypto/host': 'src/crypto/host.ts',
    'crypto/noble': 'src/crypto/noble.ts',
    'crypto/node': 'src/crypto/node.ts',
    'crypto/tuned': 'src/crypto/tuned.ts',
    'crypto/webcrypto': 'src/crypto/webcrypto.ts',
    'parts/client-certificates': 'src/parts/client-certificates.ts',
    'parts/ech': 'src/parts/ech.ts',
    'parts/none': 'src/parts/none.ts',
    'parts/revocation': 'src/parts/revocation.ts',
    'parts/tls12': 'src/parts/tls12.ts',
    pem: 'src/pem.ts',
    quic: 'src/quic.ts',
    wire: 'src/wire/index.ts',
    keys: 'src/keys/index.ts',
    trace: 'src/trace/index.ts',
  },
  {
    everyday: ['index', 'crypto/node', 'parts/client-certificates', 'parts/ech', 'parts/revocation', 'parts/tls12'],
    // Sources of cryptography, and the parts, are reached by their public names, so that a bundler can leave one out;
    // their types are not built yet.
    external: [/^@ferrule\/pure\/crypto\//],
    esbuildPlugins: [
      {
        // CommonJS is built without shared chunks: a part of its own would have classes of its own.
        name: 'parts',
        setup: ({ onResolve, initialOptions }) =>
          onResolve({ filter: /^@ferrule\/pure\/parts\// }, ({ path }) =>
            initialOptions.format === 'esm'
              ? { path, external: true }
              : { path: fileURLToPath(new URL(`src/${path.slice('@ferrule/pure/'.length)}.ts`, import.meta.url)) },
          ),
      },
    ],
    dts: {
      compilerOptions: {
        ignoreDeprecations: '6.0',
        customConditions: [],
        types: ['node'],
        paths: { '@ferrule/pure/crypto/*': ['./src/crypto/*.ts'], '@ferrule/pure/parts/*': ['./src/parts/*.ts'] },
      },
    },
  },
);
