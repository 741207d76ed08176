/** @module SHA-2 and HMAC by noble: what every provider without a synchronous native hash uses. */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { ownMemory } from '../keys/secret.ts';
import type { Hash, HashName, HashState } from './provider.ts';

export const nobleHashes: Readonly<Record<HashName, Hash>> = Object.freeze({
  sha256: hash('sha256', sha256),
  sha384: hash('sha384', sha384),
  sha512: hash('sha512', sha512),
});

type NobleHash = typeof sha256 | typeof sha384 | typeof sha512;
interface NobleState {
  update(data: Uint8Array): unknown;
  digest(): Uint8Array;
  clone(): NobleState;
}

function hash(name: HashName, noble: NobleHash): Hash {
  return Object.freeze({
    name,
    size: noble.outputLen,
    create: () => state(noble.create()),
    digest: (data: Uint8Array) => noble(data),
    hmac(key: Uint8Array, data: Uint8Array) {
      const out = ownMemory(noble.outputLen);
      hmac.create(noble, key).update(data).digestInto(out);
      return out;
    },
  });
}

function state(noble: NobleState): HashState {
  return {
    update(data) {
      noble.update(data);
    },
    clone: () => state(noble.clone()),
    // noble's digest() ends the object, so the fork is what is ended.
    digest: () => noble.clone().digest(),
  };
}
