import { library } from '@ferrule/tsup-config';

export default library({ index: 'src/index.ts', arguments: 'src/arguments.ts', bytes: 'src/bytes.ts' });
