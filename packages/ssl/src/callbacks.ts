/**
 * @module How a caller's functions are called: {@link ask} for those that decide, {@link Notices} for those that watch.
 *
 * Asked, a callback may answer, promise, throw, reject, do so after its connection has ended, or never. Its answer is
 * checked before it gets anywhere. Nothing that it does is an unhandled rejection.
 */
import type { Ssl, TlsSession, TraceMessage } from '@ferrule/contract';
import { Alert, alertLevel, CODES, isCertificateCode, TlsError, type TlsErrorDetails, X509V } from '@ferrule/result';
import type { Observers } from './port.ts';

/** An answer, or the wait for it. */
export interface Asked<T> {
  readonly state: 'pending' | 'done' | 'failed';
  /** When `done`. */
  readonly value: T | undefined;
  /** When `failed`: what was thrown, by the callback or by the check. */
  readonly error: unknown;
  /** Settles, and never rejects, when `pending` is over; `undefined` when it never was. */
  readonly settled: Promise<void> | undefined;
}

/** Calls, and checks the answer: at once, or when its promise settles. Never throws. */
export function ask<T>(call: () => unknown, check: (answer: unknown) => T): Asked<T> {
  const asked: { -readonly [K in keyof Asked<T>]: Asked<T>[K] } = {
    state: 'pending',
    value: undefined,
    error: undefined,
    settled: undefined,
  };
  const fail = (error: unknown): void => {
    asked.state = 'failed';
    asked.error = error;
  };
  const answer = (value: unknown): void => {
    try {
      asked.value = check(value);
      asked.state = 'done';
    } catch (error) {
      fail(error);
    }
  };
  try {
    const given = call();
    // Read once: it may be a getter, and one that throws rejects (ECMA-262 section 27.2.1.3.2).
    const then: unknown =
      (typeof given === 'object' && given !== null) || typeof given === 'function'
        ? (given as { readonly then?: unknown }).then
        : undefined;
    if (typeof then !== 'function') answer(given);
    else
      asked.settled = new Promise((resolve, reject) => void Reflect.apply(then, given, [resolve, reject])).then(
        answer,
        fail,
      );
  } catch (error) {
    fail(error);
  }
  return asked;
}

/** A peer that a verify function refuses: never X509_V_OK, and an alert that can be sent. */
export interface Refusal {
  readonly error: TlsError;
  /** X509_V_* number, 1 to 2^31 - 1. */
  readonly verifyCode: number;
  /** AlertDescription, a fatal one. */
  readonly alert: number;
}

/**
 * What a verify function's answer comes to: only `true` accepts. A TlsError of a certificate's code is the failure
 * itself, with the X509_V code and the alert that it names where those are possible; anything else is the cause of
 * CERT_REJECTED.
 * @returns undefined when it accepts.
 */
export function refusalOf(asked: Asked<boolean>): Refusal | undefined {
  if (asked.state === 'done' && asked.value === true) return undefined;
  const thrown = asked.state === 'failed' ? asked.error : undefined;
  const named = TlsError.is(thrown) && isCertificateCode(thrown.code) ? thrown : undefined;
  const code = named !== undefined && isCertificateCode(named.code) ? named.code : 'CERT_REJECTED';
  const verifyCode = codeOf(named?.verify?.code);
  const alert = alertOf(named?.alert?.description) ?? CODES[code].alert;
  const text =
    asked.state === 'failed'
      ? withReason('the verify function failed', thrown)
      : 'the verify function refused the certificate';
  const error = new TlsError(code, named?.message ?? text, {
    alert: { description: alert, origin: 'local' },
    verify: { code: verifyCode, depth: named?.verify?.depth ?? 0, subject: named?.verify?.subject },
    hint: named?.hint,
    cause: named === undefined ? thrown : named.cause,
  });
  return { error, verifyCode, alert };
}

const MOST = 2 ** 31 - 1;
const codeOf = (code: unknown): number =>
  Number.isInteger(code) && (code as number) > X509V.OK && (code as number) <= MOST
    ? (code as number)
    : X509V.APPLICATION_VERIFICATION;

/** RFC 9846 section 6: one byte, and no warning, since those end nothing. */
const alertOf = (description: unknown): number | undefined =>
  Number.isInteger(description) &&
  (description as number) > Alert.close_notify &&
  (description as number) <= 255 &&
  alertLevel(description as number) === 2
    ? (description as number)
    : undefined;

/**
 * The failure of any other callback that was asked (credential choice, signer): its TlsError, or ASYNC_OPERATION_FAILED
 * with what it threw as the cause. The alert is one of ours and can be sent: a TlsError may be that of another
 * connection.
 * @param what - what the callback was to do: `choose a client credential`.
 */
export function askFailed(error: unknown, what: string): TlsError {
  if (!TlsError.is(error))
    return new TlsError('ASYNC_OPERATION_FAILED', withReason(`could not ${what}`, error), {
      alert: INTERNAL_ERROR,
      cause: error,
    });
  const { alert } = error;
  if (alert?.origin === 'local' && alertOf(alert.description) !== undefined) return error;
  return new TlsError(error, error.message, { alert: INTERNAL_ERROR, verify: error.verify, cause: error });
}

