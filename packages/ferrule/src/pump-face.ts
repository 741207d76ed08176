/** @module The interface between a pump and its face, the connection object that the caller uses. */

/** The calls a pump makes to its face. None may throw. */
export interface PumpFace {
  /** The handshake is done. */
  established(): void;
  /**
   * Memory for plaintext, at least a byte; `undefined` while no read is pending. Called again after each {@link
   * filled}.
   */
  space(): Uint8Array | undefined;
  /** The first `n` bytes of that memory are plaintext. */
  filled(n: number): void;
  /** No more for now: deliver what was filled. */
  drained(): void;
  /** The peer's close_notify: no plaintext will follow. */
  ended(): void;
  /** The connection has failed, or was destroyed. Called once. */
  failed(error: Error): void;
  /** The transport has been released: everything has ended. Called once, also after {@link failed}. */
  over(): void;
  /** The transport is broken: does the face still want data received before? If not, the connection fails at once. */
  keepsUnread(): boolean;
  /**
   * The transport has ended. True: on an established connection that ends the plaintext, like close_notify (RFC 9846
   * section 6.1 says why it should not), and writes are still sent. Absent: EOF without close_notify is a failure.
   */
  truncated?(): boolean;
}

export interface PumpOptions {
  /** Limit of an orderly close without progress, milliseconds. Default 10000. */
  readonly stall?: number | undefined;
}

/** The default of {@link PumpOptions.stall}. */
export const STALL = 10_000;
