import { library } from '@ferrule/tsup-config';

export default library({ index: 'src/index.ts' });
