/**
 * @module The cipher suites that any provider offers, from its AEADs and hashes (RFC 9846 appendix B.4, RFC 5289, RFC
 * 7905).
 */
import type { AeadAlgorithm, CipherSuite, Hash, HashName } from './provider.ts';

type AeadName = AeadAlgorithm['name'];

const ROWS: Readonly<
  Record<AeadName, { readonly hash: HashName; readonly tls13: Row; readonly ecdsa: Row; readonly rsa: Row }>
> = {
  'AES-128-GCM': {
    hash: 'sha256',
    tls13: [0x1301, 'TLS_AES_128_GCM_SHA256'],
    ecdsa: [0xc02b, 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'],
    rsa: [0xc02f, 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'],
  },
  'AES-256-GCM': {
    hash: 'sha384',
    tls13: [0x1302, 'TLS_AES_256_GCM_SHA384'],
    ecdsa: [0xc02c, 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'],
    rsa: [0xc030, 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384'],
  },
  'ChaCha20-Poly1305': {
    hash: 'sha256',
    tls13: [0x1303, 'TLS_CHACHA20_POLY1305_SHA256'],
    ecdsa: [0xcca9, 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256'],
    rsa: [0xcca8, 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256'],
  },
};
type Row = readonly [id: number, name: string];

/**
 * All suites of the given AEADs in their order: those of TLS 1.3 first, then those of TLS 1.2 with ECDSA before RSA.
 */
export function suitesOf(
  aeads: readonly AeadAlgorithm[],
  hashes: Readonly<Record<HashName, Hash>>,
): readonly CipherSuite[] {
  const tls13 = aeads.map((aead): CipherSuite => {
    const {
      hash,
      tls13: [id, name],
    } = ROWS[aead.name];
    return { id, name, version: 'TLSv1.3', aead, hash: hashes[hash] };
  });
  const tls12 = aeads.flatMap((aead) =>
    (['ecdsa', 'rsa'] as const).map((authentication): CipherSuite => {
      const {
        hash,
        [authentication]: [id, name],
      } = ROWS[aead.name];
      return { id, name, version: 'TLSv1.2', aead, hash: hashes[hash], authentication };
    }),
  );
  return Object.freeze([...tls13, ...tls12]);
}

/**
 * Records under one key, RFC 9846 section 5.5: 2^24.5 for AES-GCM. ChaCha20-Poly1305 has no such limit of its own; its
 * 2^48 is beyond what any connection carries and keeps the count exact in a double.
 */
export const RECORD_LIMIT: Readonly<Record<AeadName, number>> = {
  'AES-128-GCM': Math.floor(2 ** 24.5),
  'AES-256-GCM': Math.floor(2 ** 24.5),
  'ChaCha20-Poly1305': 2 ** 48,
};

export const KEY_LENGTH: Readonly<Record<AeadName, number>> = {
  'AES-128-GCM': 16,
  'AES-256-GCM': 32,
  'ChaCha20-Poly1305': 32,
};
