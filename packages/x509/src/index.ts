/** @module @ferrule/x509: strict X.509 path validation, small, without cryptography of its own. */
import { validatePath, type PathInput, type PathResult } from './path.ts';
import { runAsync, runSync } from './steps.ts';

export type { DigestName, HashName, SignatureAlgorithm, SignatureVerifier } from './signature.ts';
export { DerError } from './der.ts';
export { parseCertificate, subjectText, type Certificate } from './certificate.ts';
export type { AccessDescription, AuthorityKeyIdentifier, BasicConstraints, Extension, PolicyConstraints, PolicyInformation } from './extensions.ts';
export { generalNameText, NameType, type GeneralName, type NameConstraints, type Subtree } from './general-name.ts';
export { nameText } from './name.ts';
export { parsePublicKey, signatureSchemes, type Curve, type EcKey, type EdwardsKey, type PublicKey, type RsaKey, type UnknownKey } from './public-key.ts';
export { decodePem, encodePem, type PemBlock } from './pem.ts';
export { isIpAddress, matchesHost, parseHost, type Host } from './host.ts';
export { trustStore, type Issuer, type TrustAnchorInput, type TrustStore } from './trust.ts';
export { validatePath, type PathInput, type PathResult, type PathSuccess } from './path.ts';
export { parseCrl, type Crl } from './crl.ts';
export { parseOcspResponse, type OcspResponse, type SingleResponse } from './ocsp.ts';
export { embeddedScts, parseSctList, type CtLog, type Sct, type TransparencyPolicy } from './transparency.ts';
export { spkiSha256 } from './pin.ts';
export type { PathFailure } from './explain.ts';
export type { Profile, Purpose } from './rules.ts';
export { rememberVerified, type RememberOptions } from './remember.ts';
export { runAsync, runSync, type Steps } from './steps.ts';

/** {@link validatePath} with a verifier that answers at once. @throws TypeError for wrong options, and when the verifier is asynchronous. */
export const validatePathSync = (input: PathInput): PathResult => runSync(validatePath(input));

/** {@link validatePath} with any verifier. Rejects with a TypeError for wrong options, and with whatever the verifier rejects with. */
export const validatePathAsync = async (input: PathInput): Promise<PathResult> => runAsync(validatePath(input));
