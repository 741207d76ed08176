/**
 * @module X509_V codes: the numbers and names of OpenSSL 3's `X509_V_*` (X509_STORE_CTX_get_error(3)), a sentence for
 * each.
 */

const TABLE = {
  OK: [0, 'the certificate chain is valid'],
  UNSPECIFIED: [1, 'the certificate was refused for an unspecified reason'],
  UNABLE_TO_GET_ISSUER_CERT: [2, 'the issuer of an untrusted certificate could not be found'],
  UNABLE_TO_GET_CRL: [3, 'no CRL of the issuer was given'],
  UNABLE_TO_DECRYPT_CERT_SIGNATURE: [4, 'the certificate signature could not be decrypted'],
  UNABLE_TO_DECRYPT_CRL_SIGNATURE: [5, 'the CRL signature could not be decrypted'],
  UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY: [6, "the issuer's public key could not be decoded"],
  CERT_SIGNATURE_FAILURE: [7, 'the certificate signature is wrong'],
  CRL_SIGNATURE_FAILURE: [8, 'the CRL signature is wrong'],
  CERT_NOT_YET_VALID: [9, 'the certificate is not valid yet'],
  CERT_HAS_EXPIRED: [10, 'the certificate has expired'],
  CRL_NOT_YET_VALID: [11, 'the CRL is not valid yet'],
  CRL_HAS_EXPIRED: [12, 'the CRL has expired'],
  ERROR_IN_CERT_NOT_BEFORE_FIELD: [13, "the certificate's notBefore is not a valid time"],
  ERROR_IN_CERT_NOT_AFTER_FIELD: [14, "the certificate's notAfter is not a valid time"],
  ERROR_IN_CRL_LAST_UPDATE_FIELD: [15, "the CRL's lastUpdate is not a valid time"],
  ERROR_IN_CRL_NEXT_UPDATE_FIELD: [16, "the CRL's nextUpdate is not a valid time"],
  OUT_OF_MEM: [17, 'out of memory'],
  DEPTH_ZERO_SELF_SIGNED_CERT: [18, "the server's certificate is self-signed and not a trust anchor"],
  SELF_SIGNED_CERT_IN_CHAIN: [19, 'the chain ends in a self-signed certificate that is not a trust anchor'],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: [20, 'the issuer of a certificate is neither in the chain nor a trust anchor'],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: [21, 'the chain holds one certificate, and its issuer is unknown'],
  CERT_CHAIN_TOO_LONG: [22, 'the certificate chain is too long'],
  CERT_REVOKED: [23, 'the certificate has been revoked'],
  NO_ISSUER_PUBLIC_KEY: [24, 'the issuer has no usable public key'],
  PATH_LENGTH_EXCEEDED: [25, 'more CA certificates follow than pathLenConstraint allows'],
  INVALID_PURPOSE: [26, 'the certificate may not be used for this purpose'],
  CERT_UNTRUSTED: [27, 'the root is not trusted for this purpose'],
  CERT_REJECTED: [28, 'the root is marked as rejected for this purpose'],
  SUBJECT_ISSUER_MISMATCH: [29, "the issuer's subject differs from the certificate's issuer"],
  AKID_SKID_MISMATCH: [30, 'the authority and subject key identifiers differ'],
  AKID_ISSUER_SERIAL_MISMATCH: [31, 'the authority key identifier names another issuer and serial number'],
  KEYUSAGE_NO_CERTSIGN: [32, 'the issuer may not sign certificates (keyUsage lacks keyCertSign)'],
  UNABLE_TO_GET_CRL_ISSUER: [33, "the CRL issuer's certificate could not be found"],
  UNHANDLED_CRITICAL_EXTENSION: [34, 'the certificate has a critical extension that is not understood'],
  KEYUSAGE_NO_CRL_SIGN: [35, 'the issuer may not sign CRLs (keyUsage lacks cRLSign)'],
  UNHANDLED_CRITICAL_CRL_EXTENSION: [36, 'the CRL has a critical extension that is not understood'],
  INVALID_NON_CA: [37, 'a certificate that is not a CA has CA marks'],
  PROXY_PATH_LENGTH_EXCEEDED: [38, 'the proxy path length is exceeded'],
  KEYUSAGE_NO_DIGITAL_SIGNATURE: [39, 'the certificate may not sign (keyUsage lacks digitalSignature)'],
  PROXY_CERTIFICATES_NOT_ALLOWED: [40, 'proxy certificates are not allowed'],
  INVALID_EXTENSION: [41, 'a certificate extension is malformed or inconsistent'],
  INVALID_POLICY_EXTENSION: [42, 'a certificate policy extension is malformed or inconsistent'],
  NO_EXPLICIT_POLICY: [43, 'an explicit certificate policy is required and none holds'],
  DIFFERENT_CRL_SCOPE: [44, 'the CRL covers another scope'],
  UNSUPPORTED_EXTENSION_FEATURE: [45, 'an extension uses a feature that is not supported'],
  UNNESTED_RESOURCE: [46, "an RFC 3779 resource is not a subset of its parent's"],
  PERMITTED_VIOLATION: [47, 'a name lies outside the permitted subtrees'],
  EXCLUDED_VIOLATION: [48, 'a name lies inside an excluded subtree'],
  SUBTREE_MINMAX: [49, 'a name constraint uses minimum or maximum, which is not supported'],
  APPLICATION_VERIFICATION: [50, 'the application refused the certificate'],
  UNSUPPORTED_CONSTRAINT_TYPE: [51, 'a name constraint is of a type that is not supported'],
  UNSUPPORTED_CONSTRAINT_SYNTAX: [52, 'a name constraint is malformed'],
  UNSUPPORTED_NAME_SYNTAX: [53, 'a name is malformed'],
  CRL_PATH_VALIDATION_ERROR: [54, "the CRL issuer's path is not valid"],
  PATH_LOOP: [55, 'the certificate path loops'],
  SUITE_B_INVALID_VERSION: [56, 'Suite B: the certificate version is wrong'],
  SUITE_B_INVALID_ALGORITHM: [57, 'Suite B: the public key algorithm is wrong'],
  SUITE_B_INVALID_CURVE: [58, 'Suite B: the curve is wrong'],
  SUITE_B_INVALID_SIGNATURE_ALGORITHM: [59, 'Suite B: the signature algorithm is wrong'],
  SUITE_B_LOS_NOT_ALLOWED: [60, 'Suite B: the curve is not allowed at this level of security'],
  SUITE_B_CANNOT_SIGN_P_384_WITH_P_256: [61, 'Suite B: P-384 may not be signed with P-256'],
  HOSTNAME_MISMATCH: [62, 'the certificate is for another host name'],
  EMAIL_MISMATCH: [63, 'the certificate is for another e-mail address'],
  IP_ADDRESS_MISMATCH: [64, 'the certificate is for another IP address'],
  DANE_NO_MATCH: [65, 'no DANE TLSA record matches the certificate'],
  EE_KEY_TOO_SMALL: [66, "the server's key is too weak"],
  CA_KEY_TOO_SMALL: [67, 'the key of a CA is too weak'],
  CA_MD_TOO_WEAK: [68, 'a CA signed with a hash that is too weak'],
  INVALID_CALL: [69, 'the verification was called wrongly'],
  STORE_LOOKUP: [70, 'the look-up of an issuer failed'],
  NO_VALID_SCTS: [71, 'too few valid signed certificate timestamps'],
  PROXY_SUBJECT_NAME_VIOLATION: [72, 'a proxy certificate violates the subject name rule'],
  OCSP_VERIFY_NEEDED: [73, 'an OCSP response is required and none came'],
  OCSP_VERIFY_FAILED: [74, 'the OCSP response is not valid'],
  OCSP_CERT_UNKNOWN: [75, 'the OCSP responder does not know the certificate'],
  UNSUPPORTED_SIGNATURE_ALGORITHM: [76, 'the certificate signature algorithm is not supported'],
  SIGNATURE_ALGORITHM_MISMATCH: [77, "the signature algorithm does not fit the issuer's key"],
  SIGNATURE_ALGORITHM_INCONSISTENCY: [78, 'the certificate names two different signature algorithms'],
  INVALID_CA: [79, 'a certificate that signed another is not a CA'],
  PATHLEN_INVALID_FOR_NON_CA: [80, 'pathLenConstraint stands in a certificate that is not a CA'],
  PATHLEN_WITHOUT_KU_KEY_CERT_SIGN: [81, 'pathLenConstraint stands beside a keyUsage without keyCertSign'],
  KU_KEY_CERT_SIGN_INVALID_FOR_NON_CA: [82, 'keyCertSign stands in a certificate that is not a CA'],
  ISSUER_NAME_EMPTY: [83, 'the issuer name is empty'],
  SUBJECT_NAME_EMPTY: [84, 'the subject name of a CA is empty'],
  MISSING_AUTHORITY_KEY_IDENTIFIER: [85, 'the authority key identifier is missing'],
  MISSING_SUBJECT_KEY_IDENTIFIER: [86, 'the subject key identifier of a CA is missing'],
  EMPTY_SUBJECT_ALT_NAME: [87, 'subjectAltName is empty'],
  EMPTY_SUBJECT_SAN_NOT_CRITICAL: [88, 'the subject is empty and subjectAltName is not critical'],
  CA_BCONS_NOT_CRITICAL: [89, "a CA's basicConstraints is not critical"],
  AUTHORITY_KEY_IDENTIFIER_CRITICAL: [90, 'the authority key identifier is critical'],
  SUBJECT_KEY_IDENTIFIER_CRITICAL: [91, 'the subject key identifier is critical'],
  CA_CERT_MISSING_KEY_USAGE: [92, 'a CA certificate has no keyUsage'],
  EXTENSIONS_REQUIRE_VERSION_3: [93, 'a certificate with extensions is not of version 3'],
  EC_KEY_EXPLICIT_PARAMS: [94, 'an EC key has explicit curve parameters'],
} as const;

