/**
 * @module Differences between the engines that have a reason. A difference that is not here fails, and so does a row
 * here that explains nothing any more.
 */
export interface KnownDifference {
  readonly scenario: RegExp;
  readonly fields: readonly string[];
  readonly reason: string;
}

export const KNOWN: readonly KnownDifference[] = [];
