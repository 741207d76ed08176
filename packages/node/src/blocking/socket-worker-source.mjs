// Only for running from source: a worker does not know the loader of the program that started it.
import { register } from 'tsx/esm/api';

register();
await import('./socket-worker.ts');
