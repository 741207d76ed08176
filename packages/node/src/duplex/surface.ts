/** @module The facts of an Ssl in the form of `tls.TLSSocket`. */
import { X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate, EphemeralKeyInfo, PeerCertificate } from 'node:tls';
import type { Ssl } from '@ferrule/contract';
import { cipherSuiteName } from '@ferrule/result/names';
import { opensslSuiteName } from '../suite-names.ts';

/** NamedGroup: type and name as `getEphemeralKeyInfo` gives them, and bits. */
const GROUPS: Readonly<Record<number, EphemeralKeyInfo>> = {
  0x0017: { type: 'ECDH', name: 'prime256v1', size: 256 },
  0x0018: { type: 'ECDH', name: 'secp384r1', size: 384 },
  0x0019: { type: 'ECDH', name: 'secp521r1', size: 521 },
  0x001d: { type: 'ECDH', name: 'X25519', size: 253 },
  0x001e: { type: 'ECDH', name: 'X448', size: 448 },
};

export interface CipherInfo {
  readonly name: string;
  readonly standardName: string;
  readonly version: string;
}

export function cipherOf(ssl: Ssl): CipherInfo | undefined {
  const { cipherSuite, version } = ssl;
  if (cipherSuite === undefined || version === undefined) return undefined;
  return { name: opensslSuiteName(cipherSuite), standardName: cipherSuiteName(cipherSuite), version };
}

export const ephemeralKeyOf = (ssl: Ssl): EphemeralKeyInfo | Record<string, never> =>
  ssl.group === undefined ? {} : (GROUPS[ssl.group] ?? {});

/** The leaf and its issuers: as verified, otherwise as far as the sent certificates allow. */
function pathOf({ verifiedChain, peerCertificates }: Ssl): readonly X509Certificate[] {
  if (verifiedChain !== undefined) return verifiedChain.map((der) => new X509Certificate(der));
  const [leaf, ...others] = peerCertificates.flatMap(certificateIn);
  if (leaf === undefined) return [];
  const path = [leaf];
  for (let last = leaf, issuer; (issuer = others.find((each) => last.checkIssued(each))); last = issuer) {
    others.splice(others.indexOf(issuer), 1);
    path.push(issuer);
  }
  return path;
}

/** Empty if it is not a certificate. */
function certificateIn(der: Uint8Array): X509Certificate[] {
  try {
    return [new X509Certificate(der)];
  } catch {
    return [];
  }
}

export function peerX509(ssl: Ssl): X509Certificate | undefined {
  const path = pathOf(ssl);
  // X509Certificate has the property, but no setter before Node 26
  path.forEach((certificate, index) => {
    const issuer = path[index + 1];
    if (issuer !== undefined) Object.defineProperty(certificate, 'issuerCertificate', { value: issuer });
  });
  return path[0];
}

export function ownX509(ssl: Ssl): X509Certificate | undefined {
  const leaf = ssl.clientCredential?.chain[0];
  return leaf && new X509Certificate(leaf);
}

/**
 * `getPeerCertificate`: node's legacy object; with `detailed` each has its issuer if known, a self-issued certificate
 * itself.
 */
export function peerCertificateOf(
  ssl: Ssl,
  detailed: boolean,
): PeerCertificate | DetailedPeerCertificate | Record<string, never> {
  const path = detailed ? pathOf(ssl) : ssl.peerCertificates.slice(0, 1).flatMap(certificateIn);
  const legacy = path.map((each) => each.toLegacyObject() as DetailedPeerCertificate);
  if (detailed)
    legacy.forEach((certificate, index) => {
      const issuer = legacy[index + 1] ?? (path[index]?.checkIssued(path[index]) ? certificate : undefined);
      if (issuer !== undefined) certificate.issuerCertificate = issuer;
    });
  return legacy[0] ?? {};
}
