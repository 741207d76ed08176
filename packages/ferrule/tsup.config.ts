import { library } from '@ferrule/tsup-config';

export default library({ index: 'src/index.ts', tcp: 'src/tcp.ts', pump: 'src/pump.ts', sessions: 'src/sessions.ts' });
