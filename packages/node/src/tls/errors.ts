/** @module Failures under the names that node:tls gives them: `ERR_SSL_…` for TLS, X509_V names for certificates. */
import { constants } from 'node:os';
import {
  certificateCode,
  certificateText,
  TlsError,
  type TlsErrorCode,
  X509V,
  x509VName,
  x509VSentence,
} from '@ferrule/result';
import { nodeError, systemErrorOf, withNodeNames } from '../duplex/node-error.ts';

const told = new WeakMap<Error, Error>();

/** The message of node:tls for an attempt that the peer has ended. */
export const CUT_OFF = 'Client network socket disconnected before secure TLS connection was established';

/**
 * {@link nodeError}, plus the names of node:tls. ferrule's own code stays in `tlsCode`. The same result for the same
 * error.
 */
export function nodeTlsError(error: Error): Error {
  // checkServerIdentity() may return anything
  if (!(error instanceof Error)) return error;
  const known = told.get(error);
  if (known !== undefined) return known;
  const made = named(error);
  told.set(error, made);
  told.set(made, made);
  return made;
}

function named(error: Error): Error {
  const common = nodeError(error);
  if (!TlsError.is(error)) return common;
  const { tlsCode, verify, alert } = error;
  if (tlsCode === 'UNEXPECTED_EOF') return withNodeNames(error, { name: 'Error', code: 'ECONNRESET', syscall: 'read' });
  const system = tlsCode === 'TRANSPORT_ERROR' ? systemErrorOf(error) : undefined;
  // The message of libuv, which programs match; with several failed addresses there is none
  if (system !== undefined)
    return withNodeNames(error, { ...system, name: 'Error', message: system.message || error.message });
  if (common !== error) return common;
  if (verify !== undefined && verify.code !== X509V.OK)
    return withNodeNames(error, {
      name: 'Error',
      code: authorizationCode(verify.code, verify.depth),
      message: opensslText(verify.code, verify.depth),
    });
  if (tlsCode === 'PEER_ALERT' && alert !== undefined) return alertError(error, alert.description, alert.name);
  if (tlsCode === 'ABORTED') return withNodeNames(error, { name: 'Error', code: 'ECONNRESET', message: CUT_OFF });
  // The error with which the owner of the underlying stream destroyed it, unchanged
  if (tlsCode === 'TRANSPORT_ERROR' && error.cause instanceof Error) return error.cause;
  if (tlsCode === 'TIMEOUT') return withNodeNames(error, { name: 'Error', code: 'ETIMEDOUT' });
  const code = `ERR_SSL_${OPENSSL_REASON[tlsCode] ?? tlsCode}`;
  const reason = reasonOf(code);
  return withNodeNames(error, {
    name: 'Error',
    code,
    message: `${reason}: ${error.message}`,
    library: LIBRARY,
    reason,
  });
}

/**
 * `authorizationError` of a connection: Node's name of its X509_V code. Node's OpenSSL continues after a missing
 * issuer, and its last error counts: 21 for a chain of one certificate.
 */
export function authorizationCode(verifyResult: number, depth = 0): string {
  const code =
    verifyResult === X509V.UNABLE_TO_GET_ISSUER_CERT_LOCALLY && depth === 0
      ? X509V.UNABLE_TO_VERIFY_LEAF_SIGNATURE
      : verifyResult;
  return x509VName(code).replace(/^X509_V_(ERR_)?/, '');
}

/** A certificate that was rejected after the handshake. */
export function verifyFailure(verifyResult: number, depth = 0): TlsError {
  const code = certificateCode(verifyResult, depth);
  const { message, hint } = certificateText({ code, verify: verifyResult, depth });
  return new TlsError(code, message, { verify: { code: verifyResult, depth }, hint });
}

/** X509_verify_cert_error_string(3), which libraries match in messages; the rest is ours. */
function opensslText(verifyResult: number, depth: number): string {
  return OPENSSL_TEXTS[authorizationCode(verifyResult, depth)] ?? x509VSentence(verifyResult);
}

