/** @module Detects development builds. */

// Literally `process.env.NODE_ENV`, because bundlers replace that text; without `process` it throws.
declare const process: { readonly env: { readonly NODE_ENV?: string } };

/** True when NODE_ENV is `development` or `test` (as under vitest and a bundler's dev server). */
export const development: boolean = (() => {
  try {
    return process.env.NODE_ENV === 'development' || process.env.NODE_ENV === 'test';
  } catch {
    return false;
  }
})();
