/** @module CertificateVerify, RFC 9846 section 4.5.2; the same bytes in TLS 1.2 (RFC 5246 section 7.4.8). */
import { HandshakeType } from '@ferrule/result/numbers';
import { encodeMessage } from './message.ts';
import { Reader } from './read.ts';

export interface CertificateVerify {
  /** SignatureScheme */
  readonly algorithm: number;
  readonly signature: Uint8Array;
}

/** The whole message. */
export const encodeCertificateVerify = (verify: CertificateVerify): Uint8Array =>
  encodeMessage(HandshakeType.certificate_verify, (writer) => writer.u16(verify.algorithm).vector16(verify.signature));

/** From the body. */
export function decodeCertificateVerify(body: Uint8Array): CertificateVerify {
  const reader = new Reader(body, 'CertificateVerify');
  const verify = { algorithm: reader.u16(), signature: reader.vector16() };
  reader.end();
  return verify;
}
