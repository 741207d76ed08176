/** @module ClientKeyExchange for ECDHE, RFC 8422 section 5.7. */
import { HandshakeType } from '@ferrule/result/numbers';
import { encodeMessage } from './message.ts';
import { Reader } from './read.ts';

/** The whole message around the client's public key. */
export const encodeClientKeyExchange = (publicKey: Uint8Array): Uint8Array =>
  encodeMessage(HandshakeType.client_key_exchange, (writer) => writer.vector8(publicKey));

/** From the body: the public key. */
export function decodeClientKeyExchange(body: Uint8Array): Uint8Array {
  const reader = new Reader(body, 'ClientKeyExchange');
  const publicKey = reader.vector8(1);
  reader.end();
  return publicKey;
}
