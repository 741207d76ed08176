/** @module The interface of a BIO. */

/**
 * One end of a byte channel, as bio(7) and BIO_s_bio(3) describe it. Synchronous; knows nothing of TLS.
 *
 * The BIO decides whether an SSL operation blocks, as in SSL_connect(3): a non-blocking BIO returns "retry" and the
 * operation returns -1 / WANT_READ or WANT_WRITE; a blocking one returns only when the request is complete.
 *
 * **Views.** `nread0` and `nwrite0` return the BIO's own memory, valid until the next call on either end that moves
 * bytes in that direction or requests a view of it; never across an `await` during which the other end may run. A read
 * view and a write view may be held at once. Development builds overwrite consumed views to expose callers that keep
 * one.
 *
 * **Order of events when reading:** first all published bytes, then {@link eof}, then {@link error}. An empty view, or
 * -1 from a read, means "retry" only while both are unset.
 *
 * **Failure.** When the transport fails, its driver calls {@link fail}. From then on {@link error} is set at both ends
 * and nothing more can be written; bytes already published can still be read. An engine that needs bytes or space and
 * finds {@link error} set returns -1 / SSL_ERROR_SYSCALL; `bioErrorCode(error)` is its code.
 *
 * Nothing here throws because of the other side. A `TypeError` or `RangeError` is a caller error. If a BIO throws
 * during an operation of a connection, that connection's transport has failed.
 */
export interface Bio {
  /** True if the calls below wait for the other side instead of returning "retry". */
  readonly blocking: boolean;
  /** Bytes that a read would return now, without waiting. */
  readonly pending: number;
  /** The other side has shut down writing, and everything it wrote has been read. Never true while `pending > 0`. */
  readonly eof: boolean;
  /** Why the transport failed; `undefined` until then. Set once. */
  readonly error: Error | undefined;
  /**
   * Copy out up to `into.length` bytes. Returns the count; 0 = EOF; -1 = retry, or failed if `error` is set. A blocking
   * BIO waits for at least one byte.
   * @throws TypeError when `into` is empty: 0 would look like EOF.
   */
  read(into: Uint8Array): number;
  /**
   * Copy bytes in. Returns the count, short when nearly full; -1 = retry, or failed if `error` is set; 0 only for an
   * empty `from`. A blocking BIO waits until it has accepted everything or failed.
   * @throws TypeError after `shutdownWrite()`.
   */
  write(from: Uint8Array): number;
  /**
   * `BIO_nread0`: one contiguous view of all pending bytes; empty if there are none (retry, EOF or failure: check `eof`
   * and `error`). A blocking BIO waits for `atLeast` bytes (default 1; never more than its capacity), EOF or failure;
   * others return what they have.
   */
  nread0(atLeast?: number): Uint8Array;
  /**
   * Consume `n` bytes of that view, which is invalid afterwards. 0 is allowed.
   * @throws RangeError when `n` is not an integer from 0 to the length of that view.
   */
  nread(n: number): void;
  /**
   * `BIO_nwrite0`: contiguous free space to fill in place; empty when full or failed. It is all the free space, except
   * that a growing BIO may offer less, but at least `atLeast` bytes. A blocking BIO waits for `atLeast` bytes (default
   * 1; never more than its capacity) or failure. Publishes nothing by itself.
   * @throws TypeError after `shutdownWrite()`.
   */
  nwrite0(atLeast?: number): Uint8Array;
  /**
   * Publish the first `n` bytes of that space to the other end; the view is invalid afterwards. 0 is allowed. Ignored
   * if the transport has failed meanwhile.
   * @throws RangeError when `n` is not an integer from 0 to the length of that space.
   * @throws TypeError after `shutdownWrite()`.
   */
  nwrite(n: number): void;
  /**
   * `BIO_shutdown_wr`: nothing more will be written; the other end reads EOF after the pending bytes. Idempotent;
   * ignored after a failure.
   */
  shutdownWrite(): void;
  /**
   * The transport has failed: sets {@link error} at both ends. Only the first call counts. An EOF already announced
   * remains.
   */
  fail(error: Error): void;
}
