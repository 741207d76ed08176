/**
 * @module The codes of `TlsError`. A code is one row: its meaning, its remedy and the alert sent to the peer. Rows that
 * several packages use are in `texts/codes.ts`; other packages define their own rows:
 *
 *     const ROWS = { TEAPOT: { meaning: 'The peer is a teapot.', remedy: 'Use a kettle.' } } as const;
 *     declare global {
 *       interface FerruleErrorCodes extends Record<keyof typeof ROWS, true> {}
 *     }
 *     export const CODES = errorCodes(ROWS);
 *     throw new TlsError(CODES.TEAPOT, 'short and stout');
 *
 * The package must export CODES, or the declarations of its build lack the codes.
 */
import { Alert, type AlertName } from './alert.ts';
import type { TABLE } from './texts/codes.ts';

declare global {
  /** The codes of all imported packages: each adds its own, and `TlsError.code` is one of them. */
  interface FerruleErrorCodes extends Record<keyof typeof TABLE, true> {}
}

/** A stable, documented reason, for programs to switch on. */
export type TlsErrorCode = keyof FerruleErrorCodes;
/** Codes whose rows are in this package: those of the engines, and those that several packages use. */
export type CommonCode = keyof typeof TABLE;

/** A row as written in the source. */
export interface CodeRow {
  /** What happened, as one sentence. */
  readonly meaning: string;
  /** What to try. */
  readonly remedy: string;
  /** Absent if the peer is sent none: it is gone, or nothing has been sent yet. */
  readonly alert?: AlertName;
}

/** A row as a `TlsError` takes it. */
export interface CodeEntry<Code extends TlsErrorCode = TlsErrorCode, Description = number | undefined> {
  readonly code: Code;
  readonly meaning: string;
  readonly remedy: string;
  /** AlertDescription. */
  readonly alert: Description;
}

export type CodeEntries<Rows> = {
  readonly [K in keyof Rows & TlsErrorCode]: CodeEntry<
    K,
    Rows[K] extends { readonly alert: AlertName } ? number : undefined
  >;
};

/** The codes of a package, from its rows. */
export const errorCodes = <const Rows extends Readonly<Record<string, CodeRow>>>(rows: Rows): CodeEntries<Rows> =>
  Object.freeze(
    Object.fromEntries(
      Object.entries(rows).map(([code, { meaning, remedy, alert }]) => [
        code,
        Object.freeze({ code, meaning, remedy, alert: alert && Alert[alert] }),
      ]),
    ),
  ) as unknown as CodeEntries<Rows>;
