/**
 * @module Signature checks by the OpenSSL in Node, through `node:crypto`; ML-DSA where that has none (before OpenSSL
 * 3.5) by noble. Synchronous.
 */
import { createHash, createPublicKey, constants, verify as verifySignature, type KeyObject } from 'node:crypto';
import { createRequire } from 'node:module';
import { fits, parsePublicKey, type MlDsaKey, type PublicKey } from '../public-key.ts';
import type { SignatureAlgorithm, SignatureVerifier } from '../signature.ts';
import { knownAnswer } from './known-answers.ts';
import { type NobleMlDsa, verifyMlDsa } from './ml-dsa.ts';
import { fitsModulus, rsaWithinBounds } from './rsa.ts';

/** Importing a key costs more than a check with it, so the last keys are kept. */
const MAX_KEYS = 256;
const keys = new Map<string, Imported | null>();

interface Imported {
  readonly publicKey: PublicKey;
  /** `undefined` until it is needed; `null` where this OpenSSL knows no ML-DSA. */
  object: KeyObject | null | undefined;
}

export const nodeVerifier: SignatureVerifier = {
  name: 'node:crypto',
  verify: (algorithm, spki, message, signature) => {
    const key = importKey(spki);
    if (key === null || !fits(algorithm, key.publicKey) || !fitsModulus(key.publicKey, signature)) return false;
    try {
      return verify(algorithm, key, spki, message, signature);
    } catch (error) {
      // OpenSSL throws for keys that it does not take; who throws at good ones as well does not know the algorithm.
      if (knows(algorithm, key.publicKey)) return false;
      throw error;
    }
  },
  digest: (hash, data) => createHash(hash).update(data).digest(),
};

const verify = (
  algorithm: SignatureAlgorithm,
  key: Imported,
  spki: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean => {
  const { publicKey } = key;
  const object = (key.object ??= objectOf(publicKey, spki));
  if (object === null) return isMlDsa(publicKey) && verifyMlDsa(nobleMlDsa(), publicKey, message, signature);
  switch (algorithm.kind) {
    case 'rsa-pkcs1':
      return verifySignature(algorithm.hash, message, object, signature);
    case 'rsa-pss':
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
};

/** Whether a signature that is known to be good is found so. */
const knows = (algorithm: SignatureAlgorithm, publicKey: PublicKey): boolean => {
  const known = knownAnswer(algorithm, publicKey);
  // ML-DSA is verified by noble where OpenSSL has it not.
  if (known === undefined) return true;
  try {
    return verify(known.algorithm, { publicKey, object: undefined }, known.spki, known.message, known.signature);
  } catch {
    return false;
  }
};

const isMlDsa = (key: PublicKey): key is MlDsaKey => key.kind.startsWith('ml-dsa');

let noble: NobleMlDsa | undefined;
/** When it is first needed, and at once: `import()` would make a synchronous engine wait. */
const nobleMlDsa = (): NobleMlDsa =>
  (noble ??= createRequire(typeof __filename === 'string' ? __filename : import.meta.url)(
    '@noble/post-quantum/ml-dsa.js',
  ) as NobleMlDsa);

const importKey = (spki: Uint8Array): Imported | null => {
  const name = bufferOf(spki).toString('latin1');
  let key = keys.get(name);
  if (key === undefined) {
    if (keys.size >= MAX_KEYS) keys.delete(keys.keys().next().value as string);
    keys.set(name, (key = readKey(spki)));
  }
  return key;
};

const readKey = (spki: Uint8Array): Imported | null => {
  try {
    const publicKey = parsePublicKey(spki);
    const refused =
      publicKey.kind === 'unknown' ||
      ((publicKey.kind === 'rsa' || publicKey.kind === 'rsa-pss') && !rsaWithinBounds(publicKey));
    return refused ? null : { publicKey, object: undefined };
  } catch {
    return null;
  }
};

const objectOf = (publicKey: PublicKey, spki: Uint8Array): KeyObject | null => {
  try {
    return createPublicKey({ key: bufferOf(spki), format: 'der', type: 'spki' });
  } catch (error) {
    if (isMlDsa(publicKey)) return null;
    throw error;
  }
};

const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);
