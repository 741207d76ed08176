/**
 * @module Signature checks by WebCrypto, wherever it has the algorithm; otherwise @noble/curves, loaded on demand
 * (Ed448 and ML-DSA everywhere, Ed25519 in older browsers, id-RSASSA-PSS keys, non-NIST curves, SHA-224, SHA-3, PSS
 * with a different mask). Asynchronous.
 */
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { DerReader } from '../der.ts';
import { fits, isRare, parsePublicKey, type PublicKey } from '../public-key.ts';
import type { SignatureAlgorithm, SignatureHash, SignatureVerifier } from '../signature.ts';
import { fitsModulus, rsaWithinBounds } from './rsa.ts';
import * as Tag from '../tag.ts';

/** The parts of `crypto.subtle` used; `CryptoKey`s are opaque here. */
interface Subtle {
  importKey(
    format: 'spki',
    key: Uint8Array,
    algorithm: object,
    extractable: boolean,
    usages: readonly string[],
  ): Promise<object>;
  verify(algorithm: object, key: object, signature: Uint8Array, data: Uint8Array): Promise<boolean>;
}

const DIGESTS = { sha1, sha256, sha384, sha512 };
/** The hashes that WebCrypto supports. */
const HASH: Readonly<Partial<Record<SignatureHash, string>>> = {
  sha256: 'SHA-256',
  sha384: 'SHA-384',
  sha512: 'SHA-512',
};

/** Limit of cached imported keys, by algorithm and SubjectPublicKeyInfo. */
const MAX_KEYS = 256;
const keys = new Map<string, Promise<object>>();

export const webcryptoVerifier: SignatureVerifier = {
  name: 'WebCrypto',
  verify: async (algorithm, spki, message, signature) => {
    const { subtle } = (globalThis as { crypto?: { subtle?: Subtle } }).crypto ?? {};
    const key = readKey(spki);
    if (!key || !fits(algorithm, key) || !fitsModulus(algorithm, key, signature)) return false;
    const params = subtle && paramsOf(algorithm, key);
    if (!params) return await byNoble(algorithm, spki, message, signature);
    try {
      return await byPlatform(subtle, params, key, spki, message, signature);
    } catch (error) {
      if ((error as { name?: string }).name === 'NotSupportedError')
        return await byNoble(algorithm, spki, message, signature);
      // An invalid key, or a salt too long for the key: if it also throws for good ones, it does not support the
      // algorithm.
      if (await knows(subtle, algorithm, key)) return false;
      throw error;
    }
  },
  digest: (hash, data) => DIGESTS[hash](data),
};

interface Params {
  readonly import: object;
  readonly verify: object;
}

async function byPlatform(
  subtle: Subtle,
  params: Params,
  key: PublicKey,
  spki: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const raw = key.kind === 'ec' ? rawEcdsa(signature, (key.bits + 7) >> 3) : signature;
  return raw !== undefined && subtle.verify(params.verify, await importKey(subtle, params.import, spki), raw, message);
}

/** Whether a known good signature is accepted. */
async function knows(subtle: Subtle, algorithm: SignatureAlgorithm, key: PublicKey): Promise<boolean> {
  const { knownAnswer } = await import('./known-answers.ts');
  const known = knownAnswer(algorithm, key);
  const params = known && paramsOf(known.algorithm, key);
  if (known === undefined || params === undefined) return false;
  try {
    return await byPlatform(subtle, params, key, known.spki, known.message, known.signature);
  } catch {
    return false;
  }
}

const byNoble = async (...check: Parameters<SignatureVerifier['verify']>): Promise<boolean> =>
  (await import('./noble.ts')).nobleVerifier.verify(...check);

function readKey(spki: Uint8Array): PublicKey | undefined {
  try {
    const key = parsePublicKey(spki);
    return (key.kind === 'rsa' || key.kind === 'rsa-pss') && !rsaWithinBounds(key) ? undefined : key;
  } catch {
    return undefined;
  }
}

/** `undefined` if WebCrypto does not support it. */
function paramsOf(algorithm: SignatureAlgorithm, key: PublicKey): Params | undefined {
  const hash = 'hash' in algorithm ? HASH[algorithm.hash] : undefined;
  if ('hash' in algorithm && hash === undefined) return undefined;
  switch (algorithm.kind) {
    case 'rsa-pkcs1': {
      const name = 'RSASSA-PKCS1-v1_5';
      return { import: { name, hash }, verify: { name } };
    }
    case 'rsa-pss': {
      const name = 'RSA-PSS';
      return key.kind === 'rsa' && algorithm.mask === undefined
        ? { import: { name, hash }, verify: { name, saltLength: algorithm.saltLength } }
        : undefined;
    }
    case 'ecdsa':
      // Compressed points are legal and hybrid ones occur, but neither can be imported everywhere
      return key.kind === 'ec' && key.point[0] === 4 && !isRare(key.curve)
        ? { import: { name: 'ECDSA', namedCurve: key.curve }, verify: { name: 'ECDSA', hash } }
        : undefined;
    case 'ed25519':
      return { import: { name: 'Ed25519' }, verify: { name: 'Ed25519' } };
    default:
      return undefined;
  }
}

function importKey(subtle: Subtle, algorithm: object, spki: Uint8Array): Promise<object> {
  const name = JSON.stringify(algorithm) + String.fromCharCode(...spki);
  let key = keys.get(name);
  if (!key) {
    if (keys.size >= MAX_KEYS) keys.delete(keys.keys().next().value as string);
    keys.set(name, (key = subtle.importKey('spki', spki, algorithm, false, ['verify'])));
    key.catch(() => keys.delete(name));
  }
  return key;
}

/** DER `ECDSA-Sig-Value` to r and s of fixed length, as WebCrypto requires; `undefined` if it is not strict DER. */
function rawEcdsa(signature: Uint8Array, size: number): Uint8Array | undefined {
  try {
    const reader = new DerReader(signature);
    const outer = reader.open(Tag.SEQUENCE);
    const numbers = [reader.integer(), reader.integer()];
    reader.close(outer);
    if (reader.more) return undefined;
    const raw = new Uint8Array(2 * size);
    for (const [i, number] of numbers.entries()) {
      const bytes = number[0] === 0 ? number.subarray(1) : number;
      if ((number[0] as number) >= 0x80 || bytes.length > size) return undefined;
      raw.set(bytes, (i + 1) * size - bytes.length);
    }
    return raw;
  } catch {
    return undefined;
  }
}