const OPENSSL_TEXTS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self-signed certificate',
  SELF_SIGNED_CERT_IN_CHAIN: 'self-signed certificate in certificate chain',
  UNABLE_TO_GET_ISSUER_CERT: 'unable to get issuer certificate',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'unable to get local issuer certificate',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'unable to verify the first certificate',
  CERT_HAS_EXPIRED: 'certificate has expired',
  CERT_NOT_YET_VALID: 'certificate is not yet valid',
  CERT_REVOKED: 'certificate revoked',
  CERT_SIGNATURE_FAILURE: 'certificate signature failure',
  INVALID_PURPOSE: 'unsuitable certificate purpose',
  EE_KEY_TOO_SMALL: 'EE certificate key too weak',
};

const LIBRARY = 'SSL routines';

/** SSL_R_* of alerts (openssl/sslerr.h): the version that first defined it, SSL 3.0 or TLS, is part of the name. */
const SSLV3_ALERTS: ReadonlySet<number> = new Set([10, 20, 30, 40, 41, 42, 43, 44, 45, 46, 47]);
const OTHER_ALERTS: Readonly<Record<number, string>> = {
  109: 'TLSV13_ALERT_MISSING_EXTENSION',
  110: 'TLSV1_UNSUPPORTED_EXTENSION',
  111: 'TLSV1_CERTIFICATE_UNOBTAINABLE',
  112: 'TLSV1_UNRECOGNIZED_NAME',
  113: 'TLSV1_BAD_CERTIFICATE_STATUS_RESPONSE',
  114: 'TLSV1_BAD_CERTIFICATE_HASH_VALUE',
  116: 'TLSV13_ALERT_CERTIFICATE_REQUIRED',
};

function alertError(error: TlsError, description: number, name: string): TlsError {
  const alert = name.toUpperCase();
  const reason =
    OTHER_ALERTS[description] ?? (SSLV3_ALERTS.has(description) ? `SSLV3_ALERT_${alert}` : `TLSV1_ALERT_${alert}`);
  const code = `ERR_SSL_${reason}`;
  const number = (1000 + description).toString(16).toUpperCase().padStart(6, '0');
  return withNodeNames(error, {
    name: 'Error',
    code,
    message: `error:0A${number}:${LIBRARY}::${reasonOf(code)}:SSL alert number ${description}`,
    library: LIBRARY,
    reason: reasonOf(code),
  });
}

/**
 * As in node:tls, where a write pending during a failed handshake fails with its error. https writes at once: programs
 * expect `EPROTO` for a server without TLS.
 */
export function writeFailed(error: Error): Error {
  const { code = '', tlsCode } = error as { readonly code?: string; readonly tlsCode?: string };
  if (!TlsError.is(error) || !code.startsWith('ERR_SSL_') || tlsCode === undefined) return error;
  return withNodeNames(error, {
    name: 'Error',
    code: 'EPROTO',
    errno: -constants.errno.EPROTO,
    syscall: 'write',
    message: `write EPROTO ${error.message}`,
  });
}

/** SSL_renegotiate(3) fails so in TLS 1.3, which has none (RFC 9846 section 4.1). */
export function renegotiationError(error: Error, protocol: string | null): Error {
  if (protocol !== 'TLSv1.3' || !TlsError.is(error)) return nodeTlsError(error);
  return withNodeNames(error, {
    name: 'Error',
    code: 'ERR_SSL_WRONG_SSL_VERSION',
    message: `error:0A00010A:${LIBRARY}::wrong ssl version`,
    library: LIBRARY,
    reason: 'wrong ssl version',
  });
}

const reasonOf = (code: string): string =>
  code
    .replace(/^ERR_SSL_/, '')
    .toLowerCase()
    .replaceAll('_', ' ');

/** OpenSSL's name where ours differs. */
const OPENSSL_REASON: Partial<Readonly<Record<TlsErrorCode, string>>> = {
  HTTP_REQUEST: 'WRONG_VERSION_NUMBER',
  PLAINTEXT_PEER: 'WRONG_VERSION_NUMBER',
  BAD_RECORD_MAC: 'DECRYPTION_FAILED_OR_BAD_RECORD_MAC',
  RECORD_TOO_LARGE: 'PACKET_LENGTH_TOO_LONG',
};
