/** @module @ferrule/pure/parts/revocation: CRLs and stapled OCSP responses; see `parts/none.ts`. */
import { parseCrl, validatePath } from '@ferrule/x509';

export interface Revocation {
  readonly parseCrl: typeof parseCrl;
  readonly validatePath: typeof validatePath;
}

/** `undefined` in a bundle that has left it out. */
export const revocation: Revocation | undefined = { parseCrl, validatePath };
