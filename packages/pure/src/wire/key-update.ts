/** @module KeyUpdate, RFC 9846 section 4.7.3. */
import { HandshakeType, KeyUpdateRequest } from '@ferrule/result/numbers';
import { fail } from '../reason.ts';
import { encodeMessage } from './message.ts';
import { Reader } from './read.ts';

/** The whole message; `requestPeer` asks the peer to update its keys too. */
export const encodeKeyUpdate = (requestPeer: boolean): Uint8Array =>
  encodeMessage(
    HandshakeType.key_update,
    (writer) => writer.u8(requestPeer ? KeyUpdateRequest.update_requested : KeyUpdateRequest.update_not_requested),
    8,
  );

/** From the body: whether the peer asks us to update ours. @throws TlsError ILLEGAL_PARAMETER for any other value. */
export function decodeKeyUpdate(body: Uint8Array): boolean {
  const reader = new Reader(body, 'KeyUpdate');
  const request = reader.u8();
  reader.end();
  if (request > KeyUpdateRequest.update_requested)
    throw fail('ILLEGAL_PARAMETER', `KeyUpdate with request_update ${request}`);
  return request === KeyUpdateRequest.update_requested;
}
