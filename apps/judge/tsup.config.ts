import { program } from '@ferrule/tsup-config';

export default program({ main: 'src/main.ts' });
