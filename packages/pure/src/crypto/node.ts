/**
 * @module The provider on `node:crypto`: synchronous, KeyObjects throughout. From Node 24 on a raw key costs more at
 * each use than the record that it seals.
 */
import {
  type CipherGCMTypes,
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSecretKey,
  randomFillSync,
  type Hash as NodeHash,
} from 'node:crypto';
import { nodeVerifier } from '@ferrule/x509/crypto/node';
import { PlatformKey } from '../keys/secret.ts';
import { plain, release } from './node-bytes.ts';
import { nodeDecompressors } from './node-decompress.ts';
import { nodeGroups } from './node-groups.ts';
import { nodeSigningKey } from './node-sign.ts';
import type { AeadAlgorithm, CryptoProvider, Hash, HashName, HashState, SyncAead } from './provider.ts';
import { DEFAULT_SCHEMES } from './schemes.ts';
import { KEY_LENGTH, RECORD_LIMIT, suitesOf } from './suites.ts';

export type { CryptoProvider } from './provider.ts';

const TAG_LENGTH = 16;

// From Node 23 on a raw key costs createHmac several times what making a KeyObject does; before, it is the cheaper one.
const SLOW_RAW_KEYS = Number.parseInt(process.versions.node, 10) >= 23;

function random(into: Uint8Array): void {
  randomFillSync(into);
}

const hashes: Readonly<Record<HashName, Hash>> = Object.freeze({
  sha256: hashOf('sha256', 32),
  sha384: hashOf('sha384', 48),
  sha512: hashOf('sha512', 64),
});

/** `node:crypto` for everything that it has; ML-KEM by noble before Node 24.7. */
export const nodeCrypto: CryptoProvider = Object.freeze({
  name: 'node:crypto',
  synchronous: true,
  suites: suitesOf(
    [
      aead('AES-128-GCM', 'aes-128-gcm'),
      aead('AES-256-GCM', 'aes-256-gcm'),
      aead('ChaCha20-Poly1305', 'chacha20-poly1305'),
    ].filter(isThere),
    hashes,
  ),
  ...nodeGroups(random),
  hashes,
  verifier: nodeVerifier,
  schemes: DEFAULT_SCHEMES,
  importSigningKey: nodeSigningKey,
  decompressors: nodeDecompressors,
  random,
});

/** OpenSSL under FIPS has no ChaCha20-Poly1305, nor has Bun. */
function isThere({ keyLength, key }: AeadAlgorithm): boolean {
  try {
    const aead = key(new Uint8Array(keyLength)) as SyncAead;
    return aead.seal(new Uint8Array(12), new Uint8Array(5), new Uint8Array(0), new Uint8Array(TAG_LENGTH)).length > 0;
  } catch {
    return false;
  }
}

function hashOf(name: HashName, size: number): Hash {
  return Object.freeze({
    name,
    size,
    create: () => state(createHash(name)),
    digest: (data: Uint8Array) => plain(createHash(name).update(data).digest()),
    hmac: (key: Uint8Array, data: Uint8Array) =>
      plain(
        createHmac(name, SLOW_RAW_KEYS ? createSecretKey(key) : key)
          .update(data)
          .digest(),
      ),
  });
}

function state(node: NodeHash): HashState {
  return {
    update(data) {
      node.update(data);
    },
    clone: () => state(node.copy()),
    digest: () => plain(node.copy().digest()),
  };
}

function aead(name: AeadAlgorithm['name'], openssl: string): AeadAlgorithm {
  // node:crypto types its AEADs apart; at run time they are used alike.
  const cipher = openssl as CipherGCMTypes;
  // GCM has this length by default, and is faster without options.
  const options = name === 'ChaCha20-Poly1305' ? { authTagLength: TAG_LENGTH } : undefined;
  const key = (bytes: Uint8Array): SyncAead => {
    const secret = new PlatformKey(createSecretKey(bytes));
    return {
      sync: true,
      seal(nonce, aad, content, out) {
        const seal = createCipheriv(cipher, secret.key, nonce, options);
        seal.setAAD(aad);
        const sealed = seal.update(content);
        out.set(sealed);
        release(sealed);
        seal.final();
        out.set(seal.getAuthTag(), content.length);
        return out.subarray(0, content.length + TAG_LENGTH);
      },
      open(nonce, aad, sealed, out) {
        const length = sealed.length - TAG_LENGTH;
        if (length < 0) return null;
        const open = createDecipheriv(cipher, secret.key, nonce, options);
        open.setAAD(aad);
        open.setAuthTag(sealed.subarray(length));
        const opened = open.update(sealed.subarray(0, length));
        try {
          open.final();
        } catch {
          return null;
        }
        out.set(opened);
        release(opened);
        return out.subarray(0, length);
      },
      dispose: () => secret.dispose(),
    };
  };
  return Object.freeze({ name, keyLength: KEY_LENGTH[name], constantTime: true, recordLimit: RECORD_LIMIT[name], key });
}
