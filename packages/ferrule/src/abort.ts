/**
 * @module Signals that end attempts and connections. One listener on a signal for all connections that it ends: Node
 * warns of a leak when there are more than ten.
 */
import { TlsError } from '@ferrule/result';

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

/** Why a signal ended an attempt: its reason where that is a TlsError, else `ABORTED`. */
export const reasonOf = ({ reason }: AbortSignal): TlsError =>
  TlsError.is(reason) ? reason : new TlsError('ABORTED', 'the caller aborted the connection', { cause: reason });

/** Settles as `made` does, or rejects as {@link reasonOf} says when the signal comes first; `undo` is called then. */
export function abortable<T>(made: Promise<T>, signal: AbortSignal | undefined, undo: () => void): Promise<T> {
  if (signal === undefined) return made;
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      undo();
      reject(reasonOf(signal));
    };
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    void made.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/**
 * The part of a WritableStream's sink that breaks what it writes to, at once: `abort` alone would wait for the write
 * under way, which may wait for a peer that takes nothing (WHATWG Streams section 5.5.4, WritableStreamAbort).
 * @param act called when the stream is aborted, and again when that write has settled.
 */
export const aborted = (act: () => void | Promise<void>): AbortedSink => ({
  start: (controller) =>
    // Of a WritableStreamDefaultController; Safari before 16.4 has none
    (controller as { readonly signal?: AbortSignal }).signal?.addEventListener(
      'abort',
      () => void (async () => act())().catch(() => {}),
    ),
  abort: act,
});

interface AbortedSink {
  start(controller: object): void;
  abort(): void | Promise<void>;
}
