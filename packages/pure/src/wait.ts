/**
 * @module What a handshake may wait for, and the three ways it waits.
 *
 * A handshake is a linear generator whose only yields are wait codes: `yield* recv(…)` reads like a call that blocks.
 * The engine resumes it when the caller asks again; nothing here knows of BIOs, promises' timing or the event loop.
 */
import { SslError, TlsError } from '@ferrule/result';
import type { Effects } from './effects.ts';
import { fail } from './reason.ts';
import type { HandshakeMessage } from './record/coalesce.ts';

/** WANT_READ, WANT_WRITE, WANT_X509_LOOKUP, WANT_ASYNC, WANT_RETRY_VERIFY: the SSL_get_error(3) codes of a step that is not done. */
export type Wait = 2 | 3 | 4 | 9 | 12;

/** A resumable step sequence: suspends with a {@link Wait}, finishes with T, fails with a TlsError. */
export type Steps<T> = Generator<Wait, T, void>;

/** The next handshake message; `label` names it in `ssl.state`. Everything of ours has left before the peer is waited for. */
export function* recv(effects: Effects, label: string): Steps<HandshakeMessage> {
  effects.enter(`read ${label}`);
  for (;;) {
    const message = effects.poll();
    if (typeof message !== 'number') return message;
    yield message;
  }
}

/** Waits until everything that was put has reached the write BIO. */
export function* flush(effects: Effects, label: string): Steps<void> {
  effects.enter(`write ${label}`);
  for (let wait = effects.flush(); wait !== 0; wait = effects.flush()) yield wait;
}

/**
 * The value of an operation that may answer later. Nothing is made asynchronous when it is not: a plain value comes back
 * at once. A rejection that is no TlsError becomes the cause of ASYNC_OPERATION_FAILED. Nothing goes on when the operation,
 * which may be a callback of the caller, disposed of the connection.
 */
export function* settle<T>(effects: Effects, label: string, operation: T | PromiseLike<T>, wait: Wait = SslError.wantAsync): Steps<T> {
  effects.checkOpen();
  if (!isPromiseLike(operation)) return operation;
  effects.enter(label);
  const answer: { state: 'pending' | 'done' | 'failed'; value?: T; reason?: unknown } = { state: 'pending' };
  effects.awaiting(
    Promise.resolve(operation).then(
      (value) => void Object.assign(answer, { state: 'done', value }),
      (reason: unknown) => void Object.assign(answer, { state: 'failed', reason }),
    ),
  );
  while (answer.state === 'pending') yield wait;
  effects.awaiting(undefined);
  if (answer.state === 'failed') throw asTlsError(answer.reason, label);
  return answer.value as T;
}

/** What a callback threw, as the one error of this engine. */
export const asTlsError = (reason: unknown, label: string): TlsError =>
  TlsError.is(reason) ? reason : fail('ASYNC_OPERATION_FAILED', `${label} failed`, { cause: reason });

const isPromiseLike = <T>(value: T | PromiseLike<T>): value is PromiseLike<T> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
