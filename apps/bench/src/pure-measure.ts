/**
 * @module Medians of tasks that take turns; in Node.js of CPU time, in a page, which knows no better, of the clock's.
 */

/** Returns the microseconds that it spent on what is measured. */
export type Task = () => Promise<number>;
export type Figures = Record<string, number>;

function spent(): number {
  if (typeof process === 'undefined') return performance.now() * 1000;
  const { user, system } = process.cpuUsage();
  return user + system;
}

export const timed =
  (work: () => unknown): Task =>
  async () => {
    const from = spent();
    await work();
    return spent() - from;
  };

/** Until V8 has compiled what runs. */
const WARM_UP = 2;

/** Medians of each task for one of its `units`; the tasks take turns. `warmUp` rounds before do not count. */
export async function measure(
  tasks: Readonly<Record<string, Task>>,
  units: number,
  rounds: number,
  warmUp: number = WARM_UP,
): Promise<Figures> {
  const samples = new Map<string, number[]>(Object.keys(tasks).map((name) => [name, []]));
  for (let round = -warmUp; round < rounds; round++) {
    for (const [name, task] of Object.entries(tasks)) {
      const micros = await task();
      if (round >= 0) samples.get(name)?.push(micros / units);
    }
  }
  return Object.fromEntries([...samples].map(([name, numbers]) => [name, median(numbers)]));
}

/** How many times `under` fits into `over`. */
export const ratio = (figures: Figures, over: string, under: string): number =>
  (figures[over] ?? Number.NaN) / (figures[under] ?? Number.NaN);

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
