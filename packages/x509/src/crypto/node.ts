/**
 * @module Signature checks by the OpenSSL in Node, through `node:crypto`; ML-DSA where that has none (before OpenSSL
 * 3.5) by noble. Synchronous.
 */
import { createHash, createPublicKey, constants, verify as verifySignature, type KeyObject } from 'node:crypto';
import { createRequire } from 'node:module';
import { fits, parsePublicKey, type MlDsaKey, type PublicKey } from '../public-key.ts';
import type { SignatureAlgorithm, SignatureVerifier } from '../signature.ts';
import { type NobleMlDsa, verifyMlDsa } from './ml-dsa.ts';
import { fitsModulus, rsaWithinBounds } from './rsa.ts';

/** Importing a key costs more than a check with it, so the last keys are kept. */
const MAX_KEYS = 256;
const keys = new Map<string, Imported | null>();

/** `object` is missing where this OpenSSL knows no ML-DSA. */
interface Imported {
  readonly publicKey: PublicKey;
  readonly object: KeyObject | undefined;
}

export const nodeVerifier: SignatureVerifier = {
  name: 'node:crypto',
  verify: (algorithm, spki, message, signature) => {
    try {
      return verify(algorithm, spki, message, signature);
    } catch {
      // OpenSSL throws for keys that it does not take
      return false;
    }
  },
  digest: (hash, data) => createHash(hash).update(data).digest(),
};

const verify = (
  algorithm: SignatureAlgorithm,
  spki: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean => {
  const key = importKey(spki);
  if (!key || !fits(algorithm, key.publicKey) || !fitsModulus(key.publicKey, signature)) return false;
  const { object, publicKey } = key;
  if (object === undefined) return isMlDsa(publicKey) && verifyMlDsa(nobleMlDsa(), publicKey, message, signature);
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

const isMlDsa = (key: PublicKey): key is MlDsaKey => key.kind.startsWith('ml-dsa');

let noble: NobleMlDsa | undefined;
/** When it is first needed, and at once: `import()` would make a synchronous engine wait. */
const nobleMlDsa = (): NobleMlDsa =>
  (noble ??= createRequire(typeof __filename === 'string' ? __filename : import.meta.url)(
    '@noble/post-quantum/ml-dsa.js',
  ) as NobleMlDsa);

const importKey = (spki: Uint8Array): Imported | null => {
  const bytes = Buffer.from(spki.buffer, spki.byteOffset, spki.byteLength);
  const name = bytes.toString('latin1');
  let key = keys.get(name);
  if (key === undefined) {
    if (keys.size >= MAX_KEYS) keys.delete(keys.keys().next().value as string);
    keys.set(name, (key = readKey(spki, bytes)));
  }
  return key;
};

const readKey = (spki: Uint8Array, bytes: Buffer): Imported | null => {
  try {
    const publicKey = parsePublicKey(spki);
    if (
      publicKey.kind === 'unknown' ||
      ((publicKey.kind === 'rsa' || publicKey.kind === 'rsa-pss') && !rsaWithinBounds(publicKey))
    )
      return null;
    return { publicKey, object: isMlDsa(publicKey) ? orUndefined(bytes) : publicKeyOf(bytes) };
  } catch {
    return null;
  }
};

const publicKeyOf = (bytes: Buffer): KeyObject => createPublicKey({ key: bytes, format: 'der', type: 'spki' });

const orUndefined = (bytes: Buffer): KeyObject | undefined => {
  try {
    return publicKeyOf(bytes);
  } catch {
    return undefined;
  }
};
