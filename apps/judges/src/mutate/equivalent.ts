/** @module Mutants that make no difference that a test could see, each with its reason. A row that a test notices after all is wrong, and so is one without a mutant. */

export const EQUIVALENT: Readonly<Record<string, string>> = {};
