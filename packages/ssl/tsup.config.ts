import { library } from '@ferrule/tsup-config';

export default library({
  index: 'src/index.ts',
  options: 'src/options.ts',
  'session-binding': 'src/session-binding.ts',
});
