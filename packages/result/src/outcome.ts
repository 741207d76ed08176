/** @module A discriminated union over the integers of SSL_connect(3), without allocation. */
import { SslErrorCode } from './ssl-error.ts';
import type { TlsError } from './tls-error.ts';

export type Want = 'read' | 'write' | 'async' | 'x509Lookup' | 'retryVerify';

export interface Wanting {
  readonly kind: 'want';
  readonly want: Want;
  readonly ret: -1;
  readonly code: SslErrorCode;
}
export interface Closed {
  readonly kind: 'closed';
  readonly ret: 0;
  readonly code: 6;
}
export interface Failed {
  readonly kind: 'failed';
  readonly ret: 0 | -1;
  readonly code: 1 | 5;
  readonly error: TlsError;
}
export interface Done {
  readonly kind: 'done';
  readonly ret: 1;
  readonly code: 0;
}
/** Everything that is not success. */
export type NotDone = Wanting | Closed | Failed;
/** Outcome of `connect()` and `doHandshake()`. */
export type Outcome = Done | NotDone;
/** Outcome of `read()` and `write()`: the byte count stays unboxed. */
export type IoOutcome = number | NotDone;

/**
 * The return value of an operation that moves no caller bytes, such as `connect()`: 1 done, 0 or -1 not. A byte count
 * is a `number`, so that {@link outcome}, which would lose it, does not accept one.
 */
export type ReturnValue = 1 | 0 | -1;

/** What an integer-based engine must provide for the union. */
export interface ErrorSource {
  /** SSL_get_error(3): why `ret`, the last operation's return value, was not positive. */
  getError(ret: number): SslErrorCode;
  /** The connection's one failure, frozen; the same object each time. */
  readonly failure: Failed | undefined;
}

export const DONE: Done = Object.freeze({ kind: 'done', ret: 1, code: 0 });
const CLOSED: Closed = Object.freeze({ kind: 'closed', ret: 0, code: 6 });
const wanting = (want: Want, code: SslErrorCode): Wanting => Object.freeze({ kind: 'want', want, ret: -1, code });

const ARMS: readonly (NotDone | undefined)[] = Object.freeze(
  Array.from({ length: 13 }, (_, code): NotDone | undefined => {
    switch (code) {
      case SslErrorCode.wantRead:
        return wanting('read', code);
      case SslErrorCode.wantWrite:
        return wanting('write', code);
      case SslErrorCode.wantX509Lookup:
        return wanting('x509Lookup', code);
      case SslErrorCode.wantAsync:
        return wanting('async', code);
      case SslErrorCode.wantRetryVerify:
        return wanting('retryVerify', code);
      case SslErrorCode.zeroReturn:
        return CLOSED;
      default:
        return undefined;
    }
  }),
);

/** Integer to union: a table load, never an allocation. @throws Error if an engine gives no reason for `ret <= 0`. */
export function notDone(source: ErrorSource, ret: number): NotDone {
  const arm = ARMS[source.getError(ret)] ?? source.failure;
  if (arm === undefined) throw new Error(`engine broke the contract: ${ret} without a reason`);
  return arm;
}
/** For `connect()`, `doHandshake()` and `keyUpdate()`; {@link ioOutcome} is for `read()` and `write()`. */
export const outcome = (source: ErrorSource, ret: ReturnValue): Outcome => (ret > 0 ? DONE : notDone(source, ret));
/** For `read()`, `write()` and `writeEarlyData()`: the count, or why there is none. */
export const ioOutcome = (source: ErrorSource, ret: number): IoOutcome => (ret > 0 ? ret : notDone(source, ret));
/** Union to integer: a field load. */
export const returnOf = (value: Outcome | IoOutcome): number => (typeof value === 'number' ? value : value.ret);
/** Makes the value of {@link ErrorSource.failure}. */
export const failed = (error: TlsError, ret: 0 | -1 = -1, code: 1 | 5 = SslErrorCode.ssl): Failed =>
  Object.freeze({ kind: 'failed', ret, code, error });
