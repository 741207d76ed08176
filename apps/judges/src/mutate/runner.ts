/**
 * @module A vitest runner that, having run a test, runs it again with each mutant that made a difference to it, until
 * one test has killed the mutant. What it finds goes into a journal, which survives a worker that a mutant drives in
 * circles.
 */
import { TestRunner, type RunnerTestCase } from 'vitest';
import { Journal } from './journal.ts';
import { ACTIVE, MET } from './native-switch.ts';
import { installSwitch } from './switch.ts';

/** Longer than a test may take under a mutant, in milliseconds, beyond ten times what it took without. */
const PATIENCE = 4_000;

export default class MutationRunner extends TestRunner {
  readonly #journal: Journal = new Journal(process.env['FERRULE_MUTATE'] ?? '');
  readonly #switch = installSwitch(process.env['FERRULE_MUTANT']);

  async runTask(test: RunnerTestCase): Promise<void> {
    const body = TestRunner.getTestFn(test);
    const alone = this.#switch.active !== '';
    if (alone) process.env[ACTIVE] = this.#switch.active;
    this.#switch.met.clear();
    process.env[MET] = '';
    const began = performance.now();
    await body();
    if (alone) return;
    const patience = PATIENCE + 10 * (performance.now() - began);
    const name = `${test.file.name} > ${fullName(test)}`;
    const met = [...this.#switch.met, ...process.env[MET].split('\n').filter((id) => id !== '')];
    this.#journal.reached(met);
    this.#journal.foreign([...this.#switch.foreign]);
    for (const mutant of met) {
      if (!this.#journal.begin(mutant, name)) continue;
      const killed = await this.#fails(mutant, body, patience);
      this.#journal.end(mutant, name, killed);
      // What a mutant broke for later tests is not their kill: this one is then judged by itself, in a process of its
      // own.
      if (killed && (await this.#fails('', body, patience))) {
        this.#journal.spoiled(mutant, name);
        throw new Error(`${mutant} spoils what follows`);
      }
    }
  }

  async #fails(mutant: string, body: () => unknown, patience: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>(
      (_resolve, reject) => (timer = setTimeout(() => reject(new Error('too late')), patience)),
    );
    this.#activate(mutant);
    try {
      await Promise.race([body(), late]);
      return false;
    } catch {
      return true;
    } finally {
      this.#activate('');
      clearTimeout(timer);
    }
  }

  #activate(mutant: string): void {
    this.#switch.active = mutant;
    process.env[ACTIVE] = mutant;
  }
}

function fullName({ name, suite }: RunnerTestCase): string {
  const names = [name];
  for (let outer = suite; outer !== undefined; outer = outer.suite) names.unshift(outer.name);
  return names.join(' > ');
}
