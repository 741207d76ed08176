/**
 * @module @ferrule/result/texts: human-readable texts. The other modules import them by this name, so that a bundler
 * can substitute `@ferrule/result/no-texts` (docs/bundlers.md): errors then have their code instead of a sentence.
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
