/**
 * @module Cryptography that costs nothing and protects nothing, as in a fuzzer build: every hash is the same,
 * ciphertext is the plaintext, every signature is right. Whatever a fuzzer makes of the bytes reaches the code behind
 * the AEAD, behind CertificateVerify and behind Finished. A few values fail, so that the code for failures is reached
 * too.
 */
import type { Aead, AeadAlgorithm, AsyncAead, CryptoProvider, Group, Hash, SyncAead } from '@ferrule/pure';
import { nodeCrypto } from '@ferrule/pure/crypto/node';

const TAG_LENGTH = 16;
/** As the first byte of a share, or the last of a ciphertext: not a good one. */
const BAD = 0xff;
/** What every MAC consists of. */
export const MAC_BYTE = 9;

/** `key_exchange` of RFC 9846 section 4.3.8 and draft-ietf-tls-ecdhe-mlkem, bytes of the client's. */
const SHARE_LENGTH: Readonly<Record<number, number>> = {
  0x0017: 65,
  0x0018: 97,
  0x0019: 133,
  0x001d: 32,
  0x001e: 56,
  0x11eb: 1249,
  0x11ec: 1216,
};

export function freeCrypto(random: (into: Uint8Array) => void): CryptoProvider {
  return {
    ...nodeCrypto,
    name: 'nothing at all',
    suites: nodeCrypto.suites.map((suite) => ({ ...suite, aead: freeAead(suite.aead), hash: HASHES[suite.hash.name] })),
    groups: nodeCrypto.groups.map(freeGroup),
    hashes: HASHES,
    verifier: {
      ...nodeCrypto.verifier,
      name: 'says yes',
      verify: (_algorithm, _spki, _message, signature) => signature.length > 1,
    },
    importSigningKey: () => ({ schemes: [0x0403], sign: () => new Uint8Array(70).fill(4) }),
    random,
  };
}

/** The same, answering later: every promise that an engine may have to wait for. */
export function freeCryptoLater(random: (into: Uint8Array) => void): CryptoProvider {
  const crypto = freeCrypto(random);
  return {
    ...crypto,
    synchronous: false,
    suites: crypto.suites.map((suite) => ({
      ...suite,
      aead: { ...suite.aead, key: (bytes) => aeadLater(suite.aead.key(bytes)) },
    })),
    groups: crypto.groups.map((group) => ({
      ...group,
      keyShare: async (fill) => {
        const share = await group.keyShare(fill);
        return { ...share, derive: async (peer) => share.derive(peer) };
      },
    })),
    verifier: { ...crypto.verifier, verify: async (...signature) => crypto.verifier.verify(...signature) },
    importSigningKey: async (pkcs8) => {
      const key = await crypto.importSigningKey(pkcs8);
      return key && { ...key, sign: async (scheme, message) => key.sign(scheme, message) };
    },
  };
}

function aeadLater(now: Aead): AsyncAead {
  if (!now.sync) throw new Error('it answers later as it is');
  return {
    sync: false,
    depth: 4,
    seal: async (nonce, aad, plain) => now.seal(nonce, aad, plain.slice(), new Uint8Array(plain.length + TAG_LENGTH)),
    open: async (nonce, aad, cipher) => now.open(nonce, aad, cipher.slice(), new Uint8Array(cipher.length)),
    dispose: () => now.dispose(),
  };
}

const HASHES: CryptoProvider['hashes'] = {
  sha256: freeHash('sha256', 32),
  sha384: freeHash('sha384', 48),
  sha512: freeHash('sha512', 64),
};

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
    open: (_nonce, _aad, cipher) =>
      cipher.length < TAG_LENGTH || cipher.at(-1) === BAD ? null : cipher.slice(0, cipher.length - TAG_LENGTH),
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
