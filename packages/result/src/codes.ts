/**
 * @module The codes of `TlsError`. A code is one row: what it means, what to do, which alert the peer is sent. The rows
 * that more than one package uses are in `texts/codes.ts`; a package has rows of its own beside its code:
 *
 *     const ROWS = { TEAPOT: { meaning: 'The peer is a teapot.', remedy: 'Use a kettle.' } } as const;
 *     declare global {
 *       interface FerruleErrorCodes extends Record<keyof typeof ROWS, true> {}
 *     }
 *     export const CODES = errorCodes(ROWS);
 *     throw new TlsError(CODES.TEAPOT, 'short and stout');
 *
 * The package exports CODES, without which the declarations of its build have no trace of the codes.
 */
import { Alert, type AlertName } from './alert.ts';
import type { TABLE } from './texts/codes.ts';

declare global {
  /** The codes of every package that is imported: each adds its own, and `TlsError.code` is one of them. */
  interface FerruleErrorCodes extends Record<keyof typeof TABLE, true> {}
}

/** A stable, documented reason: what programs switch on. */
export type TlsErrorCode = keyof FerruleErrorCodes;
/** Those whose rows are in this package: the engines', and whatever several packages use. */
export type CommonCode = keyof typeof TABLE;

/** How a row is written. */
export interface CodeRow {
  /** What happened, as one sentence. */
  readonly meaning: string;
  /** What to try. */
  readonly remedy: string;
  /** Absent where the peer is sent none: it is gone, or nothing has been said yet. */
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
