/**
 * @module Signature checks by WebCrypto, wherever it has the algorithm; @noble/curves, loaded on demand, where it has
 * not (Ed448 and ML-DSA everywhere, Ed25519 in older browsers, RSA keys of the id-RSASSA-PSS kind, curves that are not
 * NIST's, SHA-224, SHA-3, PSS with another mask). Answers with promises.
 */
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { DerReader } from '../der.ts';
import { fits, isRare, parsePublicKey, type PublicKey } from '../public-key.ts';
import type { SignatureAlgorithm, SignatureHash, SignatureVerifier } from '../signature.ts';
import { fitsModulus, rsaWithinBounds } from './rsa.ts';
import * as Tag from '../tag.ts';

/** What is used of `crypto.subtle`; `CryptoKey`s are opaque here. */
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
/** What WebCrypto has of the hashes. */
const HASH: Readonly<Partial<Record<SignatureHash, string>>> = {
  sha256: 'SHA-256',
  sha384: 'SHA-384',
  sha512: 'SHA-512',
};

/** Imported keys that are kept, by algorithm and SubjectPublicKeyInfo. */
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
      // A key that is none, a salt that the key is too short for: who throws at good ones as well does not know the
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

/** Whether a signature that is known to be good is found so. */
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

/** `undefined` for what WebCrypto does not know. */
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
      // A compressed point is legal, a hybrid one is met, and neither is everywhere importable
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

/**
 * DER `ECDSA-Sig-Value` to r and s of fixed length, which is what WebCrypto takes; `undefined` for what is not strict
 * DER.
 */
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
