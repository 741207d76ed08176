/** @module Is this a development build? */

// Literally `process.env.NODE_ENV`, because that is what bundlers replace; where there is no `process`, it throws.
declare const process: { readonly env: { readonly NODE_ENV?: string } };

/** True when NODE_ENV is `development` or `test` (as under vitest and a bundler's dev server). */
export const development: boolean = (() => {
  try {
    return process.env.NODE_ENV === 'development' || process.env.NODE_ENV === 'test';
  } catch {
    return false;
  }
})();
