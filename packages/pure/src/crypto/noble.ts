/**
 * @module The provider for everywhere: noble alone, synchronous, no platform cryptography but a source of randomness.
 *
 * ChaCha20-Poly1305 comes first, three times as fast as AES-GCM here and without secret table indices; suites with
 * SHA-384 come last, its 64-bit words being slow in JavaScript. It verifies and never signs (ADR 0020).
 */
import { nobleVerifier } from '@ferrule/x509/crypto/noble';
import { nobleChaCha20Poly1305 } from './chacha.ts';
import { nobleAes128Gcm, nobleAes256Gcm } from './gcm.ts';
import { nobleSecp256r1, nobleSecp384r1, nobleSecp521r1, nobleX25519 } from './groups.ts';
import { nobleHashes } from './hash.ts';
import { hybridGroups, mlKem1024Group } from './hybrid.ts';
import { nobleMlKem1024, nobleMlKem768 } from './kem.ts';
import type { CryptoProvider } from './provider.ts';
import { DEFAULT_SCHEMES } from './schemes.ts';
import { suitesOf } from './suites.ts';

export type { CryptoProvider } from './provider.ts';

/** noble as the only source of cryptography. */
export const nobleCrypto: CryptoProvider = Object.freeze({
  name: 'noble 2.4.0',
  synchronous: true,
  suites: suitesOf([nobleChaCha20Poly1305, nobleAes128Gcm, nobleAes256Gcm], nobleHashes),
  groups: [
    nobleX25519,
    nobleSecp256r1,
    nobleSecp384r1,
    nobleSecp521r1,
    ...hybridGroups(nobleMlKem768, nobleX25519, nobleSecp256r1),
    mlKem1024Group(nobleMlKem1024),
  ],
  // A hybrid costs more here than the rest of the handshake; a caller may ask for it.
  defaultGroups: [nobleX25519.id, nobleSecp256r1.id, nobleSecp384r1.id, nobleSecp521r1.id],
  hashes: nobleHashes,
  verifier: nobleVerifier,
  schemes: DEFAULT_SCHEMES,
  importSigningKey: () => undefined,
  decompressors: [],
  random: (into: Uint8Array) => {
    crypto.getRandomValues(into);
  },
});
