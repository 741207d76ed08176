/** @module Which check of ours has caught something, and where the RFC asks for it. */
import type { TlsVersion } from '@ferrule/contract';
import type { Section } from '@ferrule/pure/trace';
import type { TlsErrorCode } from '@ferrule/result';

export interface Check {
  /** What was checked, as a sentence. */
  readonly check: string;
  readonly section: Section;
}

/**
 * The check behind a code; `undefined` for a failure that is not a check of TLS: the relay, the network, a time limit.
 * @param version - as it was negotiated; until then that of TLS 1.3.
 */
export function checkBehind(code: TlsErrorCode, version: TlsVersion = 'TLSv1.3'): Check | undefined {
  const [check, in13, in12 = in13] = CHECKS[code] ?? [];
  const section = version === 'TLSv1.3' ? in13 : in12;
  return check === undefined || section === undefined ? undefined : { check, section };
}

const of = (rfc: number, section: string): Section => ({ rfc, section });

/** The check, its section in TLS 1.3, and in TLS 1.2 where that is another. */
const CHECKS: Partial<Record<TlsErrorCode, readonly [check: string, in13: Section, in12?: Section]>> = {
  CERT_NAME_MISMATCH: ['The certificate is for the name that was asked for.', of(9525, '6')],
  CERT_EXPIRED: ['Each certificate is valid now.', of(5280, '6.1.3')],
  CERT_NOT_YET_VALID: ['Each certificate is valid now.', of(5280, '6.1.3')],
  CERT_UNTRUSTED_ROOT: ['The chain ends in a root that is trusted.', of(5280, '6.1.1')],
  CERT_SELF_SIGNED: ['The chain ends in a root that is trusted.', of(5280, '6.1.1')],
  CERT_MISSING_INTERMEDIATE: ['The chain ends in a root that is trusted.', of(5280, '6.1.1')],
  CERT_SIGNATURE: ['Each certificate is signed by its issuer.', of(5280, '6.1.3')],
  CERT_PURPOSE: ['The certificate may be used for a TLS server.', of(5280, '4.2.1.12')],
  CERT_INVALID: ['Each certificate is as RFC 5280 asks for.', of(5280, '6.1')],
  CERT_WEAK_KEY: ['Keys and hashes are strong enough.', of(9846, '4.5.1'), of(5246, '7.4.2')],
  CERT_NAME_CONSTRAINT: ['Each name is one that the CAs above may certify.', of(5280, '4.2.1.10')],
  CERT_REVOKED: ['No certificate is revoked.', of(5280, '6.3')],
  BAD_SIGNATURE: [
    'The server has signed this handshake with the key of its certificate.',
    of(9846, '4.5.2'),
    of(8422, '5.4'),
  ],
  PEER_BAD_FINISHED: ['Both sides have seen the same handshake.', of(9846, '4.5.3'), of(5246, '7.4.9')],
  INVALID_ALPN_PROTOCOL: ['The protocol that the server chooses was offered.', of(7301, '3.1')],
  DOWNGRADE_DETECTED: [
    'A server that has TLS 1.3 and speaks TLS 1.2 says so in its random value, which it signs.',
    of(9846, '4.2.3'),
  ],
  UNSUPPORTED_PROTOCOL: ['The version that the server chooses was offered.', of(9846, '4.3.1'), of(5246, '7.4.1.3')],
  HTTP_REQUEST: ['What arrives is a record of TLS.', of(9846, '5.1'), of(5246, '6.2.1')],
  WRONG_VERSION_NUMBER: ['What arrives is a record of TLS.', of(9846, '5.1'), of(5246, '6.2.1')],
  BAD_RECORD_MAC: [
    'Each record is the next one that the server has sent, and is as it was sent.',
    of(9846, '5.2'),
    of(5246, '6.2.3.3'),
  ],
  UNEXPECTED_RECORD: ['Each record is of a kind that may come now.', of(9846, '5')],
  UNEXPECTED_MESSAGE: ['Each message is one that may come now.', of(9846, '4'), of(5246, '7.4')],
  DECODE_ERROR: ['Each message can be decoded.', of(9846, '6.2'), of(5246, '7.2.2')],
  ILLEGAL_PARAMETER: ['Each field has a value that it may have.', of(9846, '6.2'), of(5246, '7.2.2')],
  UNEXPECTED_EOF: ['The server says itself when it has said all.', of(9846, '6.1'), of(5246, '7.2.1')],
  PEER_ALERT: ['The server refused, and said so.', of(9846, '6.2'), of(5246, '7.2.2')],
};
