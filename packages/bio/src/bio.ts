/** @module One end of a byte channel, as bio(7) and BIO_s_bio(3) describe it. Synchronous; knows nothing of TLS. */

/**
 * One end of a byte channel, as bio(7) and BIO_s_bio(3) describe it. Synchronous; knows nothing of TLS.
 *
 * Whether an SSL operation waits is the BIO's doing, as SSL_connect(3) says: a non-blocking BIO answers "retry" and
 * the operation returns -1 / WANT_READ or WANT_WRITE; a blocking one returns only when it has what was asked for.
 */
export interface Bio {
  /** True when the calls below wait for the other side in place of answering "retry". */
  readonly blocking: boolean;
  /** Bytes that a read would return now. */
  readonly pending: number;
  /** The other side has shut down its writing, and everything it wrote has been read. */
  readonly eof: boolean;
  /** Copy up to `into.length` bytes out. Returns the count; 0 = EOF; -1 = retry. */
  read(into: Uint8Array): number;
  /** Copy bytes in. Returns the count, short when nearly full; -1 = retry. */
  write(from: Uint8Array): number;
  /**
   * `BIO_nread0`: a contiguous view of what is pending; valid until the next call on this BIO.
   * A blocking BIO waits until `atLeast` bytes are there or EOF is reached; others return what they have.
   */
  nread0(atLeast?: number): Uint8Array;
  /** Consume `n` bytes of that view. */
  nread(n: number): void;
  /** `BIO_nwrite0`: contiguous free space to fill in place; a blocking BIO waits for `atLeast` bytes of it. */
  nwrite0(atLeast?: number): Uint8Array;
  /** Publish `n` bytes of that space to the other end. */
  nwrite(n: number): void;
  /** `BIO_shutdown_wr`: no more will be written; the other end reads EOF after the rest. */
  shutdownWrite(): void;
}
