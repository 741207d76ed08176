/** @module CertificateStatus of TLS 1.2, RFC 6066 section 8. */
import { HandshakeType } from '@ferrule/result/numbers';
import { statusResponse } from './extension-codecs.ts';
import { encodeMessage } from './message.ts';
import { Reader } from './read.ts';

/** The whole message around a DER OCSPResponse. */
export const encodeCertificateStatus = (response: Uint8Array): Uint8Array =>
  encodeMessage(HandshakeType.certificate_status, (writer) => statusResponse.encode(writer, response), 4096);

/** From the body: the DER OCSPResponse. */
export function decodeCertificateStatus(body: Uint8Array): Uint8Array {
  const reader = new Reader(body, 'CertificateStatus');
  const response = statusResponse.decode(reader);
  reader.end();
  return response;
}
