/**
 * @module Cryptography that costs nothing and protects nothing, as in a fuzzer build: every hash is the same, ciphertext is
 * the plaintext, every signature is right. Whatever a fuzzer makes of the bytes reaches the code behind the AEAD, behind
 * CertificateVerify and behind Finished. A few values fail, so that the code for failures is reached too.
 */
import type { AeadAlgorithm, CryptoProvider, Group, Hash, SyncAead } from '@ferrule/pure';
import { nodeCrypto } from '@ferrule/pure/crypto/node';

const TAG_LENGTH = 16;
/** As the first byte of a share, or the last of a ciphertext: not a good one. */
const BAD = 0xff;
/** What every MAC consists of. */
export const MAC_BYTE = 9;

/** `key_exchange` of RFC 9846 section 4.2.8 and draft-ietf-tls-ecdhe-mlkem, bytes of the client's. */
const SHARE_LENGTH: Readonly<Record<number, number>> = { 0x0017: 65, 0x0018: 97, 0x0019: 133, 0x001d: 32, 0x001e: 56, 0x11eb: 1249, 0x11ec: 1216 };

export function freeCrypto(random: (into: Uint8Array) => void): CryptoProvider {
  return {
    ...nodeCrypto,
    name: 'nothing at all',
    suites: nodeCrypto.suites.map((suite) => ({ ...suite, aead: freeAead(suite.aead), hash: HASHES[suite.hash.name] })),
    groups: nodeCrypto.groups.map(freeGroup),
    hashes: HASHES,
    verifier: { ...nodeCrypto.verifier, name: 'says yes', verify: (_algorithm, _spki, _message, signature) => signature.length > 1 },
    importSigningKey: () => ({ schemes: [0x0403], sign: () => new Uint8Array(70).fill(4) }),
    random,
  };
}

const HASHES: CryptoProvider['hashes'] = { sha256: freeHash('sha256', 32), sha384: freeHash('sha384', 48), sha512: freeHash('sha512', 64) };

function freeHash(name: Hash['name'], size: number): Hash {
  const digest = (): Uint8Array => new Uint8Array(size).fill(7);
  const state: ReturnType<Hash['create']> = { update: () => undefined, clone: () => state, digest };
  return { name, size, create: () => state, digest, hmac: () => new Uint8Array(size).fill(MAC_BYTE) };
}

function freeAead(real: AeadAlgorithm): AeadAlgorithm {
  const key = (): SyncAead => ({
    sync: true,
    seal(_nonce, _aad, plain, out) {
      out.set(plain);
      out.fill(0, plain.length, plain.length + TAG_LENGTH);
      return out.subarray(0, plain.length + TAG_LENGTH);
    },
    open: (_nonce, _aad, cipher) => (cipher.length < TAG_LENGTH || cipher.at(-1) === BAD ? null : cipher.slice(0, cipher.length - TAG_LENGTH)),
    dispose: () => undefined,
  });
  return { ...real, key };
}

function freeGroup(real: Group): Group {
  return {
    ...real,
    keyShare: () => ({
      publicKey: new Uint8Array(SHARE_LENGTH[real.id] ?? 32).fill(5),
      derive: (peer) => (peer.length === 0 || peer[0] === BAD ? null : new Uint8Array(32).fill(3)),
      dispose: () => undefined,
    }),
  };
}
