/** @module The operations that a pump runs, and the ways in which they fail. */
import type { Ssl } from '@ferrule/contract';
import { SslErrorCode, TlsError } from '@ferrule/result';
import type { Job } from './jobs.ts';

/** A job as far as it goes now; what the `Ssl` returned. */
export function advance(ssl: Ssl, job: Job): number {
  const { bytes, operate, offset, length } = job;
  if (bytes === undefined) {
    try {
      return operate?.(ssl) ?? 1;
    } catch (error) {
      // The caller's mistake, which is not a failure of the connection
      return failedAlone(job, error as Error);
    }
  }
  if (length === 0) return 1;
  if (bytes.length < length) {
    const gone = new TypeError('write: the memory of `from` was transferred or resized before all of it was written');
    // The engine has some of it. What is written next would stand behind a gap, and its first bytes would count as the
    // missing ones (SSL_write(3): a write that waits is repeated with the same bytes).
    if (job.begun) throw gone;
    return failedAlone(job, gone);
  }
  job.begun = true;
  const n = ssl.write(offset === 0 && bytes.length === length ? bytes : bytes.subarray(offset, length));
  if (n > 0) job.offset += n;
  return n;
}

/** The job fails alone: nothing of it has reached the engine. */
function failedAlone(job: Job, error: Error): 1 {
  job.done(error);
  job.done = () => {};
  job.offset = job.length;
  return 1;
}

/** SSL_shutdown(3): 0 is "sent", and no error. */
export const closeNotify = (ssl: Ssl): number => ((ssl.shutdownState & 1) === 0 ? ssl.shutdown() || 1 : 1);

/** An engine wraps what its BIO failed with; where that says all there is to say already, it is better alone. */
export const bare = (error: TlsError): TlsError => (TlsError.is(error.cause) ? error.cause : error);

/** Done when what came before it is. */
export const nothing = (): number => 1;

let disposed: TlsError | undefined;
/** One for all, since an error with its stack costs as much as a small record. */
export const closedByUs = (): TlsError => (disposed ??= new TlsError('DISPOSED', 'the connection was closed'));

export const notBytes = (name: string, value: unknown): TlsError =>
  new TlsError(
    'TRANSPORT_ERROR',
    `${name}: the stream yields ${typeof value === 'string' ? 'strings' : `${typeof value} values`} instead of bytes`,
    {
      hint: 'Give a stream of Uint8Array or Buffer: without setEncoding(), without objectMode.',
    },
  );

/** Whether the last operation waits for an answer of the caller's. */
export const awaitsCaller = (ssl: Ssl): boolean =>
  ssl.asyncReady !== undefined &&
  ssl.getError(-1) !== SslErrorCode.wantRead &&
  ssl.getError(-1) !== SslErrorCode.wantWrite;

/** Nothing moved for `ms` milliseconds: the peer, or a callback of the caller, does not answer. */
export const stalledFor = (ms: number, name: string, isCallback: boolean): TlsError =>
  isCallback
    ? new TlsError(
        'TIMEOUT',
        `${name}: a callback of the caller did not answer for ${ms} ms, and what was written waits for it`,
        { hint: 'Settle the promise that onCertificateRequest returned, with a credential or with undefined.' },
      )
    : new TlsError('TIMEOUT', `${name}: the other side accepted no data for ${ms} ms`);
