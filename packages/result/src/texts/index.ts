/**
 * @module @ferrule/result/texts: what people read. The other modules take it by this name, so that a bundler can put
 * `@ferrule/result/no-texts` in its place (docs/bundlers.md): then an error has its code where a sentence would be.
 */
export { MEANINGS } from './alerts.ts';
export { CERTIFICATES, type CertificateWords } from './certificates.ts';
export { CODES } from './codes.ts';
export {
  OTHER_EXTENSIONS,
  OTHER_GROUPS,
  OTHER_SCHEMES,
  OTHER_SUITES_12,
  OTHER_SUITES_13,
  VERSION_NAMES,
} from './names.ts';
export { SENTENCES } from './x509-v.ts';
