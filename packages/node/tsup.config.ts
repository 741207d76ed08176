import { library } from '@ferrule/tsup-config';

// the worker of blocking sockets is a file of its own, beside whatever file starts it
export default library({ index: 'src/index.ts', 'socket-worker': 'src/blocking/socket-worker.ts' }, { platform: 'node', shims: true });
