// A worker does not know the loader of the program that started it.
import { register } from 'tsx/esm/api';

register();
await import('./blocking-client.ts');
