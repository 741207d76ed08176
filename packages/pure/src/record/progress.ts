/** @module What a step of the record layer came to, in both directions: told apart by `kind`. */
import { SslErrorCode } from '@ferrule/result';
import type { AlertMessage } from './alert.ts';

/** SSL_get_error(3): what a reader and what a writer may wait for. */
export type ReadWait = typeof SslErrorCode.wantRead | typeof SslErrorCode.wantAsync;
export type WriteWait = typeof SslErrorCode.wantWrite | typeof SslErrorCode.wantAsync;
type RecordWait = ReadWait | WriteWait;

/** A step is done, or it is to be repeated. */
export type Progress<Done, W extends RecordWait = RecordWait> = Done | Waiting<W>;

/** To be repeated once the BIO has bytes or room, or once `ready` has settled. */
export interface Waiting<W extends RecordWait = RecordWait> {
  readonly kind: 'wait';
  readonly wait: W;
}
/** The read BIO is at its end, between two records or within one. */
export interface Ended {
  readonly kind: 'end';
}
/** A record that was read; `fragment`, perhaps empty, is valid until the reader's next step. */
export interface ReadRecord {
  readonly kind: 'record';
  /** ContentType; of the TLSInnerPlaintext where there is one. */
  readonly type: number;
  readonly fragment: Uint8Array;
}
/** close_notify or a fatal alert. */
export interface ReadAlert {
  readonly kind: 'alert';
  readonly alert: AlertMessage;
}
/** Everything is in the write BIO. */
export interface Flushed {
  readonly kind: 'flushed';
}
/** The records of so many bytes of application data are in the write BIO. */
export interface Written {
  readonly kind: 'written';
  readonly count: number;
}

export const WANT_READ: Waiting<typeof SslErrorCode.wantRead> = { kind: 'wait', wait: SslErrorCode.wantRead };
export const WANT_WRITE: Waiting<typeof SslErrorCode.wantWrite> = { kind: 'wait', wait: SslErrorCode.wantWrite };
export const WANT_ASYNC: Waiting<typeof SslErrorCode.wantAsync> = { kind: 'wait', wait: SslErrorCode.wantAsync };
export const ENDED: Ended = { kind: 'end' };
export const FLUSHED: Flushed = { kind: 'flushed' };
