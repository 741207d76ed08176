/** @module What client libraries ask of a `tls.TLSSocket`, answered from the facts of an Ssl. */
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

export function peerX509(ssl: Ssl): X509Certificate | undefined {
  const chain = (ssl.verifiedChain ?? ssl.peerCertificates).map((der) => new X509Certificate(der));
  // X509Certificate has the property, and nothing that sets it, before Node 26
  chain.forEach((certificate, index) => {
    const issuer = chain[index + 1];
    if (issuer !== undefined) Object.defineProperty(certificate, 'issuerCertificate', { value: issuer });
  });
  return chain[0];
}

export function ownX509(ssl: Ssl): X509Certificate | undefined {
  const leaf = ssl.clientCredential?.chain[0];
  return leaf && new X509Certificate(leaf);
}

/** `getPeerCertificate`: node's legacy object; with `detailed` each has its issuer, the last one itself. */
export function peerCertificateOf(
  ssl: Ssl,
  detailed: boolean,
): PeerCertificate | DetailedPeerCertificate | Record<string, never> {
  const chain = (detailed ? (ssl.verifiedChain ?? ssl.peerCertificates) : ssl.peerCertificates.slice(0, 1)).map(
    (der) => new X509Certificate(der).toLegacyObject() as DetailedPeerCertificate,
  );
  if (detailed)
    chain.forEach((certificate, index) => (certificate.issuerCertificate = chain[index + 1] ?? certificate));
  return chain[0] ?? {};
}
