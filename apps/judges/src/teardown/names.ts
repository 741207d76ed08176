/** @module What a worker can be doing when it is terminated, and what it needs for that. */

export const OPERATION_NAMES = [
  'createContext',
  'credential',
  'pkcs12',
  'handshake',
  'clientCertificate',
  'facts',
  'events',
  'transfer',
  'exporter',
  'failure',
  'verify',
  'features',
  'anything',
  'load',
] as const;
export type OperationName = (typeof OPERATION_NAMES)[number];

/** Structured-cloned to the worker. */
export interface WorkerData {
  readonly operation: OperationName;
  readonly seed: number;
  readonly root: Uint8Array;
  readonly chain: readonly Uint8Array[];
  /** PKCS#8 */
  readonly key: Uint8Array;
  /** With the passphrase "secret"; bytes that are none where this machine cannot make one. */
  readonly pkcs12: Uint8Array;
}
