/** @module Resumption. */
import type { TlsVersion } from './options.ts';

/** Opaque resumption state (`SSL_SESSION`). Holds secrets; bytes are the backend's own. */
export interface TlsSession {
  readonly version: TlsVersion;
  /** The host it was made with; setSession() on a connection to another one is refused. */
  readonly host: string | undefined;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** Bytes of early data that the server allows; 0 = none. */
  readonly maxEarlyData: number;
  /** Serialised, secrets included: keep it as you would keep a key. */
  toBytes(): Uint8Array;
}
