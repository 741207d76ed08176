/** @module The error codes of rejected certificates. */
import { CODES } from '@ferrule/result/texts';
import * as V from '@ferrule/result/x509-v';
import type { CommonCode } from './codes.ts';

/** The codes for faults of the peer's certificates. */
export type CertificateCode = Exclude<Extract<CommonCode, `CERT_${string}`>, 'CERT_DECOMPRESSION_FAILED'>;

/** Whether a value, such as the code of a caller's error, is one of them. */
export const isCertificateCode = (code: unknown): code is CertificateCode =>
  typeof code === 'string' &&
  code.startsWith('CERT_') &&
  code !== 'CERT_DECOMPRESSION_FAILED' &&
  // All of them have an alert
  (CODES as Readonly<Record<string, { readonly alert: unknown } | undefined>>)[code]?.alert !== undefined;

/**
 * The code of an X509_V number; CERT_INVALID if it has no row.
 * @param depth - the certificate's position in the chain; 0 is the server's own.
 */
export function certificateCode(verify: number, depth: number): CertificateCode {
  // The issuer of the server's own certificate is neither trusted nor was it sent: an intermediate is missing. Higher
  // up the root is missing, which need not be sent.
  if (verify === V.UNABLE_TO_GET_ISSUER_CERT_LOCALLY && depth === 0) return 'CERT_MISSING_INTERMEDIATE';
  return CODE_OF[verify] ?? 'CERT_INVALID';
}

const CODE_OF: { readonly [verify: number]: CertificateCode } = {
  [V.UNABLE_TO_GET_ISSUER_CERT]: 'CERT_UNTRUSTED_ROOT',
  [V.UNABLE_TO_GET_CRL]: 'CERT_REVOCATION_UNKNOWN',
  [V.UNABLE_TO_DECRYPT_CERT_SIGNATURE]: 'CERT_SIGNATURE',
  [V.UNABLE_TO_DECRYPT_CRL_SIGNATURE]: 'CERT_REVOCATION_UNKNOWN',
  [V.CERT_SIGNATURE_FAILURE]: 'CERT_SIGNATURE',
  [V.CRL_SIGNATURE_FAILURE]: 'CERT_REVOCATION_UNKNOWN',
  [V.CERT_NOT_YET_VALID]: 'CERT_NOT_YET_VALID',
  [V.CERT_HAS_EXPIRED]: 'CERT_EXPIRED',
  [V.CRL_NOT_YET_VALID]: 'CERT_REVOCATION_UNKNOWN',
  [V.CRL_HAS_EXPIRED]: 'CERT_REVOCATION_UNKNOWN',
  [V.ERROR_IN_CRL_LAST_UPDATE_FIELD]: 'CERT_REVOCATION_UNKNOWN',
  [V.ERROR_IN_CRL_NEXT_UPDATE_FIELD]: 'CERT_REVOCATION_UNKNOWN',
  [V.DEPTH_ZERO_SELF_SIGNED_CERT]: 'CERT_SELF_SIGNED',
  [V.SELF_SIGNED_CERT_IN_CHAIN]: 'CERT_UNTRUSTED_ROOT',
  [V.UNABLE_TO_GET_ISSUER_CERT_LOCALLY]: 'CERT_UNTRUSTED_ROOT',
  [V.UNABLE_TO_VERIFY_LEAF_SIGNATURE]: 'CERT_MISSING_INTERMEDIATE',
  [V.CERT_CHAIN_TOO_LONG]: 'CERT_CHAIN_TOO_LONG',
  [V.CERT_REVOKED]: 'CERT_REVOKED',
  [V.INVALID_PURPOSE]: 'CERT_PURPOSE',
  [V.KEYUSAGE_NO_DIGITAL_SIGNATURE]: 'CERT_PURPOSE',
  [V.CERT_UNTRUSTED]: 'CERT_UNTRUSTED_ROOT',
  [V.CERT_REJECTED]: 'CERT_UNTRUSTED_ROOT',
  [V.UNABLE_TO_GET_CRL_ISSUER]: 'CERT_REVOCATION_UNKNOWN',
  [V.KEYUSAGE_NO_CRL_SIGN]: 'CERT_REVOCATION_UNKNOWN',
  [V.UNHANDLED_CRITICAL_CRL_EXTENSION]: 'CERT_REVOCATION_UNKNOWN',
  [V.DIFFERENT_CRL_SCOPE]: 'CERT_REVOCATION_UNKNOWN',
  [V.CRL_PATH_VALIDATION_ERROR]: 'CERT_REVOCATION_UNKNOWN',
  [V.PERMITTED_VIOLATION]: 'CERT_NAME_CONSTRAINT',
  [V.EXCLUDED_VIOLATION]: 'CERT_NAME_CONSTRAINT',
  [V.SUBTREE_MINMAX]: 'CERT_NAME_CONSTRAINT',
  [V.UNSUPPORTED_CONSTRAINT_TYPE]: 'CERT_NAME_CONSTRAINT',
  [V.UNSUPPORTED_CONSTRAINT_SYNTAX]: 'CERT_NAME_CONSTRAINT',
  [V.UNSUPPORTED_NAME_SYNTAX]: 'CERT_NAME_CONSTRAINT',
  [V.APPLICATION_VERIFICATION]: 'CERT_REJECTED',
  [V.HOSTNAME_MISMATCH]: 'CERT_NAME_MISMATCH',
  [V.IP_ADDRESS_MISMATCH]: 'CERT_NAME_MISMATCH',
  [V.EE_KEY_TOO_SMALL]: 'CERT_WEAK_KEY',
  [V.CA_KEY_TOO_SMALL]: 'CERT_WEAK_KEY',
  [V.CA_MD_TOO_WEAK]: 'CERT_WEAK_KEY',
  [V.NO_VALID_SCTS]: 'CERT_TRANSPARENCY',
  [V.OCSP_VERIFY_NEEDED]: 'CERT_OCSP_MISSING',
  [V.OCSP_VERIFY_FAILED]: 'CERT_OCSP_INVALID',
  [V.OCSP_CERT_UNKNOWN]: 'CERT_OCSP_INVALID',
};
