/** @module One target in a thread, watched: what hangs or eats all memory is ended, written down, and begun anew. */
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { Instrumented } from './instrument.ts';
import { MAX_LENGTH } from './mutator.ts';
import { TARGETS, type TargetName } from './targets.ts';
import type { WorkerInput, WorkerMessage } from './worker.ts';
import type { World } from './world.ts';

/** Milliseconds without an end of an input: a hang. */
const HANG = 20_000;
const HEAP_LIMIT_MB = 1_024;

export interface Place {
  /** Holds corpus, findings, the world and the bundle. */
  readonly dir: string;
  readonly worldFile: string;
  readonly world: World;
  readonly bundle: string;
  readonly instrumented: Instrumented;
}

export interface Report {
  readonly target: TargetName;
  readonly about: string;
  readonly minutes: number;
  readonly executions: number;
  /** Blocks reached by what was there at the beginning, and in the end; of all that the bundle has. */
  readonly blocks: { readonly begin: number; readonly end: number; readonly all: number };
  /** Blocks by how often, and compares by how nearly. */
  readonly features: { readonly begin: number; readonly end: number };
  /** Inputs. */
  readonly corpus: { readonly begin: number; readonly end: number };
  /** Heap in use at the end, MiB. */
  readonly heap: number;
  /** Times that the thread had to be ended: a hang, or memory. */
  readonly restarts: number;
  readonly findings: readonly string[];
}

export async function fuzz(
  name: TargetName,
  seconds: number,
  { dir, worldFile, world, bundle, instrumented }: Place,
  progress: (line: string) => void,
): Promise<Report> {
  setFlagsFromString('--expose-gc');
  const target = TARGETS[name](world);
  const corpus = new Store(join(dir, 'corpus', name));
  for (const seed of target.seeds()) corpus.add(seed);
  const begin = corpus.size;
  const findings = new Findings(join(dir, 'findings'), name);
  const started = Date.now();
  const until = started + seconds * 1000;
  const counts = { executions: 0, begin: undefined as Counts | undefined, end: { reached: 0, features: 0 }, heap: 0 };
  let restarts = 0;
  for (let seed = started >>> 0; Date.now() < until; seed++) {
    const input: Omit<WorkerInput, 'current'> = {
      target: name,
      layout: instrumented,
      world: worldFile,
      corpus: corpus.all(),
      words: instrumented.words,
      seed,
      until,
    };
    const before = counts.executions;
    const onMessage = (message: WorkerMessage): void => {
      if (message.kind === 'keep') corpus.add(message.input);
      else if (message.kind === 'finding') findings.add(message.input, message.message, message.stack);
      else {
        counts.executions = before + message.executions;
        if (message.kind === 'begun') counts.begin ??= message;
        counts.end = message;
        counts.heap = message.heap;
        progress(
          `${name}: ${counts.executions} inputs, ${message.reached} blocks, ${message.features} features, corpus ${corpus.size}, ${findings.names.length} findings, ${(message.heap / 2 ** 20).toFixed(0)} MiB`,
        );
      }
    };
    const stopped = await watch(bundle, input, onMessage);
    if (stopped === undefined) break;
    restarts++;
    findings.add(stopped.input, stopped.why, '');
  }
  return {
    target: name,
    about: target.about,
    minutes: Math.round((Date.now() - started) / 6_000) / 10,
    executions: counts.executions,
    blocks: { begin: counts.begin?.reached ?? 0, end: counts.end.reached, all: instrumented.blocks },
    features: { begin: counts.begin?.features ?? 0, end: counts.end.features },
    corpus: { begin, end: corpus.size },
    heap: Math.round(counts.heap / 2 ** 20),
    restarts,
    findings: findings.names,
  };
}

interface Counts {
  readonly reached: number;
  readonly features: number;
}

/** Runs a thread to its end. Returns what stopped it, if it was stopped. */
async function watch(
  bundle: string,
  input: Omit<WorkerInput, 'current'>,
  onMessage: (message: WorkerMessage) => void,
): Promise<{ readonly input: Uint8Array; readonly why: string } | undefined> {
  const current = new SharedArrayBuffer(8 + 4 * MAX_LENGTH);
  const head = new Int32Array(current, 0, 2);
  const worker = new Worker(bundle, {
    workerData: { ...input, current } satisfies WorkerInput,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_LIMIT_MB },
  });
  let why: string | undefined;
  let count = -1;
  let since = Date.now();
  const timer = setInterval(() => {
    const now = Atomics.load(head, 1);
    if (now !== count) [count, since] = [now, Date.now()];
    else if (Date.now() - since > HANG && Date.now() < input.until + HANG) {
      why = 'hangs';
      void worker.terminate();
    }
  }, 1_000);
  worker.on('message', onMessage);
  worker.on('error', (error: Error) => {
    why = `the thread ended: ${error.message}`;
  });
  await new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  clearInterval(timer);
  return why === undefined ? undefined : { why, input: new Uint8Array(current, 8).slice(0, Atomics.load(head, 0)) };
}

/** Inputs as files under the names of their hashes. */
class Store {
  readonly #dir: string;
  readonly #names: Set<string>;

  constructor(dir: string) {
    mkdirSync(dir, { recursive: true });
    this.#dir = dir;
    this.#names = new Set(readdirSync(dir));
  }

  get size(): number {
    return this.#names.size;
  }

  add(input: Uint8Array): void {
    if (input.length > MAX_LENGTH * 4) return;
    const name = createHash('sha1').update(input).digest('hex');
    if (this.#names.has(name)) return;
    this.#names.add(name);
    writeFileSync(join(this.#dir, name), input);
  }

  /** The shortest first: what they reach, longer ones need not be kept for. */
  all(): Uint8Array[] {
    return Array.from(this.#names, (name) => new Uint8Array(readFileSync(join(this.#dir, name)))).sort(
      (a, b) => a.length - b.length,
    );
  }
}

/** Each finding once, by its words and the place in our code. */
export class Findings {
  readonly names: string[] = [];
  readonly #dir: string;
  readonly #target: string;

  constructor(dir: string, target: string) {
    mkdirSync(dir, { recursive: true });
    this.#dir = dir;
    this.#target = target;
  }

  add(input: Uint8Array, message: string, stack: string): void {
    const place = stack.split('\n').find((line) => line.includes('    at ')) ?? '';
    const id = createHash('sha256')
      .update(message.replace(/\d+/g, 'n') + place)
      .digest('hex')
      .slice(0, 12);
    const name = `${this.#target}-${id}`;
    if (this.names.includes(name)) return;
    this.names.push(name);
    const file = join(this.#dir, name);
    if (existsSync(file)) return;
    writeFileSync(file, input);
    appendFileSync(`${file}.txt`, `${message}\n${stack}\n`);
  }
}