/** What a peer is told that is refused because of ours. */
export const INTERNAL_ERROR: TlsErrorDetails['alert'] = { description: Alert.internal_error, origin: 'local' };

/** The one failure of a callback that watches, or tells the time. */
export const callbackFailed = (
  name: string,
  cause: unknown,
  details: Pick<TlsErrorDetails, 'verify' | 'alert'> = {},
): TlsError => new TlsError('CALLBACK_FAILED', withReason(`the callback ${name} failed`, cause), { ...details, cause });

/** With what a function of the caller has thrown, where that says anything. */
function withReason(what: string, thrown: unknown): string {
  const said = thrown === undefined ? '' : textOf(thrown instanceof Error ? thrown.message : thrown);
  return said === '' ? what : `${what}: ${said}`;
}

/** Any value for a message: some have no text. */
export function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return `a value of type ${typeof value}`;
  }
}

/**
 * The clock of a context: milliseconds since the epoch.
 * @throws TlsError CALLBACK_FAILED when the caller's throws, or gives no time of the years 0 to 9999, which
 * certificates have (RFC 5280 section 4.1.2.5.2).
 */
export function clock(now: (() => number) | undefined): () => number {
  if (now === undefined) return Date.now;
  return () => {
    let time: unknown;
    try {
      time = now();
    } catch (error) {
      throw callbackFailed('now', error);
    }
    if (typeof time !== 'number' || !(time >= YEAR_0 && time < YEAR_10000))
      throw callbackFailed('now', new TypeError(`gave ${String(time)}, which is not a time in the years 0 to 9999`));
    return time;
  };
}

const YEAR_0 = Date.UTC(-1, 12);
const YEAR_10000 = Date.UTC(10_000, 0);

/** What observers have yet to be told, in order. */
export class Notices {
  readonly #observers: Observers;
  #waiting: Notice[] = [];
  #telling = false;
  /** Observers whose promises are pending. */
  #promised = 0;
  /** What whoever wants to know of them waits for. */
  #settled: { readonly promise: Promise<void>; readonly tell: () => void } | undefined;

  constructor(observers: Observers) {
    this.#observers = observers;
  }

  get any(): boolean {
    return this.#waiting.length > 0;
  }

  /** Settles when an observer's promise is rejected, or none is pending any more; `undefined` where none is. */
  get settled(): Promise<void> | undefined {
    if (this.#promised === 0) return undefined;
    if (this.#settled === undefined) {
      let tell = (): void => undefined;
      this.#settled = { promise: new Promise((resolve) => (tell = resolve)), tell: () => tell() };
    }
    return this.#settled.promise;
  }

  message(direction: TraceMessage['direction'], contentType: number, bytes: Uint8Array): void {
    if (this.#observers.onMessage !== undefined)
      this.#waiting.push({ kind: 'onMessage', message: { direction, contentType, bytes } });
  }

  keylog(line: string): void {
    if (this.#observers.onKeylog !== undefined) this.#waiting.push({ kind: 'onKeylog', line });
  }

  session(make: () => TlsSession): void {
    if (this.#observers.onSession !== undefined) this.#waiting.push({ kind: 'onSession', make });
  }

  /**
   * Tells all of it, what comes up meanwhile included. One that throws keeps nobody from hearing the rest.
   * @param fail - hears of each observer that threw, or whose promise was rejected, which may be later.
   */
  tell(ssl: Ssl, open: () => boolean, fail: (failure: TlsError) => void): void {
    // An observer may call an operation, which has news of its own: told behind these, and not in between.
    if (this.#telling) return;
    this.#telling = true;
    for (let i = 0; i < this.#waiting.length && open(); i++) {
      const notice = this.#waiting[i] as Notice;
      const told = ask(() => this.#tellOne(notice, ssl), nothing);
      const judge = (): void => {
        if (told.state === 'failed')
          fail(
            TlsError.is(told.error) && told.error.code === 'CALLBACK_FAILED'
              ? told.error
              : callbackFailed(notice.kind, told.error),
          );
      };
      if (told.settled === undefined) judge();
      else {
        this.#promised++;
        void told.settled.then(() => {
          this.#promised--;
          judge();
          if (told.state !== 'failed' && this.#promised > 0) return;
          this.#settled?.tell();
          this.#settled = undefined;
        });
      }
    }
    this.#waiting = [];
    this.#telling = false;
  }

  #tellOne(notice: Notice, ssl: Ssl): unknown {
    const { onKeylog, onMessage, onSession } = this.#observers;
    switch (notice.kind) {
      case 'onMessage':
        return onMessage?.(notice.message, ssl);
      case 'onKeylog':
        return onKeylog?.(notice.line, ssl);
      case 'onSession':
        return onSession?.(notice.make(), ssl);
    }
  }
}

/** What an observer answers is of no interest. */
const nothing = (): void => undefined;

type Notice =
  | { readonly kind: 'onMessage'; readonly message: TraceMessage }
  | { readonly kind: 'onKeylog'; readonly line: string }
  | { readonly kind: 'onSession'; readonly make: () => TlsSession };
