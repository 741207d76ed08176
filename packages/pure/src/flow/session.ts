/** @module A session for the caller to keep: what both versions put into it. */
import { sessionExpiry } from '@ferrule/ssl/session-binding';
import type { Effects } from '../effects.ts';
import { offeringOf } from '../session/resume.ts';
import { Session, type SessionFields } from '../session/session.ts';
import { verifiedUntil } from '../session/validity.ts';

/** What the versions do not have in common. */
export type OwnFields = Pick<
  SessionFields,
  | 'version'
  | 'cipherSuite'
  | 'host'
  | 'secret'
  | 'ticket'
  | 'sessionId'
  | 'ageAdd'
  | 'maxEarlyData'
  | 'extendedMasterSecret'
>;

/** @param lifetime - seconds that the server allows. */
export function giveSession(effects: Effects, lifetime: number, own: OwnFields): void {
  const { config, hs } = effects;
  const { facts } = effects.negotiated;
  // RFC 9849 section 6.1.6: a handshake that rejects ECH has proved the public name, and leaves nothing but retry
  // configurations.
  if (facts.ech === 'rejected') return;
  const receivedAt = config.now();
  hs.session(
    new Session(
      {
        ...own,
        alpn: facts.alpn,
        binding: offeringOf(config).binding,
        receivedAt,
        expiresAt: sessionExpiry(receivedAt, lifetime, verifiedUntil(config, facts, receivedAt)),
        group: facts.group,
        peerSignatureAlgorithm: facts.peerSignatureAlgorithm,
        peerCertificates: facts.peerCertificates ?? [],
        peerRawPublicKey: facts.peerRawPublicKey,
        verifiedChain: facts.verifiedChain,
        verifyResult: facts.verifyResult ?? 0,
        ocspResponse: facts.ocspResponse,
        signedCertificateTimestamps: facts.signedCertificateTimestamps,
      },
      config.provider.hashes.sha256,
    ),
  );
}
