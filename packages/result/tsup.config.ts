import { library } from '@ferrule/tsup-config';

export default library(
  {
    index: 'src/index.ts',
    arguments: 'src/arguments.ts',
    bytes: 'src/bytes.ts',
    'directory-string': 'src/directory-string.ts',
    host: 'src/host.ts',
    names: 'src/names.ts',
    'no-texts': 'src/texts/none.ts',
    notes: 'src/notes.ts',
    numbers: 'src/numbers.ts',
    pem: 'src/pem.ts',
    preference: 'src/preference.ts',
    revocation: 'src/revocation-status.ts',
    texts: 'src/texts/index.ts',
    'x509-v': 'src/x509-v-numbers.ts',
  },
  {
    joined: [
      'index',
      'arguments',
      'bytes',
      'directory-string',
      'host',
      'names',
      'notes',
      'numbers',
      'pem',
      'preference',
      'revocation',
    ],
    // The texts are reached by their public name, so that a bundler can leave them out; the X509_V numbers, so that theirs
    // are constants, which a bundler puts in their place. Their types are not built yet.
    external: ['@ferrule/result/texts', '@ferrule/result/x509-v'],
    dts: {
      compilerOptions: {
        ignoreDeprecations: '6.0',
        customConditions: [],
        types: ['node'],
        paths: {
          '@ferrule/result/texts': ['./src/texts/index.ts'],
          '@ferrule/result/x509-v': ['./src/x509-v-numbers.ts'],
        },
      },
    },
  },
);
