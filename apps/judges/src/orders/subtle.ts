/**
 * @module How many answers WebCrypto owes this process: its threads work in their own time, and a model must not guess
 * it.
 */

let pending = 0;
let watched = false;

/** Operations of `crypto.subtle` that have not settled. */
export const owedBySubtle = (): number => pending;

/** From now on they are counted. */
export function watchSubtle(): void {
  if (watched) return;
  watched = true;
  const prototype = Object.getPrototypeOf(globalThis.crypto.subtle) as Record<string, unknown>;
  for (const name of Object.getOwnPropertyNames(prototype)) {
    const method = prototype[name];
    if (typeof method !== 'function' || name === 'constructor') continue;
    prototype[name] = function (this: unknown, ...args: unknown[]): unknown {
      const answer: unknown = Reflect.apply(method, this, args);
      if (!(answer instanceof Promise)) return answer;
      pending++;
      const settled = (): void => void pending--;
      answer.then(settled, settled);
      return answer;
    };
  }
}
