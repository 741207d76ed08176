/** @module Peers that speak something else than TLS, told apart by their first bytes. */
import { foreignPeer } from '@ferrule/ssl';
import { fail } from '../reason.ts';

/**
 * Names what the peer speaks. `bytes` is what came first, at least a record header's length.
 *
 * @throws TlsError HTTP_REQUEST, PLAINTEXT_PEER or WRONG_VERSION_NUMBER, always.
 */
export function refuseForeign(bytes: Uint8Array): never {
  const { code, message } = foreignPeer(bytes);
  throw fail(code, message);
}
