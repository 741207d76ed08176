/** @module One end of a byte channel, as bio(7) and BIO_s_bio(3) describe it. Synchronous; knows nothing of TLS. */

/**
 * One end of a byte channel, as bio(7) and BIO_s_bio(3) describe it. Synchronous; knows nothing of TLS.
 *
 * Whether an SSL operation waits is the BIO's doing, as SSL_connect(3) says: a non-blocking BIO answers "retry" and
 * the operation returns -1 / WANT_READ or WANT_WRITE; a blocking one returns only when it has what was asked for.
 *
 * **Views.** What `nread0` and `nwrite0` return is memory of the BIO itself, valid until the next call on either end
 * that moves bytes in that direction or asks for a view of it; never across an `await` during which the other end may
 * run. A view to read and a view to write may be held at once. Development builds overwrite consumed views, so that
 * whoever kept one finds out.
 *
 * **Order of events when reading:** first all bytes that were published, then {@link eof}, then {@link error}. A view
 * of no bytes, or -1 from a read, means "retry" only while both are unset.
 *
 * **Failure.** When the transport fails, whoever serves it calls {@link fail}. From then on {@link error} is set at
 * both ends and nothing more can be written; bytes already published can still be read. An engine that needs bytes or
 * room and finds {@link error} set returns -1 / SSL_ERROR_SYSCALL; `bioErrorCode(error)` gives its code.
 *
 * Nothing here throws for what the other side does. A `TypeError` or `RangeError` means that the caller broke a rule.
 * What a BIO throws inside an operation of a connection is the failure of that connection's transport.
 */
export interface Bio {
  /** True when the calls below wait for the other side in place of answering "retry". */
  readonly blocking: boolean;
  /** Bytes that a read would return now, without waiting. */
  readonly pending: number;
  /**
   * The other side has shut down its writing, and everything it wrote has been read. Never true while `pending > 0`.
   */
  readonly eof: boolean;
  /** Why the transport failed; `undefined` while it works. Set once. */
  readonly error: Error | undefined;
  /**
   * Copy up to `into.length` bytes out. Returns the count; 0 = EOF; -1 = retry, or failed when `error` is set.
   * A blocking BIO waits for at least one byte.
   * @throws TypeError when `into` is empty: 0 would look like EOF.
   */
  read(into: Uint8Array): number;
  /**
   * Copy bytes in. Returns the count, short when nearly full; -1 = retry, or failed when `error` is set; 0 only for an
   * empty `from`. A blocking BIO waits until it has taken everything or failed.
   * @throws TypeError after `shutdownWrite()`.
   */
  write(from: Uint8Array): number;
  /**
   * `BIO_nread0`: one contiguous view of everything that is pending; of length 0 when there is nothing (retry, EOF or
   * failure: ask `eof` and `error`). A blocking BIO waits until `atLeast` bytes are there (default 1; never more than
   * it can hold), or EOF, or failure; others return what they have.
   */
  nread0(atLeast?: number): Uint8Array;
  /**
   * Consume `n` bytes of that view; the view is dead afterwards. 0 is allowed.
   * @throws RangeError when `n` is not an integer from 0 to the length of that view.
   */
  nread(n: number): void;
  /**
   * `BIO_nwrite0`: contiguous free space to fill in place; of length 0 when full or failed. It is all that is free,
   * except that a BIO which grows may offer less, yet `atLeast` bytes. A blocking BIO waits for `atLeast` bytes
   * (default 1; never more than it can hold), or failure. Publishes nothing by itself.
   * @throws TypeError after `shutdownWrite()`.
   */
  nwrite0(atLeast?: number): Uint8Array;
  /**
   * Publish the first `n` bytes of that space to the other end; the view is dead afterwards. 0 is allowed. Ignored when
   * the transport has failed meanwhile.
   * @throws RangeError when `n` is not an integer from 0 to the length of that space.
   * @throws TypeError after `shutdownWrite()`.
   */
  nwrite(n: number): void;
  /**
   * `BIO_shutdown_wr`: no more will be written; the other end reads EOF after the rest. Idempotent; ignored after a
   * failure.
   */
  shutdownWrite(): void;
  /**
   * The transport has failed: sets {@link error} at both ends. The first call counts. An EOF already announced stays.
   */
  fail(error: Error): void;
}
