/** @module The codes of `TlsError`; the table of them, with their texts, is `texts/codes.ts`. */
import type { TABLE } from './texts/codes.ts';

export interface CodeEntry {
  /** What happened, as one sentence. */
  readonly meaning: string;
  /** What to try. */
  readonly remedy: string;
}

/** A stable, documented reason: what programs switch on. */
export type TlsErrorCode = keyof typeof TABLE;
