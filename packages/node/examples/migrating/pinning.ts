/** Beside a good certificate, a key that is known: SHA-256 of the SubjectPublicKeyInfo, in base64 (RFC 7469 section 2.4). */
import { createHash, X509Certificate } from 'node:crypto';
import type { PeerCertificate } from 'node:tls';
import tls, { type TLSSocket } from '@ferrule/node/tls';

export const connect = (host: string, port: number, ca: string, pin: string): TLSSocket =>
  tls.connect({
    host,
    port,
    servername: host,
    ca,
    checkServerIdentity(name, certificate) {
      const wrongName = tls.checkServerIdentity(name, certificate);
      if (wrongName !== undefined) return wrongName;
      return pinOf(certificate) === pin ? undefined : new Error(`the key of ${name} is not the one that is pinned`);
    },
  });

const pinOf = ({ raw }: PeerCertificate): string =>
  createHash('sha256')
    .update(new X509Certificate(raw).publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64');
