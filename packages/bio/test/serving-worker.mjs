// A worker of Node does not know the test runner's loader: register one, then load the TypeScript.
import { register } from 'tsx/esm/api';

register();
await import('./serving-worker.ts');
