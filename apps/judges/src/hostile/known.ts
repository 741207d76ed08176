/** @module What OpenSSL itself does otherwise, each with its reason. A row that no longer differs fails the test. */
import type { Backend } from '@ferrule/contract';
import type { Behaviour, Verdict } from './behaviour.ts';

export interface Known {
  readonly expect: Verdict;
  readonly reason: string;
}

const NATIVE: Readonly<Record<string, Known>> = {};

/** The known difference of this engine, if there is one. */
export const knownOf = (backend: Backend, behaviour: Behaviour): Known | undefined =>
  backend.name === 'native' ? NATIVE[`${behaviour.version}: ${behaviour.name}`] : undefined;
