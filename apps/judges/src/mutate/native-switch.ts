/**
 * @module The variables of the environment through which a test and the addon in its process talk about mutants of
 * its sources.
 */

/** The active one. */
export const ACTIVE = 'FERRULE_NATIVE_MUTANT';
/** Those that would have made a difference, one a line. */
export const MET = 'FERRULE_NATIVE_MUTANTS_MET';
