/** @module What is judged: each engine and provider at the level of the contract, and the faces. */
import type { Backend } from '@ferrule/contract';
import { createPure } from '@ferrule/pure';
import { tunedCrypto } from '@ferrule/pure/crypto/tuned';
import { engine } from '../engines.ts';
import { turn } from './clock.ts';
import { playBoth } from './compare.ts';
import { BLOCKING_STEPS, playBlocking } from './play-blocking.ts';
import { playContract } from './contract.ts';
import { FACE_STEPS } from './face-steps.ts';
import type { FaceKind } from './face.ts';
import { FETCH_STEPS } from './fetch-steps.ts';
import { describe, Finding } from './finding.ts';
import { planted, type Fault } from './plant.ts';
import { playFace } from './play-face.ts';
import { playFetch } from './play-fetch.ts';
import type { Recipes, Sequence } from './sequence.ts';
import { STEPS } from './steps.ts';
import { watchSubtle } from './subtle.ts';

export const TARGET_NAMES = [
  'engines',
  'native',
  'pure-node',
  'pure-noble',
  'pure-tuned',
  'pure-webcrypto',
  'connect-native',
  'connect-pure',
  'connect-webcrypto',
  'duplex-native',
  'duplex-pure',
  'duplex-webcrypto',
  'socket-native',
  'socket-pure',
  'worker-native',
  'worker-pure',
  'fetch-native',
  'fetch-pure',
  'blocking',
] as const;
export type TargetName = (typeof TARGET_NAMES)[number];

export interface Target {
  readonly recipes: Recipes;
  /** @throws Finding; anything else is the judge's own fault. */
  play(sequence: Sequence, trace?: (line: string) => void): Promise<void>;
}

/** @param fault - planted, to prove the judge. @throws Error where this machine has not got it. */
export async function target(name: TargetName, fault?: Fault): Promise<Target> {
  if (name === 'engines') {
    const [native, pure] = [await engine('native'), await engine('pure')];
    return {
      recipes: STEPS,
      play: (sequence, trace) => playBoth([native, fault === undefined ? pure : planted(pure, fault)], sequence, trace),
    };
  }
  if (name === 'blocking') return { recipes: BLOCKING_STEPS, play: playBlocking };
  const sound = await backendOf(name);
  const backend = fault === undefined ? sound : planted(sound, fault);
  if (name.startsWith('fetch-'))
    return { recipes: FETCH_STEPS, play: (sequence, trace) => playFetch(backend, sequence, trace) };
  const face = /^(connect|duplex|socket|worker)-/.exec(name)?.[1] as FaceKind | undefined;
  if (face !== undefined)
    return { recipes: FACE_STEPS, play: (sequence, trace) => playFace(face, backend, sequence, trace) };
  return { recipes: STEPS, play: (sequence, trace) => playContract(backend, sequence, trace) };
}

async function backendOf(name: Exclude<TargetName, 'engines' | 'blocking'>): Promise<Backend> {
  switch (name) {
    case 'native':
    case 'connect-native':
    case 'duplex-native':
    case 'socket-native':
    case 'worker-native':
    case 'fetch-native':
      return engine('native');
    case 'pure-node':
    case 'connect-pure':
    case 'duplex-pure':
    case 'socket-pure':
    case 'worker-pure':
    case 'fetch-pure':
      return engine('pure');
    case 'pure-noble':
      return engine('pure-noble');
    case 'pure-webcrypto':
    case 'connect-webcrypto':
    case 'duplex-webcrypto':
      watchSubtle();
      return engine('pure-webcrypto');
    case 'pure-tuned':
      return createPure({ crypto: tunedCrypto });
  }
}

/** What came of one sequence. */
export interface Verdict {
  /** `undefined`: every rule was kept. */
  readonly finding: Finding | undefined;
  readonly trace: readonly string[];
}

/** Plays a sequence and listens for what nobody handles. */
export async function judge({ play }: Pick<Target, 'play'>, sequence: Sequence): Promise<Verdict> {
  const trace: string[] = [];
  let finding: Finding | undefined;
  const unhandled = (reason: unknown): void =>
    void (finding ??= new Finding('a rejection that nobody handles', describe(reason), { cause: reason }));
  const uncaught = (error: unknown): void =>
    void (finding ??= new Finding('an exception that nobody catches', describe(error), { cause: error }));
  process.on('unhandledRejection', unhandled);
  process.on('uncaughtException', uncaught);
  try {
    await play(sequence, (line) => trace.push(line));
    await turn();
  } catch (error) {
    finding ??=
      error instanceof Finding
        ? error
        : new Finding('the judge fails', error instanceof Error ? error.stack : String(error), { cause: error });
  } finally {
    process.off('unhandledRejection', unhandled);
    process.off('uncaughtException', uncaught);
  }
  return { finding, trace };
}