export type X509VName = keyof typeof TABLE;

/** `X509_V_*` numbers by name, without the `X509_V_` and `X509_V_ERR_` prefixes: `X509V.CERT_HAS_EXPIRED === 10`. */
export const X509V: { readonly [K in X509VName]: (typeof TABLE)[K][0] } = Object.freeze(
  Object.fromEntries(Object.entries(TABLE).map(([name, [code]]) => [name, code])),
) as { readonly [K in X509VName]: (typeof TABLE)[K][0] };

/** Any `X509_V_*` number. */
export type X509VCode = (typeof TABLE)[X509VName][0];

const BY_CODE = new Map<number, readonly [name: string, sentence: string]>(
  Object.entries(TABLE).map(([name, [code, sentence]]) => [
    code,
    [code === 0 ? 'X509_V_OK' : `X509_V_ERR_${name}`, sentence],
  ]),
);

/** OpenSSL's name of a code: `X509_V_ERR_CERT_HAS_EXPIRED`; an unknown number as `X509_V_<n>`. */
export const x509VName = (code: number): string => BY_CODE.get(code)?.[0] ?? `X509_V_${code}`;

/** One sentence for people, as X509_verify_cert_error_string(3). */
export const x509VSentence = (code: number): string => BY_CODE.get(code)?.[1] ?? `unknown X509_V code ${code}`;
