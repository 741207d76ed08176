import { library } from '@ferrule/tsup-config';

export default library(
  {
    'before-tls': 'src/before-tls.ts',
    index: 'src/index.ts',
    options: 'src/options.ts',
    pump: 'src/pump.ts',
    sessions: 'src/sessions.ts',
    tap: 'src/tap.ts',
    tcp: 'src/tcp.ts',
  },
  { joined: ['index', 'options', 'pump', 'sessions', 'tap'] },
);
