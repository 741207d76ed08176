/** @module @ferrule/pure/parts/revocation: CRLs and stapled OCSP responses; see `parts/none.ts`. */
import { parseCrl, validatePathSteps } from '@ferrule/x509';

export interface Revocation {
  readonly parseCrl: typeof parseCrl;
  readonly validatePathSteps: typeof validatePathSteps;
}

/** `undefined` in a bundle that has left it out. */
export const revocation: Revocation | undefined = { parseCrl, validatePathSteps };
