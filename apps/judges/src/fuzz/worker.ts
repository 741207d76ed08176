/**
 * @module The thread that runs one target. The input under way is in shared memory, so that whoever watches still has
 * it when this thread hangs or runs out of memory. A finding is told, and the run goes on.
 */
import './boot.ts';
import { parentPort, workerData } from 'node:worker_threads';
import type { Layout } from './coverage.ts';
import { Finding } from './finding.ts';
import { fuzzLoop } from './loop.ts';
import { TARGETS, type TargetName } from './targets.ts';
import { readWorld } from './world.ts';

export interface WorkerInput {
  readonly target: TargetName;
  readonly layout: Layout;
  readonly world: string;
  readonly corpus: readonly Uint8Array[];
  readonly words: readonly (number | string)[];
  readonly seed: number;
  /** Milliseconds since the epoch. */
  readonly until: number;
  /** Its length, a count of inputs, and the input. */
  readonly current: SharedArrayBuffer;
}

export type WorkerMessage =
  | {
      readonly kind: 'begun' | 'status';
      readonly executions: number;
      readonly reached: number;
      readonly features: number;
      readonly heap: number;
    }
  | { readonly kind: 'keep'; readonly input: Uint8Array }
  | { readonly kind: 'finding'; readonly input: Uint8Array; readonly message: string; readonly stack: string };

/** Processor time that one input may take, microseconds: far more than the slowest of ours. */
const MAX_CPU = 3_000_000;
/** Bytes of the heap, after a collection, over what there was when it had settled. */
const MAX_GROWTH = 192 * 2 ** 20;
const STATUS_EVERY = 2_000;

const { target: name, world, corpus, words, seed, until, current } = workerData as WorkerInput;
const coverage = globalThis.ferruleCoverage;
const head = new Int32Array(current, 0, 2);
const place = new Uint8Array(current, 8);
const target = TARGETS[name](readWorld(world));
let executions = 0;
let settled = 0;
let lastStatus = 0;

const say = (message: WorkerMessage): void => parentPort?.postMessage(message);
const status = (kind: 'begun' | 'status'): void =>
  say({
    kind,
    executions,
    reached: coverage.reached,
    features: coverage.features,
    heap: process.memoryUsage().heapUsed,
  });

async function execute(input: Uint8Array): Promise<void> {
  place.set(input);
  Atomics.store(head, 0, input.length);
  Atomics.add(head, 1, 1);
  executions++;
  const start = process.cpuUsage();
  try {
    const going = target.fuzz(input);
    if (going !== undefined) await going;
  } catch (error) {
    tell(input, error);
  }
  const { user, system } = process.cpuUsage(start);
  if (user + system > MAX_CPU) tell(input, new Finding('took seconds'));
  if (executions % STATUS_EVERY === 0) watchHeap(input);
  else if (Date.now() - lastStatus > 10_000) {
    lastStatus = Date.now();
    status('status');
  }
}

function tell(input: Uint8Array, error: unknown): void {
  const finding = error instanceof Finding ? error : new Finding('the target itself failed', { cause: error });
  const cause = finding.cause instanceof Error ? finding.cause : undefined;
  say({ kind: 'finding', input, message: finding.message, stack: cause?.stack ?? finding.stack ?? '' });
}

function watchHeap(input: Uint8Array): void {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  const used = heapUsed + external;
  if (executions >= 5 * STATUS_EVERY && settled === 0) settled = used;
  if (settled > 0 && used > settled + MAX_GROWTH) tell(input, new Finding('the heap grows from input to input'));
}

await fuzzLoop(corpus, {
  coverage,
  words,
  seed,
  execute,
  keep: (input) => say({ kind: 'keep', input }),
  begun: () => status('begun'),
  goOn: () => Date.now() < until,
});
status('status');
