/** @module A way to a server, and what the ways have in common. */
import type { Pipe, StreamPipe, Transport } from 'ferrule';
import { TlsError } from '@ferrule/result';

/** Where a pipe should lead. */
export interface Destination {
  /** A name or an address; whoever dials looks it up. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
}

/**
 * Opens a byte pipe to a server: through a relay, a platform's sockets, whatever there is. TLS goes on top of it, so
 * nothing in between has to be trusted. `signal` ends the attempt, not the pipe.
 */
export type Dial = (to: Destination, signal?: AbortSignal) => Promise<Pipe | StreamPipe | Transport>;

/** `host:port`, with brackets around an IPv6 address. */
export const authority = ({ host, port }: Destination): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** @throws TypeError for what is no destination. */
export function checkDestination({ host, port }: Destination): void {
  if (typeof host !== 'string' || host === '') throw new TypeError('host: neither a name nor an address');
  if (!(Number.isInteger(port) && port >= 1 && port <= 65_535))
    throw new TypeError(`port: ${String(port)} is not an integer from 1 to 65535`);
}

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
