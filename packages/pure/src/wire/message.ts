/** @module The header that every handshake message has (RFC 9846 section 4): a type and a 24-bit length. */
import { Writer } from './write.ts';

/** Bytes before the body. */
export const HEADER_LENGTH = 4;

/** A whole handshake message, header included: what goes into the transcript and onto the wire. */
export function encodeMessage(type: number, body: (writer: Writer) => void, room = 256): Uint8Array {
  const writer = new Writer(room).u8(type);
  writer.vector24(() => body(writer));
  return writer.finish();
}
