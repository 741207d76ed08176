/**
 * @module X509_V codes: the numbers and names of OpenSSL 3's `X509_V_*` (X509_STORE_CTX_get_error(3)), a sentence for
 * each.
 */
import * as V from './x509-v-numbers.ts';

const SENTENCES: { readonly [K in keyof typeof V]: string } = {
  OK: 'the certificate chain is valid',
  UNSPECIFIED: 'the certificate was refused for an unspecified reason',
  UNABLE_TO_GET_ISSUER_CERT: 'the issuer of an untrusted certificate could not be found',
  UNABLE_TO_GET_CRL: 'no CRL of the issuer was given',
  UNABLE_TO_DECRYPT_CERT_SIGNATURE: 'the certificate signature could not be decrypted',
  UNABLE_TO_DECRYPT_CRL_SIGNATURE: 'the CRL signature could not be decrypted',
  UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY: "the issuer's public key could not be decoded",
  CERT_SIGNATURE_FAILURE: 'the certificate signature is wrong',
  CRL_SIGNATURE_FAILURE: 'the CRL signature is wrong',
  CERT_NOT_YET_VALID: 'the certificate is not valid yet',
  CERT_HAS_EXPIRED: 'the certificate has expired',
  CRL_NOT_YET_VALID: 'the CRL is not valid yet',
  CRL_HAS_EXPIRED: 'the CRL has expired',
  ERROR_IN_CERT_NOT_BEFORE_FIELD: "the certificate's notBefore is not a valid time",
  ERROR_IN_CERT_NOT_AFTER_FIELD: "the certificate's notAfter is not a valid time",
  ERROR_IN_CRL_LAST_UPDATE_FIELD: "the CRL's lastUpdate is not a valid time",
  ERROR_IN_CRL_NEXT_UPDATE_FIELD: "the CRL's nextUpdate is not a valid time",
  OUT_OF_MEM: 'out of memory',
  DEPTH_ZERO_SELF_SIGNED_CERT: "the server's certificate is self-signed and not a trust anchor",
  SELF_SIGNED_CERT_IN_CHAIN: 'the chain ends in a self-signed certificate that is not a trust anchor',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the issuer of a certificate is neither in the chain nor a trust anchor',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the chain holds one certificate, and its issuer is unknown',
  CERT_CHAIN_TOO_LONG: 'the certificate chain is too long',
  CERT_REVOKED: 'the certificate has been revoked',
  NO_ISSUER_PUBLIC_KEY: 'the issuer has no usable public key',
  PATH_LENGTH_EXCEEDED: 'more CA certificates follow than pathLenConstraint allows',
  INVALID_PURPOSE: 'the certificate may not be used for this purpose',
  CERT_UNTRUSTED: 'the root is not trusted for this purpose',
  CERT_REJECTED: 'the root is marked as rejected for this purpose',
  SUBJECT_ISSUER_MISMATCH: "the issuer's subject differs from the certificate's issuer",
  AKID_SKID_MISMATCH: 'the authority and subject key identifiers differ',
  AKID_ISSUER_SERIAL_MISMATCH: 'the authority key identifier names another issuer and serial number',
  KEYUSAGE_NO_CERTSIGN: 'the issuer may not sign certificates (keyUsage lacks keyCertSign)',
  UNABLE_TO_GET_CRL_ISSUER: "the CRL issuer's certificate could not be found",
  UNHANDLED_CRITICAL_EXTENSION: 'the certificate has a critical extension that is not understood',
  KEYUSAGE_NO_CRL_SIGN: 'the issuer may not sign CRLs (keyUsage lacks cRLSign)',
  UNHANDLED_CRITICAL_CRL_EXTENSION: 'the CRL has a critical extension that is not understood',
  INVALID_NON_CA: 'a certificate that is not a CA has CA marks',
  PROXY_PATH_LENGTH_EXCEEDED: 'the proxy path length is exceeded',
  KEYUSAGE_NO_DIGITAL_SIGNATURE: 'the certificate may not sign (keyUsage lacks digitalSignature)',
  PROXY_CERTIFICATES_NOT_ALLOWED: 'proxy certificates are not allowed',
  INVALID_EXTENSION: 'a certificate extension is malformed or inconsistent',
  INVALID_POLICY_EXTENSION: 'a certificate policy extension is malformed or inconsistent',
  NO_EXPLICIT_POLICY: 'an explicit certificate policy is required and none holds',
  DIFFERENT_CRL_SCOPE: 'the CRL covers another scope',
  UNSUPPORTED_EXTENSION_FEATURE: 'an extension uses a feature that is not supported',
  UNNESTED_RESOURCE: "an RFC 3779 resource is not a subset of its parent's",
  PERMITTED_VIOLATION: 'a name lies outside the permitted subtrees',
  EXCLUDED_VIOLATION: 'a name lies inside an excluded subtree',
  SUBTREE_MINMAX: 'a name constraint uses minimum or maximum, which is not supported',
  APPLICATION_VERIFICATION: 'the application refused the certificate',
  UNSUPPORTED_CONSTRAINT_TYPE: 'a name constraint is of a type that is not supported',
  UNSUPPORTED_CONSTRAINT_SYNTAX: 'a name constraint is malformed',
  UNSUPPORTED_NAME_SYNTAX: 'a name is malformed',
  CRL_PATH_VALIDATION_ERROR: "the CRL issuer's path is not valid",
  PATH_LOOP: 'the certificate path loops',
  SUITE_B_INVALID_VERSION: 'Suite B: the certificate version is wrong',
  SUITE_B_INVALID_ALGORITHM: 'Suite B: the public key algorithm is wrong',
  SUITE_B_INVALID_CURVE: 'Suite B: the curve is wrong',
  SUITE_B_INVALID_SIGNATURE_ALGORITHM: 'Suite B: the signature algorithm is wrong',
  SUITE_B_LOS_NOT_ALLOWED: 'Suite B: the curve is not allowed at this level of security',
  SUITE_B_CANNOT_SIGN_P_384_WITH_P_256: 'Suite B: P-384 may not be signed with P-256',
  HOSTNAME_MISMATCH: 'the certificate is for another host name',
  EMAIL_MISMATCH: 'the certificate is for another e-mail address',
  IP_ADDRESS_MISMATCH: 'the certificate is for another IP address',
  DANE_NO_MATCH: 'no DANE TLSA record matches the certificate',
  EE_KEY_TOO_SMALL: "the server's key is too weak",
  CA_KEY_TOO_SMALL: 'the key of a CA is too weak',
  CA_MD_TOO_WEAK: 'a CA signed with a hash that is too weak',
  INVALID_CALL: 'the verification was called wrongly',
  STORE_LOOKUP: 'the look-up of an issuer failed',
  NO_VALID_SCTS: 'too few valid signed certificate timestamps',
  PROXY_SUBJECT_NAME_VIOLATION: 'a proxy certificate violates the subject name rule',
  OCSP_VERIFY_NEEDED: 'an OCSP response is required and none came',
  OCSP_VERIFY_FAILED: 'the OCSP response is not valid',
  OCSP_CERT_UNKNOWN: 'the OCSP responder does not know the certificate',
  UNSUPPORTED_SIGNATURE_ALGORITHM: 'the certificate signature algorithm is not supported',
  SIGNATURE_ALGORITHM_MISMATCH: "the signature algorithm does not fit the issuer's key",
  SIGNATURE_ALGORITHM_INCONSISTENCY: 'the certificate names two different signature algorithms',
  INVALID_CA: 'a certificate that signed another is not a CA',
  PATHLEN_INVALID_FOR_NON_CA: 'pathLenConstraint stands in a certificate that is not a CA',
  PATHLEN_WITHOUT_KU_KEY_CERT_SIGN: 'pathLenConstraint stands beside a keyUsage without keyCertSign',
  KU_KEY_CERT_SIGN_INVALID_FOR_NON_CA: 'keyCertSign stands in a certificate that is not a CA',
  ISSUER_NAME_EMPTY: 'the issuer name is empty',
  SUBJECT_NAME_EMPTY: 'the subject name of a CA is empty',
  MISSING_AUTHORITY_KEY_IDENTIFIER: 'the authority key identifier is missing',
  MISSING_SUBJECT_KEY_IDENTIFIER: 'the subject key identifier of a CA is missing',
  EMPTY_SUBJECT_ALT_NAME: 'subjectAltName is empty',
  EMPTY_SUBJECT_SAN_NOT_CRITICAL: 'the subject is empty and subjectAltName is not critical',
  CA_BCONS_NOT_CRITICAL: "a CA's basicConstraints is not critical",
  AUTHORITY_KEY_IDENTIFIER_CRITICAL: 'the authority key identifier is critical',
  SUBJECT_KEY_IDENTIFIER_CRITICAL: 'the subject key identifier is critical',
  CA_CERT_MISSING_KEY_USAGE: 'a CA certificate has no keyUsage',
  EXTENSIONS_REQUIRE_VERSION_3: 'a certificate with extensions is not of version 3',
  EC_KEY_EXPLICIT_PARAMS: 'an EC key has explicit curve parameters',
};

/** `X509_V_*` by name, without the `X509_V_` and `X509_V_ERR_` prefixes: `X509V.CERT_HAS_EXPIRED === 10`. */
export const X509V: typeof V = Object.freeze({ ...V });

export type X509VName = keyof typeof V;

/** Any `X509_V_*` number. */
export type X509VCode = (typeof V)[X509VName];

const BY_CODE = new Map<number, readonly [name: string, sentence: string]>(
  (Object.keys(SENTENCES) as X509VName[]).map((name) => [
    V[name],
    [V[name] === 0 ? 'X509_V_OK' : `X509_V_ERR_${name}`, SENTENCES[name]],
  ]),
);

/** OpenSSL's name of a code: `X509_V_ERR_CERT_HAS_EXPIRED`; an unknown number as `X509_V_<n>`. */
export const x509VName = (code: number): string => BY_CODE.get(code)?.[0] ?? `X509_V_${code}`;

/** One sentence for people, as X509_verify_cert_error_string(3). */
export const x509VSentence = (code: number): string => BY_CODE.get(code)?.[1] ?? `unknown X509_V code ${code}`;
