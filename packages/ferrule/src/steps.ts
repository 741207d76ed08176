/** @module The operations that a pump runs, and how they fail. */
import type { Ssl } from '@ferrule/contract';
import { SslErrorCode, TlsError } from '@ferrule/result';
import type { Job } from './jobs.ts';

/** Advances a job as far as possible; returns the `Ssl`'s result. */
export function advance(ssl: Ssl, job: Job): number {
  const { bytes, operate, offset, length } = job;
  if (bytes === undefined) {
    try {
      return operate?.(ssl) ?? 1;
    } catch (error) {
      // A caller error, not a failure of the connection
      return failedAlone(job, error as Error);
    }
  }
  if (length === 0) return 1;
  if (bytes.length < length) {
    const gone = new TypeError('write: the memory of `from` was transferred or resized before all of it was written');
    // The engine has part of it. The next write would follow a gap, and its first bytes would be taken for the missing
    // ones (SSL_write(3): a pending write is retried with the same bytes).
    if (job.begun) throw gone;
    return failedAlone(job, gone);
  }
  job.begun = true;
  const n = ssl.write(offset === 0 && bytes.length === length ? bytes : bytes.subarray(offset, length));
  if (n > 0) job.offset += n;
  return n;
}

/** Fails only this job: none of it has reached the engine. */
function failedAlone(job: Job, error: Error): 1 {
  job.done(error);
  job.done = () => {};
  job.offset = job.length;
  return 1;
}

/** SSL_shutdown(3): 0 means sent, not an error. */
export const closeNotify = (ssl: Ssl): number => ((ssl.shutdownState & 1) === 0 ? ssl.shutdown() || 1 : 1);

/** Unwraps the BIO's error from the engine's where it is a TlsError already. */
export const bare = (error: TlsError): TlsError => (TlsError.is(error.cause) ? error.cause : error);

/** A no-op that completes after everything queued before it. */
export const nothing = (): number => 1;

let disposed: TlsError | undefined;
/** A shared instance: an error with its stack costs as much as a small record. */
export const closedByUs = (): TlsError => (disposed ??= new TlsError('DISPOSED', 'the connection was closed'));

export const notBytes = (name: string, value: unknown): TlsError =>
  new TlsError(
    'TRANSPORT_ERROR',
    `${name}: the stream yields ${typeof value === 'string' ? 'strings' : `${typeof value} values`} instead of bytes`,
    {
      hint: 'Give a stream of Uint8Array or Buffer: without setEncoding(), without objectMode.',
    },
  );

/** Whether the last operation waits for the caller's callback. */
export const awaitsCaller = (ssl: Ssl): boolean =>
  ssl.asyncReady !== undefined &&
  ssl.getError(-1) !== SslErrorCode.wantRead &&
  ssl.getError(-1) !== SslErrorCode.wantWrite;

/** No progress for `ms` milliseconds: the peer, or a callback of the caller, does not respond. */
export const stalledFor = (ms: number, name: string, isCallback: boolean): TlsError =>
  isCallback
    ? new TlsError(
        'TIMEOUT',
        `${name}: a callback of the caller did not answer for ${ms} ms, and what was written waits for it`,
        { hint: 'Settle the promise that onCertificateRequest returned, with a credential or with undefined.' },
      )
    : new TlsError('TIMEOUT', `${name}: the other side accepted no data for ${ms} ms`);
