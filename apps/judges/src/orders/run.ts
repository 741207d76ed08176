/**
 * @module Plays sequence after sequence in a process of its own, shrinks what breaks a rule, and notices what hangs or
 * crashes.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Answer, Order } from './child.ts';
import type { Fault } from './plant.ts';
import { sequenceFrom, type Sequence } from './sequence.ts';
import { shrink } from './shrink.ts';
import { target as loadTarget, type TargetName } from './targets.ts';

export interface Found {
  readonly rule: string;
  readonly seed: number;
  /** Seconds until the first sequence that broke it. */
  readonly after: number;
  /** How many sequences broke it. */
  count: number;
  readonly detail: string;
  /** The smallest that was found. */
  readonly sequence: Sequence;
  readonly trace: readonly string[];
}

export interface Report {
  readonly target: TargetName;
  readonly seed: number;
  readonly seconds: number;
  readonly sequences: number;
  readonly findings: readonly Found[];
}

export interface RunOptions {
  /** Stop after this long, or after so many sequences. */
  readonly seconds: number;
  readonly sequences?: number;
  readonly seed: number;
  /** How many sequences shrinking may play, per finding. */
  readonly shrinks: number;
  readonly plant?: Fault | undefined;
  /** Stop at the first finding of such a rule, which is not shrunk. */
  readonly until?: RegExp;
  /** Of the process that plays. */
  readonly play?: PlayOptions;
}

/** How the process that plays is started, beyond the usual. */
export interface PlayOptions {
  /** Modules that it imports first. */
  readonly imports: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** A sequence that takes longer hangs, milliseconds. */
const SILENCE = 30_000;
const SILENCE_SHRINKING = 8_000;
const LOADING = 300_000;

/** @throws Error where this machine has not got the target. */
export async function run(
  target: TargetName,
  { seconds, sequences: most = Infinity, seed: first, shrinks, plant, until, play }: RunOptions,
  progress: (line: string) => void,
): Promise<Report> {
  const { recipes } = await loadTarget(target);
  const player = new Player(play);
  const found = new Map<string, Found>();
  const began = performance.now();
  const elapsed = (): number => (performance.now() - began) / 1000;
  let sequences = 0;
  let told = 0;
  try {
    for (let seed = first; elapsed() < seconds && sequences < most; seed++, sequences++) {
      const { rule, detail, trace } = await player.play({ target, seed, plant }, SILENCE);
      if (elapsed() - told > 10)
        progress(`${target}: ${Math.round((told = elapsed()))} s, ${sequences} sequences, ${found.size} findings`);
      if (rule === undefined) continue;
      const known = found.get(rule);
      if (known !== undefined) known.count++;
      if (known !== undefined) continue;
      const after = elapsed();
      progress(`${target}: ${after.toFixed(1)} s, seed ${seed}: ${detail.split('\n')[0] ?? ''}`);
      if (until?.test(rule) === true) {
        found.set(rule, { rule, seed, after, count: 1, detail, trace, sequence: sequenceFrom(seed, recipes) });
        sequences++;
        break;
      }
      let best = { detail, trace };
      const isCrash = rule.startsWith('the process');
      const sequence = await shrink(
        sequenceFrom(seed, recipes),
        async (candidate) => {
          const answer = await player.play({ target, sequence: candidate, plant }, SILENCE_SHRINKING);
          if (answer.rule === rule) best = answer;
          return answer.rule === rule;
        },
        isCrash ? Math.min(24, shrinks) : shrinks,
      );
      found.set(rule, { rule, seed, after, count: 1, detail: best.detail, trace: best.trace, sequence });
    }
  } finally {
    player.end();
  }
  return { target, seed: first, seconds: Math.round(elapsed()), sequences, findings: [...found.values()] };
}

/** A child that plays, replaced when it does not answer. */
export class Player {
  readonly #options: PlayOptions;
  #child: ChildProcess | undefined;

  constructor(options: PlayOptions = { imports: [], env: {} }) {
    this.#options = options;
  }

  /**
   * @param patience - milliseconds for the sequence; loading the engine, in a process that is new, takes what it takes.
   */
  async play(order: Order, patience: number): Promise<Answer> {
    if (this.#child === undefined) {
      const { imports, env } = this.#options;
      this.#child = fork(fileURLToPath(new URL('child.ts', import.meta.url)), {
        execArgv: ['--conditions=@ferrule/source', ...[...imports, 'tsx'].flatMap((each) => ['--import', each])],
        env: { ...process.env, ...env },
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      });
      const ready = await this.#ask(this.#child, { target: order.target, plant: order.plant, prepare: true }, LOADING);
      if (ready.rule !== undefined) throw new Error(`the process that plays does not start: ${ready.detail}`);
    }
    return this.#ask(this.#child, order, patience);
  }

  #ask(child: ChildProcess, order: Order, patience: number): Promise<Answer> {
    return new Promise((resolve) => {
      let errors = '';
      const timer = setTimeout(() => over('the process hangs', `${patience / 1000} s without an answer`), patience);
      const onError = (chunk: Buffer): void => void (errors = (errors + chunk.toString()).slice(-2_000));
      const onMessage = (answer: Answer): void => done(answer);
      const onExit = (code: number | null, signal: string | null): void =>
        over(`the process dies: ${signal ?? `exit ${String(code)}`}`, errors);
      const done = (answer: Answer): void => {
        clearTimeout(timer);
        child.stderr?.off('data', onError);
        child.off('message', onMessage).off('exit', onExit);
        resolve(answer);
      };
      const over = (rule: string, detail: string): void => {
        this.end();
        done({ rule, detail: `${rule}: ${detail}`, trace: [] });
      };
      child.stderr?.on('data', onError);
      child.on('message', onMessage).once('exit', onExit);
      child.send(order);
    });
  }

  end(): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }
}
