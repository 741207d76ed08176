// The engine in a worker that will be ended; it does not know the loader of the program that started it.
import { connect } from 'node:net';
import { Duplex } from 'node:stream';
import { workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
const { serveTls } = await import('../src/worker/index.ts');
const { port, ca } = workerData;
serveTls(port, {
  ca,
  // A host that never answers
  dial: (to) => (to.host === 'never' ? new Promise(() => {}) : Duplex.toWeb(connect(to.port, '127.0.0.1'))),
});
