/** @module The codes of SSL_get_error(3), numerically equal to OpenSSL 3's. */

/** The values of {@link ErrorSource.getError}. */
export const SslErrorCode: {
  /** The operation succeeded. */
  readonly none: 0;
  /** The protocol failed; the connection is dead. `failure` has the reason. */
  readonly ssl: 1;
  /** Call again when the read BIO has more. */
  readonly wantRead: 2;
  /** Call again when the write BIO has room. */
  readonly wantWrite: 3;
  /** A client credential is being chosen; call again when `asyncReady` settles. */
  readonly wantX509Lookup: 4;
  /** The transport failed; the connection is dead. */
  readonly syscall: 5;
  /** The peer closed its writing side with close_notify. */
  readonly zeroReturn: 6;
  /** An asynchronous operation is pending; call again when `asyncReady` settles. */
  readonly wantAsync: 9;
  /** The certificate is being verified; call again when `asyncReady` settles. */
  readonly wantRetryVerify: 12;
} = Object.freeze({
  none: 0,
  ssl: 1,
  wantRead: 2,
  wantWrite: 3,
  wantX509Lookup: 4,
  syscall: 5,
  zeroReturn: 6,
  wantAsync: 9,
  wantRetryVerify: 12,
});
export type SslErrorCode = (typeof SslErrorCode)[keyof typeof SslErrorCode];

const NAMES: Readonly<Record<number, string>> = {
  0: 'SSL_ERROR_NONE',
  1: 'SSL_ERROR_SSL',
  2: 'SSL_ERROR_WANT_READ',
  3: 'SSL_ERROR_WANT_WRITE',
  4: 'SSL_ERROR_WANT_X509_LOOKUP',
  5: 'SSL_ERROR_SYSCALL',
  6: 'SSL_ERROR_ZERO_RETURN',
  9: 'SSL_ERROR_WANT_ASYNC',
  12: 'SSL_ERROR_WANT_RETRY_VERIFY',
};

/** OpenSSL's name: `SSL_ERROR_WANT_READ`. */
export const sslErrorName = (code: number): string => NAMES[code] ?? `SSL_ERROR_${code}`;
