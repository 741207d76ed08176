/** @module Steps that wait only where an answer comes later: at once where all answers come at once. */
import type { Maybe } from './provider.ts';

/** Yields promises only; resumed with what they settle to. */
export type Awaiting<T> = Generator<Promise<unknown>, T, unknown>;

/** The value of what may come later. */
export function* once<T>(answer: Maybe<T>): Awaiting<T> {
  return answer instanceof Promise ? ((yield answer) as T) : answer;
}

/** Runs steps to their end. @throws what they throw; a promise rejects with it. */
export function settled<T>(steps: Awaiting<T>): Maybe<T> {
  const go = (state: IteratorResult<Promise<unknown>, T>): Maybe<T> =>
    state.done === true
      ? state.value
      : state.value.then(
          (value) => go(steps.next(value)),
          (error: unknown) => go(steps.throw(error)),
        );
  return go(steps.next());
}
