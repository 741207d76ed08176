/** @module Defaults for the options of this face. */
import type { BackendChoice } from 'ferrule';
import type { Truncation } from '../duplex/duplex-parts.ts';

/** For programs whose calls cannot be changed; the preload sets them from the environment. */
export interface Defaults {
  /** Default: native where it loads, else pure. */
  backend: BackendChoice | undefined;
  /** Default: `error`. */
  truncation: Truncation;
}

export const defaults: Defaults = { backend: undefined, truncation: 'error' };
