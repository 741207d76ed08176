import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { pki } from '@ferrule/conformance/pki';

it('runs in four threads at once, 100 handshakes each, with a trust store shared between them', { timeout: 120_000 }, async () => {
  const anchor = (await pki('root')).certificate;
  const workers = Array.from(
    { length: 4 },
    () =>
      new Worker(new URL('worker.ts', import.meta.url), {
        workerData: { handshakes: 100, anchor },
        execArgv: ['--conditions=@ferrule/source', '--import', 'tsx'],
      }),
  );
  const done = await Promise.all(workers.map((worker) => once(worker, 'message')));
  expect(done.flat()).toEqual([100, 100, 100, 100]);
  const exits = await Promise.all(workers.map((worker) => worker.terminate()));
  expect(exits).toHaveLength(4);
});
