/**
 * @module Proof tokens: values that only a check can make. {@link established} takes one of each, so a handshake that
 * leaves out a check does not compile. Each check's module has a class of its own that it does not export, and a lint
 * rule refuses to assert a token's type. See `proof.test.ts` for what must not compile.
 *
 * | token | made by | says |
 * |---|---|---|
 * | ChainVerified | `auth/verify.ts` | the certificate belongs to the peer's name, or the caller waived it by name |
 * | SignatureVerified | `auth/verify.ts` | the peer holds its key: CertificateVerify, or TLS 1.2's ServerKeyExchange |
 * | FinishedVerified | `auth/finished.ts` | both saw the same handshake |
 * | ContinuesVerified | `session/resume.ts` | a PSK or a session that such a handshake made, or a key agreed out of band |
 * | Aligned | `records.ts` | no handshake bytes follow: keys may change (RFC 9846 section 5.1) |
 */
import type { FinishedVerified } from '../auth/finished.ts';
import type { ChainVerified, SignatureVerified } from '../auth/verify.ts';
import type { ContinuesVerified } from '../session/resume.ts';

class EstablishedProof {
  protected readonly established = true;
}
/** What {@link established} and {@link resumed} return and `Effects.done` wants. */
export type Established = EstablishedProof;

/** A full handshake: three checks. */
export function established(
  _chain: ChainVerified,
  _signature: SignatureVerified,
  _finished: FinishedVerified,
): Established {
  return new EstablishedProof();
}

/** A resumed one: the identity is that of the session; only Finished is new. */
export function resumed(_continues: ContinuesVerified, _finished: FinishedVerified): Established {
  return new EstablishedProof();
}
