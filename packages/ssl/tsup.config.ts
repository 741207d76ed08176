import { library } from '@ferrule/tsup-config';

export default library(
  {
    index: 'src/index.ts',
    options: 'src/options.ts',
    'context-options': 'src/context-options.ts',
    'session-binding': 'src/session-binding.ts',
  },
  { joined: ['index', 'options', 'context-options', 'session-binding'] },
);
