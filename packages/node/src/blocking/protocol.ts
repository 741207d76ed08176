/** @module The protocol between a blocking socket and its worker, apart from the data. */

/** The options of the same names of `net.connect()`. */
export interface SocketOptions {
  /** Default `localhost`. */
  readonly host?: string;
  /** 1 to 65535. */
  readonly port?: number;
  /** A unix socket or named pipe, instead of host and port. */
  readonly path?: string;
  /** Default: both, raced by Node (Happy Eyeballs). */
  readonly family?: 4 | 6;
  readonly localAddress?: string;
  readonly localPort?: number;
  /** TCP_NODELAY from the start; see `setTcpNoDelay()`. Default true. */
  readonly noDelay?: boolean;
}

export interface WorkerData {
  readonly memory: SharedArrayBuffer;
  /** One word: a {@link State}. */
  readonly state: Int32Array;
  readonly socket: SocketOptions;
}

export const State = { starting: 0, running: 1, closed: 2 } as const;

export type WorkerRequest = { readonly noDelay: boolean } | { readonly close: true };
