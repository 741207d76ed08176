/**
 * @module Abort signals of attempts and connections. Connections that share a signal share one listener on it: Node
 * warns of a leak above ten.
 */
import { TlsError } from '@ferrule/result';

const listening = new WeakMap<AbortSignal, { readonly calls: Set<() => void>; readonly fire: () => void }>();

/** Calls `call` once, when the signal is aborted; it must not be aborted yet. @returns a function that unsubscribes. */
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
  // Wrapped: the same `call` may be registered twice
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

/** Settles as `made` does; if the signal is aborted first, calls `undo` and rejects with {@link reasonOf} it. */
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
 * The part of a WritableStream's sink that aborts immediately: `abort` alone waits for the write in progress, which may
 * be blocked on a peer that does not read (WHATWG Streams section 5.5.4, WritableStreamAbort).
 * @param act called when the stream is aborted, and again once that write has settled.
 */
export const aborted = (act: () => void | Promise<void>): AbortedSink => ({
  start: (controller) =>
    // `signal` of WritableStreamDefaultController is missing in Safari before 16.4
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
