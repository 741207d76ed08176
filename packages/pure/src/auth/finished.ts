/** @module Did both see the same handshake? Finished of the server: RFC 9846 section 4.5.3, RFC 5246 section 7.4.9. */
import { secretsEqual } from '@ferrule/result/bytes';
import { fail } from '../reason.ts';

class FinishedProof {
  protected readonly finished = true;
}
/** A proof token, see `flow/proof.ts`: made by {@link verifyFinished} alone. */
export type FinishedVerified = FinishedProof;

/** @throws TlsError PEER_BAD_FINISHED */
export function verifyFinished(received: Uint8Array, expected: Uint8Array): FinishedVerified {
  if (!secretsEqual(received, expected)) throw fail('PEER_BAD_FINISHED');
  return new FinishedProof();
}
