/** @module A session for the caller to keep: what both versions put into it. */
import type { Effects } from '../effects.ts';
import { expiry, trustDigest } from '../session/resume.ts';
import { Session, type SessionFields } from '../session/session.ts';

/** What the versions do not have in common. */
export type OwnFields = Pick<SessionFields, 'version' | 'cipherSuite' | 'host' | 'secret' | 'ticket' | 'sessionId' | 'ageAdd' | 'maxEarlyData' | 'extendedMasterSecret'>;

/** @param lifetime - seconds that the server allows. */
export function giveSession({ config, facts, session }: Effects, lifetime: number, own: OwnFields): void {
  const receivedAt = config.now();
  session(
    new Session(
      {
        ...own,
        alpn: facts.alpn,
        configuration: trustDigest(config),
        receivedAt,
        expiresAt: expiry(receivedAt, lifetime),
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
