/**
 * @module One listener on a signal for all connections that it ends: Node warns of a leak when there are more than ten.
 */

const listening = new WeakMap<AbortSignal, { readonly calls: Set<() => void>; readonly fire: () => void }>();

/** Calls `call` when the signal is aborted, which it is not yet; once. @returns what takes it back. */
export function onAbort(signal: AbortSignal, call: () => void): () => void {
  let entry = listening.get(signal);
  if (entry === undefined) {
    const calls = new Set<() => void>();
    const fire = (): void => {
      listening.delete(signal);
      for (const each of calls) each();
    };
    entry = { calls, fire };
    listening.set(signal, entry);
    signal.addEventListener('abort', fire, { once: true });
  }
  const { calls, fire } = entry;
  // A function of its own: the same call may be given twice
  const own = (): void => call();
  calls.add(own);
  return () => {
    calls.delete(own);
    if (calls.size > 0 || listening.get(signal)?.calls !== calls) return;
    listening.delete(signal);
    signal.removeEventListener('abort', fire);
  };
}
