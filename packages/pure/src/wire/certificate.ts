/**
 * @module Certificate of TLS 1.3 (RFC 9846 section 4.5.1) and of TLS 1.2 (RFC 5246 section 7.4.2), X.509 or raw keys
 * (RFC 7250).
 */
import { HandshakeType } from '@ferrule/result/numbers';
import type { Extension } from './extension-values.ts';
import { readExtensions, writeExtensions } from './extensions.ts';
import { encodeMessage } from './message.ts';
import { Reader } from './read.ts';

export interface CertificateEntry {
  /** DER certificate, or SubjectPublicKeyInfo where raw public keys were agreed on. */
  readonly data: Uint8Array;
  readonly extensions: readonly Extension[];
}

export interface Certificate {
  /** `certificate_request_context`: empty from a server, 0 to 255 bytes. */
  readonly context: Uint8Array;
  /** Leaf first; may be empty from a client. */
  readonly entries: readonly CertificateEntry[];
}

/** The whole message. */
export const encodeCertificate = (certificate: Certificate): Uint8Array =>
  encodeMessage(
    HandshakeType.certificate,
    (writer) => {
      writer.vector8(certificate.context).vector24(() => {
        for (const { data, extensions } of certificate.entries) writeExtensions(writer.vector24(data), extensions);
      });
    },
    4096,
  );

/** From the body. */
export function decodeCertificate(body: Uint8Array): Certificate {
  const reader = new Reader(body, 'Certificate');
  const context = reader.vector8();
  const entries = reader.list(reader.vector24(), (each) => ({
    data: each.vector24(1),
    extensions: readExtensions(each),
  }));
  reader.end();
  return { context, entries };
}

/** The whole message of TLS 1.2; leaf first, may be empty from a client. */
export const encodeCertificate12 = (chain: readonly Uint8Array[]): Uint8Array =>
  encodeMessage(
    HandshakeType.certificate,
    (writer) => writer.vector24(() => chain.forEach((each) => writer.vector24(each))),
    4096,
  );

/** From the body. */
export function decodeCertificate12(body: Uint8Array): Uint8Array[] {
  const reader = new Reader(body, 'Certificate');
  const chain = reader.list(reader.vector24(), (each) => each.vector24(1));
  reader.end();
  return chain;
}

/** From the body: a raw public key of TLS 1.2 stands without a list around it (RFC 7250 section 3). */
export function decodeRawPublicKey12(body: Uint8Array): Uint8Array {
  const reader = new Reader(body, 'Certificate');
  const key = reader.vector24(1);
  reader.end();
  return key;
}

/** The whole message of TLS 1.2 with a raw public key, or none. */
export const encodeRawPublicKey12 = (key: Uint8Array): Uint8Array =>
  encodeMessage(HandshakeType.certificate, (writer) => writer.vector24(key));
