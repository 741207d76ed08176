import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { pki } from '@ferrule/conformance/pki';

it(
  'runs in four threads at once, 100 handshakes each, with a trust store shared between them',
  { timeout: 120_000 },
  async () => {
    const anchor = (await pki('root')).certificate;
    const entry = new URL('worker.ts', import.meta.url).href;
    // Workers have to be told of tsx from inside.
    const start = `import('tsx/esm/api').then(({ register }) => (register(), import(${JSON.stringify(entry)})))`;
    const options = { eval: true, workerData: { handshakes: 100, anchor }, execArgv: ['--conditions=@ferrule/source'] };
    const workers = Array.from({ length: 4 }, () => new Worker(start, options));
    const done = await Promise.all(workers.map((worker) => once(worker, 'message')));
    expect(done.flat()).toEqual([100, 100, 100, 100]);
    const exits = await Promise.all(workers.map((worker) => worker.terminate()));
    expect(exits).toHaveLength(4);
  },
);
