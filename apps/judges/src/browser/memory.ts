/** @module The memory of running processes, as Linux tells it. */
import { readdirSync, readFileSync } from 'node:fs';

/** Milliseconds between two looks. */
const LOOK = 250;

/** By how much the memory of a process and of all that it started has grown, MiB. */
export class MemoryWatch {
  readonly #root: number;
  readonly #before: number | undefined;
  #most: number;
  readonly #timer: NodeJS.Timeout;

  constructor(root: number) {
    this.#root = root;
    this.#before = memoryOf(root);
    this.#most = this.#before ?? 0;
    this.#timer = setInterval(() => this.#look(), LOOK);
  }

  /** `undefined` where the system does not tell. */
  end(): number | undefined {
    clearInterval(this.#timer);
    this.#look();
    return this.#before === undefined ? undefined : Math.round(this.#most - this.#before);
  }

  #look(): void {
    this.#most = Math.max(this.#most, memoryOf(this.#root) ?? 0);
  }
}

/** Memory that is shared counts once. */
function memoryOf(root: number): number | undefined {
  const parents = parentsOfAll();
  if (parents === undefined) return undefined;
  let sum = 0;
  for (const pid of parents.keys())
    for (let at: number | undefined = pid; at !== undefined; at = parents.get(at))
      if (at === root) {
        sum += Number(/^Pss:\s+(\d+)/m.exec(textOf(`/proc/${pid}/smaps_rollup`) ?? '')?.[1] ?? 0);
        break;
      }
  return sum / 1024;
}

function parentsOfAll(): Map<number, number> | undefined {
  if (process.platform !== 'linux') return undefined;
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const parent = /^PPid:\s+(\d+)/m.exec(/^\d+$/.test(name) ? (textOf(`/proc/${name}/status`) ?? '') : '')?.[1];
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  return parents;
}

/** `undefined` for a process that has ended. */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
