/** @module @ferrule/bio: BIO pairs, memory, recording and blocking BIOs. */
export type { Bio } from './bio.ts';
