/**
 * @module noble's provider with kernels of our own, in plain JavaScript, where it costs the most: X25519, ECDSA on
 * P-256 and P-384 and ChaCha20-Poly1305, two to six times as fast, and AES-GCM, which looks nothing up by a secret
 * here.
 *
 * They are tested against noble and Wycheproof, but nobody from outside has audited them as noble was: a choice for
 * those whom noble is too slow for, not the default (ADR 0025).
 */
import { nobleChaCha20Poly1305 } from './chacha.ts';
import { nobleAes128Gcm, nobleAes256Gcm } from './gcm.ts';
import { nobleSecp256r1, nobleSecp384r1, nobleSecp521r1 } from './groups.ts';
import { nobleHashes } from './hash.ts';
import { hybridGroups, mlKem1024Group } from './hybrid.ts';
import { nobleMlKem1024, nobleMlKem768 } from './kem.ts';
import { nobleCrypto } from './noble.ts';
import type { CryptoProvider } from './provider.ts';
import { suitesOf } from './suites.ts';
import { tunedChaCha20Poly1305 } from './tuned-chacha.ts';
import { tunedAes128Gcm, tunedAes256Gcm } from './tuned-gcm.ts';
import { tunedVerifier } from './tuned-verify.ts';
import { tunedX25519 } from './tuned-x25519.ts';

export type { CryptoProvider } from './provider.ts';

// The ciphers work on words in memory, as this machine lays them out.
const littleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** noble with faster primitives of our own. It neither signs nor waits, like {@link nobleCrypto}. */
export const tunedCrypto: CryptoProvider = Object.freeze({
  ...nobleCrypto,
  name: `tuned + ${nobleCrypto.name}`,
  suites: suitesOf(
    littleEndian
      ? [tunedChaCha20Poly1305, tunedAes128Gcm, tunedAes256Gcm]
      : [nobleChaCha20Poly1305, nobleAes128Gcm, nobleAes256Gcm],
    nobleHashes,
  ),
  groups: [
    tunedX25519,
    nobleSecp256r1,
    nobleSecp384r1,
    nobleSecp521r1,
    ...hybridGroups(nobleMlKem768, tunedX25519, nobleSecp256r1),
    mlKem1024Group(nobleMlKem1024),
  ],
  verifier: tunedVerifier,
});
