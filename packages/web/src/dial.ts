/** @module A way to a server, and what the ways have in common. */
import type { Pipe, StreamPipe, Transport } from 'ferrule';
import { TlsError } from '@ferrule/result';
import { functionOption } from '@ferrule/result/arguments';
import type { Destination } from '@ferrule/result/host';

/**
 * Opens a byte pipe to a server: through a relay, a platform's sockets, whatever there is. TLS goes on top of it, so
 * nothing in between has to be trusted. `signal` ends the attempt, not the pipe.
 */
export type Dial = (to: Destination, signal?: AbortSignal) => Promise<Pipe | StreamPipe | Transport>;

/** @throws TypeError for what is no {@link Dial}. */
export const dialOption = (value: unknown): void => functionOption(value, 'dial', 'a function that opens a pipe');

/** Settles as `made` does, or rejects with `ABORTED` when the signal comes first; `undo` is called then. */
export function abortable<T>(made: Promise<T>, signal: AbortSignal | undefined, undo: () => void): Promise<T> {
  if (signal === undefined) return made;
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      undo();
      reject(
        TlsError.is(signal.reason)
          ? signal.reason
          : new TlsError('ABORTED', 'the signal ended the attempt to connect', { cause: signal.reason }),
      );
    };
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    void made.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
