/** @module Finished, RFC 9846 section 4.5.3, RFC 5246 section 7.4.9. */
import { HandshakeType } from '@ferrule/result/numbers';
import { encodeMessage } from './message.ts';

/**
 * The whole message. Its body is `verify_data` and nothing else; a length that is not the hash's simply does not match.
 */
export const encodeFinished = (verifyData: Uint8Array): Uint8Array =>
  encodeMessage(HandshakeType.finished, (writer) => writer.bytes(verifyData), 64);
