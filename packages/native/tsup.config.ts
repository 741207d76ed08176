import { library } from '@ferrule/tsup-config';

// `import.meta.url` in the CommonJS build too: the addon is found from there.
export default library({ index: 'src/index.ts' }, { platform: 'node', shims: true });
