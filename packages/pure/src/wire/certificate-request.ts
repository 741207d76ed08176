/** @module CertificateRequest of TLS 1.3 (RFC 9846 section 4.4.2) and of TLS 1.2 (RFC 5246 section 7.4.4). */
import { HandshakeType } from '@ferrule/result/numbers';
import { distinguishedNames } from './extension-codecs.ts';
import type { Extension } from './extension-values.ts';
import { readExtensions, writeExtensions } from './extensions.ts';
import { encodeMessage } from './message.ts';
import { Reader } from './read.ts';

export interface CertificateRequestMessage {
  /** Empty in the handshake; unique after it. */
  readonly context: Uint8Array;
  readonly extensions: readonly Extension[];
}

/** The whole message. */
export const encodeCertificateRequest = (request: CertificateRequestMessage): Uint8Array =>
  encodeMessage(HandshakeType.certificate_request, (writer) =>
    writeExtensions(writer.vector8(request.context), request.extensions),
  );

/** From the body. */
export function decodeCertificateRequest(body: Uint8Array): CertificateRequestMessage {
  const reader = new Reader(body, 'CertificateRequest');
  const request = { context: reader.vector8(), extensions: readExtensions(reader) };
  reader.end();
  return request;
}

export interface CertificateRequest12 {
  /** ClientCertificateType: 1 rsa_sign, 64 ecdsa_sign. */
  readonly certificateTypes: readonly number[];
  readonly signatureAlgorithms: readonly number[];
  /** DER `Name`s. */
  readonly authorities: readonly Uint8Array[];
}

/** The whole message of TLS 1.2. */
export const encodeCertificateRequest12 = (request: CertificateRequest12): Uint8Array =>
  encodeMessage(HandshakeType.certificate_request, (writer) => {
    writer.u8List(request.certificateTypes).u16List(request.signatureAlgorithms);
    distinguishedNames.encode(writer, request.authorities);
  });

/** From the body. */
export function decodeCertificateRequest12(body: Uint8Array): CertificateRequest12 {
  const reader = new Reader(body, 'CertificateRequest');
  const request = {
    certificateTypes: reader.u8List(reader.vector8(1)),
    signatureAlgorithms: reader.u16List(reader.vector16(2)),
    authorities: reader.list(reader.vector16(), (each) => each.vector16(1)),
  };
  reader.end();
  return request;
}
