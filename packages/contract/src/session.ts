/** @module Resumption. */
import type { TlsVersion } from './options.ts';

/** Opaque resumption state (`SSL_SESSION`). Holds secrets; the format is specific to the backend. */
export interface TlsSession {
  readonly version: TlsVersion;
  /** The host it was created for; setSession() rejects it on a connection to another host. */
  readonly host: string | undefined;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** Bytes of early data that the server accepts; 0 = none. */
  readonly maxEarlyData: number;
  /** Serialised, secrets included: protect it like a key. */
  toBytes(): Uint8Array;
}
