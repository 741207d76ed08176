/** @module CompressedCertificate, RFC 8879 section 4. */
import { HandshakeType } from '@ferrule/result/numbers';
import { encodeMessage } from './message.ts';
import { Reader } from './read.ts';

export interface CompressedCertificate {
  readonly algorithm: number;
  /** Bytes of the Certificate message's body. */
  readonly uncompressedLength: number;
  readonly compressed: Uint8Array;
}

/** The whole message. */
export const encodeCompressedCertificate = (message: CompressedCertificate): Uint8Array =>
  encodeMessage(
    HandshakeType.compressed_certificate,
    (writer) => writer.u16(message.algorithm).u24(message.uncompressedLength).vector24(message.compressed),
    4096,
  );

/** From the body. */
export function decodeCompressedCertificate(body: Uint8Array): CompressedCertificate {
  const reader = new Reader(body, 'CompressedCertificate');
  const message = { algorithm: reader.u16(), uncompressedLength: reader.u24(), compressed: reader.vector24(1) };
  reader.end();
  return message;
}
