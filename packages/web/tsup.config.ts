import { library } from '@ferrule/tsup-config';

export default library({ index: 'src/index.ts', fetch: 'src/fetch/index.ts', worker: 'src/worker/index.ts' });
