/**
 * @module Calls the caller's functions: {@link ask} for those that decide, {@link Notices} for observers.
 *
 * A deciding callback may return, throw or return a promise that resolves, rejects, settles after the connection has
 * ended, or never settles. Its answer is checked before use. Nothing it does causes an unhandled rejection.
 */
import type { Ssl, TlsSession, TraceMessage } from '@ferrule/contract';
import { Alert, alertLevel, CODES, isCertificateCode, TlsError, type TlsErrorDetails, X509V } from '@ferrule/result';
import type { Observers } from './port.ts';

/** An answer, or a pending one. */
export interface Asked<T> {
  readonly state: 'pending' | 'done' | 'failed';
  /** When `done`. */
  readonly value: T | undefined;
  /** When `failed`: what the callback or the check threw. */
  readonly error: unknown;
  /** Settles (never rejects) when no longer `pending`; `undefined` if it never was. */
  readonly settled: Promise<void> | undefined;
}

/** Calls and checks the answer, at once or when its promise settles. Never throws. */
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

/** A peer rejected by a verify function: never X509_V_OK, and an alert that can be sent. */
export interface Refusal {
  readonly error: TlsError;
  /** X509_V_* number, 1 to 2^31 - 1. */
  readonly verifyCode: number;
  /** A fatal AlertDescription. */
  readonly alert: number;
}

/**
 * Evaluates a verify function's answer: only `true` accepts. A TlsError with a certificate code is the failure itself,
 * with its X509_V code and alert if they are valid; anything else is the cause of CERT_REJECTED.
 * @returns undefined if it accepts.
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

/** RFC 9846 section 6: one byte and not a warning, since warnings do not end a connection. */
const alertOf = (description: unknown): number | undefined =>
  Number.isInteger(description) &&
  (description as number) > Alert.close_notify &&
  (description as number) <= 255 &&
  alertLevel(description as number) === 2
    ? (description as number)
    : undefined;

/**
 * The failure of any other deciding callback (credential choice, signer): its TlsError, or ASYNC_OPERATION_FAILED with
 * what it threw as the cause. The alert is always a local one that can be sent, since the TlsError may be that of
 * another connection.
 * @param what - what the callback was called for: `choose a client credential`.
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

/** The alert for failures on our side. */
export const INTERNAL_ERROR: TlsErrorDetails['alert'] = { description: Alert.internal_error, origin: 'local' };

/** The failure of an observer or of `now`. */
export const callbackFailed = (
  name: string,
  cause: unknown,
  details: Pick<TlsErrorDetails, 'verify' | 'alert'> = {},
): TlsError => new TlsError('CALLBACK_FAILED', withReason(`the callback ${name} failed`, cause), { ...details, cause });

/** Appends what the caller's function threw, if that has text. */
function withReason(what: string, thrown: unknown): string {
  const said = thrown === undefined ? '' : textOf(thrown instanceof Error ? thrown.message : thrown);
  return said === '' ? what : `${what}: ${said}`;
}

/** Any value as text for a message; some cannot be converted. */
export function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return `a value of type ${typeof value}`;
  }
}

/**
 * The clock of a context: milliseconds since the epoch.
 * @throws TlsError CALLBACK_FAILED if the caller's function throws, or returns no time in the years 0 to 9999, the
 * range of certificates (RFC 5280 section 4.1.2.5.2).
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

/** Pending notifications of observers, in order. */
export class Notices {
  readonly #observers: Observers;
  #waiting: Notice[] = [];
  #telling = false;
  /** Observers whose promises are pending. */
  #promised = 0;
  /** The promise behind `settled`. */
  #settled: { readonly promise: Promise<void>; readonly tell: () => void } | undefined;

  constructor(observers: Observers) {
    this.#observers = observers;
  }

  get any(): boolean {
    return this.#waiting.length > 0;
  }

  /** Settles when an observer's promise is rejected or none is pending any more; `undefined` if none is. */
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
   * Delivers all notifications, including those added meanwhile. An observer that throws does not stop the rest.
   * @param fail - called for each observer that threw or whose promise was rejected, perhaps later.
   */
  tell(ssl: Ssl, open: () => boolean, fail: (failure: TlsError) => void): void {
    // An observer may call an operation that adds notifications: they are delivered after these, not in between.
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

/** An observer's return value is ignored. */
const nothing = (): void => undefined;

type Notice =
  | { readonly kind: 'onMessage'; readonly message: TraceMessage }
  | { readonly kind: 'onKeylog'; readonly line: string }
  | { readonly kind: 'onSession'; readonly make: () => TlsSession };
