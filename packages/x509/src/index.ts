/** @module @ferrule/x509: strict X.509 path validation, small, without cryptography of its own. */
export type { DigestName, HashName, MlDsa, SignatureAlgorithm, SignatureHash, SignatureVerifier } from './signature.ts';
export { derElement, type DerElement, derElements, DerError } from './der.ts';
export { certificateKey, parseCertificate, subjectText, type Certificate, type CertificateKey } from './certificate.ts';
export type {
  AccessDescription,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Decoded,
  Extension,
  PolicyConstraints,
  PolicyInformation,
} from './extensions.ts';
export { NameType } from './name-types.ts';
export {
  generalNameText,
  type GeneralName,
  type GeneralNameType,
  type NameConstraints,
  type Subtree,
} from './general-name.ts';
export { nameText } from './name.ts';
export {
  isTooWeak,
  parsePublicKey,
  signatureSchemes,
  type Curve,
  type EcKey,
  type EdwardsKey,
  type MlDsaKey,
  type PublicKey,
  type RsaKey,
  type UnknownKey,
} from './public-key.ts';
export { decodePem, encodePem, type PemBlock } from './pem.ts';
export { parsePkcs7 } from './pkcs7.ts';
export {
  describeCertificate,
  type CertificateDescription,
  type ExtensionDescription,
  type NameDescription,
  type PublicKeyDescription,
} from './describe.ts';
export { CLOCK_SKEW, LONGEST_RESPONSE } from './time.ts';
export { isIpAddress, parseHost, type Host } from '@ferrule/result/host';
export { matchesHost } from './host.ts';
export { trustStore, type Issuer, type TrustAnchorInput, type TrustStore } from './trust.ts';
export { buildPath, buildPathAsync, buildPathSteps } from './build.ts';
export type { PathChecks, PathInput, PathResult, PathSuccess, PlacedBreach } from './path.ts';
export { validatePath, validatePathAsync, validatePathSteps, type ValidationInput } from './status.ts';
export { distributionPoints, parseCrl, type Crl, type CrlScope } from './crl.ts';
export { parseOcspResponse, type OcspResponse, type SingleResponse } from './ocsp.ts';
export { embeddedScts, parseSctList, type CtLog, type Sct, type TransparencyPolicy } from './transparency.ts';
export { spkiSha256 } from './pin.ts';
export type { RevocationFilter, RevocationPolicy, RevocationQuestion, RevocationStatus } from './revocation.ts';
export type { PathFailure } from './explain.ts';
export { faultFacts, type FaultFacts } from './fault-facts.ts';
export type { Beyond, Profile, Purpose, RuleBreach, RuleSet } from './rules.ts';
export { rememberVerified, type RememberOptions } from './remember.ts';
export { runAsync, runSync, type Steps } from './steps.ts';
