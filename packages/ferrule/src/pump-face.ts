/** @module What a pump works for: the face that a caller sees of a connection. */

/** What a pump tells, and asks, of the face that it works for. Nothing here may throw. */
export interface PumpFace {
  /** The handshake is done. */
  established(): void;
  /**
   * Memory for plaintext, at least a byte; `undefined` while the reader wants nothing. Asked again after each {@link
   * filled}.
   */
  space(): Uint8Array | undefined;
  /** The first `n` bytes of that memory are plaintext. */
  filled(n: number): void;
  /** That was all for now: hand on what was filled. */
  drained(): void;
  /** The peer's close_notify: no plaintext will follow. */
  ended(): void;
  /** The connection has failed, or was destroyed. Told once. */
  failed(error: Error): void;
  /** The transport has been given up: all is over. Told once, also after {@link failed}. */
  over(): void;
  /**
   * The transport is broken: does the face still want what was received before? Otherwise the connection fails at once.
   */
  keepsUnread(): boolean;
  /**
   * The transport has ended. True: once the connection is established that is the end of the plaintext, as close_notify
   * is (RFC 9846 section 6.1 says why it should not be), and what is written still goes. Absent: without close_notify it
   * is a failure.
   */
  truncated?(): boolean;
}

export interface PumpOptions {
  /** How long an orderly end may go on without a byte moving, milliseconds. Default 10000. */
  readonly stall?: number | undefined;
}

/** The default of {@link PumpOptions.stall}. */
export const STALL = 10_000;
