/**
 * @module Signature checks by the OpenSSL in Node, through `node:crypto`; noble for missing ML-DSA (before OpenSSL 3.5)
 * and non-NIST curves (absent in some distributions). Synchronous.
 */
import { createHash, createPublicKey, constants, verify as verifySignature, type KeyObject } from 'node:crypto';
import { createRequire } from 'node:module';
import { fits, isRare, parsePublicKey, type PublicKey, type RsaKey } from '../public-key.ts';
import type { SignatureAlgorithm, SignatureVerifier } from '../signature.ts';
import { knownAnswer } from './known-answers.ts';
import { type NobleCurves, verifyRareEcdsa } from './curves.ts';
import { type NobleMlDsa, verifyMlDsa } from './ml-dsa.ts';
import { fitsModulus, rsaWithinBounds, verifyPss } from './rsa.ts';

/** Importing a key costs more than a check with it, so recent keys are cached. */
const MAX_KEYS = 256;
const keys = new Map<string, Imported | null>();

interface Imported {
  readonly publicKey: PublicKey;
  /** `undefined` until needed; `null` if this OpenSSL does not support the kind, but noble does. */
  object: KeyObject | null | undefined;
}

export const nodeVerifier: SignatureVerifier = {
  name: 'node:crypto',
  verify: (algorithm, spki, message, signature) => {
    const key = importKey(spki);
    if (key === null || !fits(algorithm, key.publicKey) || !fitsModulus(algorithm, key.publicKey, signature))
      return false;
    try {
      return verify(algorithm, key, spki, message, signature);
    } catch (error) {
      if (isRareKind(key.publicKey)) return verifyByNoble(algorithm, key.publicKey, message, signature);
      // OpenSSL throws for keys it rejects; if it also throws for good ones, it does not support the algorithm.
      if (knows(algorithm, key.publicKey)) return false;
      throw error;
    }
  },
  digest: (hash, data) => createHash(hash).update(data).digest(),
};

function verify(
  algorithm: SignatureAlgorithm,
  key: Imported,
  spki: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const { publicKey } = key;
  const object = (key.object ??= objectOf(publicKey, spki));
  if (object === null) return verifyByNoble(algorithm, publicKey, message, signature);
  switch (algorithm.kind) {
    case 'rsa-pkcs1':
      return verifySignature(algorithm.hash, message, object, signature);
    case 'rsa-pss':
      // Node has no option for a different mask.
      if (algorithm.mask !== undefined && (publicKey.kind === 'rsa' || publicKey.kind === 'rsa-pss'))
        return verifyMasked(algorithm, algorithm.mask, publicKey, message, signature);
      return verifySignature(
        algorithm.hash,
        message,
        { key: object, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: algorithm.saltLength },
        signature,
      );
    case 'ecdsa':
      return verifySignature(algorithm.hash, message, object, signature);
    default:
      return verifySignature(null, message, object, signature);
  }
}

function verifyMasked(
  { hash, saltLength }: SignatureAlgorithm & { readonly kind: 'rsa-pss' },
  mask: string,
  key: RsaKey,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const hashOf =
    (name: string) =>
    (data: Uint8Array): Uint8Array =>
      createHash(name).update(data).digest();
  return verifyPss(key, hashOf(hash), hashOf(mask), saltLength, hashOf(hash)(message), signature);
}

/** Whether a known good signature is accepted. */
function knows(algorithm: SignatureAlgorithm, publicKey: PublicKey): boolean {
  const known = knownAnswer(algorithm, publicKey);
  if (known === undefined) return true;
  try {
    return verify(known.algorithm, { publicKey, object: undefined }, known.spki, known.message, known.signature);
  } catch {
    return false;
  }
}

/** Kinds that some builds of OpenSSL lack. */
const isRareKind = (key: PublicKey): boolean =>
  key.kind.startsWith('ml-dsa') || (key.kind === 'ec' && isRare(key.curve));

function verifyByNoble(
  algorithm: SignatureAlgorithm,
  key: PublicKey,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  switch (key.kind) {
    case 'ml-dsa-44':
    case 'ml-dsa-65':
    case 'ml-dsa-87':
      return verifyMlDsa(nobleMlDsa(), key, message, signature);
    case 'ec': {
      const { curve, point } = key;
      if (algorithm.kind !== 'ecdsa' || !isRare(curve)) return false;
      try {
        const digest = createHash(algorithm.hash).update(message).digest();
        return verifyRareEcdsa(nobleCurves(), curve, point, digest, signature);
      } catch {
        // noble throws for malformed input
        return false;
      }
    }
    default:
      return false;
  }
}

/** Loads on first use, synchronously: `import()` would make a synchronous engine wait. */
function load<T extends object>(...modules: readonly string[]): T {
  const require = createRequire(typeof __filename === 'string' ? __filename : import.meta.url);
  return Object.assign({}, ...modules.map((module) => require(module) as object)) as T;
}
let mlDsa: NobleMlDsa | undefined;
const nobleMlDsa = (): NobleMlDsa => (mlDsa ??= load('@noble/post-quantum/ml-dsa.js'));
let curves: NobleCurves | undefined;
const nobleCurves = (): NobleCurves =>
  (curves ??= load(
    '@noble/curves/abstract/weierstrass.js',
    '@noble/curves/misc.js',
    '@noble/curves/secp256k1.js',
    '@noble/hashes/sha2.js',
  ));

function importKey(spki: Uint8Array): Imported | null {
  const name = bufferOf(spki).toString('latin1');
  let key = keys.get(name);
  if (key === undefined) {
    if (keys.size >= MAX_KEYS) keys.delete(keys.keys().next().value as string);
    keys.set(name, (key = readKey(spki)));
  }
  return key;
}

function readKey(spki: Uint8Array): Imported | null {
  try {
    const publicKey = parsePublicKey(spki);
    const refused =
      publicKey.kind === 'unknown' ||
      ((publicKey.kind === 'rsa' || publicKey.kind === 'rsa-pss') && !rsaWithinBounds(publicKey));
    return refused ? null : { publicKey, object: undefined };
  } catch {
    return null;
  }
}

function objectOf(publicKey: PublicKey, spki: Uint8Array): KeyObject | null {
  try {
    return createPublicKey({ key: bufferOf(spki), format: 'der', type: 'spki' });
  } catch (error) {
    if (isRareKind(publicKey)) return null;
    throw error;
  }
}

const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);
