/**
 * @module @ferrule/pure/parts/none: in the place of any other of `@ferrule/pure/parts`, by an alias of the bundler
 * (docs/bundlers.md, ADR 0145). The engine takes the parts by their public names, and refuses an option that needs one
 * which is not there, by name.
 */
export const clientCertificates: undefined = undefined;
export const ech: undefined = undefined;
export const revocation: undefined = undefined;
export const tls12: undefined = undefined;
