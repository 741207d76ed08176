/** @module @ferrule/bio: BIO pairs, memory, recording and blocking BIOs. */
export type { Bio } from './bio.ts';
export { BioError, bioErrorCode, type BioErrorCode } from './error.ts';
export { bioPair, DEFAULT_BIO_SIZE, type BioPairOptions, type PairedBio } from './pair.ts';
