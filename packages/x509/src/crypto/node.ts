/** @module Signature checks by the OpenSSL in Node, through `node:crypto`. Synchronous. */
import { createHash, createPublicKey, constants, verify as verifySignature, type KeyObject } from 'node:crypto';
import { fits, parsePublicKey, type PublicKey } from '../public-key.ts';
import type { SignatureAlgorithm, SignatureVerifier } from '../signature.ts';
import { fitsModulus, rsaWithinBounds } from './rsa.ts';

/** Importing a key costs more than a check with it, so the last keys are kept. */
const MAX_KEYS = 256;
const keys = new Map<string, { readonly publicKey: PublicKey; readonly object: KeyObject } | null>();

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

const verify = (algorithm: SignatureAlgorithm, spki: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => {
  const key = importKey(spki);
  if (!key || !fits(algorithm, key.publicKey) || !fitsModulus(key.publicKey, signature)) return false;
  const { object } = key;
  switch (algorithm.kind) {
    case 'rsa-pkcs1':
      return verifySignature(algorithm.hash, message, object, signature);
    case 'rsa-pss':
      return verifySignature(algorithm.hash, message, { key: object, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: algorithm.saltLength }, signature);
    case 'ecdsa':
      return verifySignature(algorithm.hash, message, object, signature);
    default:
      return verifySignature(null, message, object, signature);
  }
};

const importKey = (spki: Uint8Array): { readonly publicKey: PublicKey; readonly object: KeyObject } | null => {
  const bytes = Buffer.from(spki.buffer, spki.byteOffset, spki.byteLength);
  const name = bytes.toString('latin1');
  let key = keys.get(name);
  if (key === undefined) {
    if (keys.size >= MAX_KEYS) keys.delete(keys.keys().next().value as string);
    keys.set(name, (key = readKey(spki, bytes)));
  }
  return key;
};

const readKey = (spki: Uint8Array, bytes: Buffer): { readonly publicKey: PublicKey; readonly object: KeyObject } | null => {
  try {
    const publicKey = parsePublicKey(spki);
    if (publicKey.kind === 'unknown' || ((publicKey.kind === 'rsa' || publicKey.kind === 'rsa-pss') && !rsaWithinBounds(publicKey))) return null;
    return { publicKey, object: createPublicKey({ key: bytes, format: 'der', type: 'spki' }) };
  } catch {
    return null;
  }
};
