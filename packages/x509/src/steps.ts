/** @module Steps: computations that may have to wait for a signature check. */
import type { SignatureAlgorithm, SignatureVerifier } from './signature.ts';

/** Yields only promises of a verifier; resume it with their results. A synchronous verifier never suspends it. */
export type Steps<T> = Generator<PromiseLike<boolean>, T, boolean>;

/** One signature check as a step. */
export function* verified(
  verifier: SignatureVerifier,
  algorithm: SignatureAlgorithm,
  spki: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Steps<boolean> {
  const answer = verifier.verify(algorithm, spki, message, signature);
  return (typeof answer === 'boolean' ? answer : yield answer) === true;
}

/** Runs steps with a synchronous verifier. @throws TypeError when it returns a promise. */
export function runSync<T>(steps: Steps<T>): T {
  const { done, value } = steps.next();
  if (!done) throw new TypeError('the signature verifier is asynchronous: use the asynchronous function');
  return value;
}

/** Runs steps to their end; rejects when a promise of the verifier does. */
export async function runAsync<T>(steps: Steps<T>): Promise<T> {
  for (let state = steps.next(); ; state = steps.next(await state.value)) if (state.done) return state.value;
}
