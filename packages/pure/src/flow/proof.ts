/**
 * @module Proof tokens: values that only a check can mint. {@link established} takes one of each, so a handshake that
 * leaves out a check does not compile. See `proof.test.ts` for what must not.
 *
 * | token | minted by | says |
 * |---|---|---|
 * | ChainVerified | `auth/verify.ts` | the certificate belongs to the peer's name, or the caller waived it by name |
 * | SignatureVerified | `auth/verify.ts` | the peer holds its key: CertificateVerify, or TLS 1.2's ServerKeyExchange |
 * | FinishedVerified | `flow/client13.ts`, `flow/client12.ts` | both saw the same handshake |
 * | ContinuesVerified | `session/resume.ts` | a PSK or a session that such a handshake made, or a key agreed out of band |
 * | Aligned | `connection.ts` | no handshake bytes follow: keys may change (RFC 9846 section 5.1) |
 */
declare const proof: unique symbol;

export interface Proof<K extends string> {
  readonly [proof]: K;
}
export type ChainVerified = Proof<'chain'>;
export type SignatureVerified = Proof<'signature'>;
export type FinishedVerified = Proof<'finished'>;
export type ContinuesVerified = Proof<'continues'>;
export type Aligned = Proof<'aligned'>;
/** What {@link established} returns and `Effects.done` wants. */
export type Established = Proof<'established'>;

/** Only the modules in the table above call this, each for its own token; a lint rule keeps it so. */
export const mint = <K extends string>(_kind: K): Proof<K> => TOKEN as Proof<K>;
const TOKEN = Object.freeze({});

/** A full handshake: three checks. */
export function established(_chain: ChainVerified, _signature: SignatureVerified, _finished: FinishedVerified): Established {
  return mint('established');
}

/** A resumed one: the identity is that of the session; only Finished is new. */
export function resumed(_continues: ContinuesVerified, _finished: FinishedVerified): Established {
  return mint('established');
}
