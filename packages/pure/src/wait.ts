/**
 * @module What a handshake may wait for, and the three ways it waits.
 *
 * A handshake is a linear generator whose only yields are wait codes: `yield* recv(…)` reads like a call that blocks.
 * The engine resumes it when the caller asks again; nothing here knows of BIOs, promises' timing or the event loop.
 */
import { SslErrorCode } from '@ferrule/result';
import { ask, askFailed, type Asked } from '@ferrule/ssl';
import type { Effects } from './effects.ts';
import type { HandshakeMessage } from './record/coalesce.ts';

/**
 * WANT_READ, WANT_WRITE, WANT_X509_LOOKUP, WANT_ASYNC, WANT_RETRY_VERIFY: the SSL_get_error(3) codes of a step that is
 * not done.
 */
export type Wait = 2 | 3 | 4 | 9 | 12;

/** A resumable step sequence: suspends with a {@link Wait}, finishes with T, fails with a TlsError. */
export type Steps<T> = Generator<Wait, T, void>;

/**
 * The next handshake message; `label` names it in `ssl.state`. Everything of ours has left before the peer is waited
 * for.
 */
export function* recv(effects: Effects, label: string): Steps<HandshakeMessage> {
  effects.hs.enter(`read ${label}`);
  for (;;) {
    const message = effects.hs.poll();
    if (typeof message !== 'number') return message;
    yield message;
  }
}

/** Waits until everything that was put has reached the write BIO. */
export function* flush(effects: Effects, label: string): Steps<void> {
  effects.hs.enter(`write ${label}`);
  for (let sent = effects.hs.flush(); sent !== true; sent = effects.hs.flush()) yield sent;
}

/**
 * The value of an operation that may answer later. Nothing is made asynchronous when it is not: a plain value comes
 * back at once. A rejection that is not a TlsError becomes the cause of ASYNC_OPERATION_FAILED.
 */
export function* settle<T>(
  effects: Effects,
  label: string,
  operation: T | PromiseLike<T>,
  wait: Wait = SslErrorCode.wantAsync,
): Steps<T> {
  if (isPromiseLike(operation))
    return yield* answer(
      effects,
      label,
      ask(
        () => operation,
        (value) => value as T,
      ),
      wait,
    );
  effects.hs.checkOpen();
  return operation;
}

/**
 * What a callback of the caller answered, waited for where it is a promise. Nothing goes on when the callback disposed
 * of the connection. @throws TlsError of {@link askFailed}
 */
export function* answer<T>(
  effects: Effects,
  label: string,
  asked: Asked<T>,
  wait: Wait = SslErrorCode.wantAsync,
): Steps<T> {
  yield* settled(effects, label, asked, wait);
  if (asked.state === 'failed') throw askFailed(asked.error, label);
  return asked.value as T;
}

/** Waits until it is known what a callback answered. */
export function* settled(effects: Effects, label: string, asked: Asked<unknown>, wait: Wait): Steps<void> {
  effects.hs.checkOpen();
  if (asked.state !== 'pending') return;
  effects.hs.enter(label);
  effects.hs.awaiting(asked.settled);
  while (isPending(asked)) yield wait;
  effects.hs.awaiting(undefined);
}

/** Asked anew each time: it changes between two steps. */
const isPending = ({ state }: Asked<unknown>): boolean => state === 'pending';

export const isPromiseLike = <T>(value: T | PromiseLike<T>): value is PromiseLike<T> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
