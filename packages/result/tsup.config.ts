import { library } from '@ferrule/tsup-config';

export default library({
  index: 'src/index.ts',
  arguments: 'src/arguments.ts',
  bytes: 'src/bytes.ts',
  names: 'src/names.ts',
  numbers: 'src/numbers.ts',
  'x509-v': 'src/x509-v-numbers.ts',
});
