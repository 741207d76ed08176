/** @module The process that has to live on: starts workers, and terminates each at a moment of its own. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { createNative } from '@ferrule/native';
import { OPERATION_NAMES, type WorkerData } from './names.ts';
import type { Line } from './run.ts';

/** At the same time, so that one is torn down while others work. */
const AT_ONCE = 3;

const [entry = '', dataFile = '', count = '1', firstSeed = '1'] = process.argv.slice(2);
const data = JSON.parse(readFileSync(dataFile, 'utf8'), (_key, value: unknown) =>
  typeof value === 'object' && value !== null && 'base64' in value
    ? new Uint8Array(Buffer.from(String(value.base64), 'base64'))
    : value,
) as Omit<WorkerData, 'operation' | 'seed'>;
const say = (line: Line): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

const total = Number(count);
let next = 0;
say({ kind: 'engine', node: process.versions.node, engine: createNative().engine });
await Promise.all(Array.from({ length: AT_ONCE }, () => lane()));
// The engine of this thread has not been harmed.
createNative()
  .createContext({ trustAnchors: [data.root] })
  .newConnection()
  .dispose();

async function lane(): Promise<void> {
  while (next < total) {
    const index = next++;
    const operation = OPERATION_NAMES[index % OPERATION_NAMES.length] ?? 'anything';
    await once_(operation, Number(firstSeed) + index);
  }
}

async function once_(operation: WorkerData['operation'], seed: number): Promise<void> {
  say({ kind: 'begun', operation, seed });
  const worker = new Worker(entry, { workerData: { ...data, operation, seed } satisfies WorkerData });
  worker.on('error', (error: Error) => say({ kind: 'fault', operation, message: error.stack ?? error.message }));
  // While it loads, or once it is at work.
  if (operation !== 'load') await once(worker, 'message');
  await sleep(moment(seed, operation === 'load' ? 120 : 12));
  await worker.terminate();
  say({ kind: 'terminated', operation });
}

/** Milliseconds below a bound: the same for the same seed. */
function moment(seed: number, bound: number): number {
  const mixed = (Math.imul(seed ^ 0x5bd1e995, 2_654_435_761) >>> 0) / 2 ** 32;
  return mixed * bound;
}
