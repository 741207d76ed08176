/** @module A client's key that the engine is not given: what `-async` does to signing, and noble needs. */
import type { Signer } from '@ferrule/contract';
import { constants, createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { UsageError } from './flags.ts';
import { later } from './later.ts';

/** Signs with a PKCS#8 key; when `slow`, it answers a turn of the event loop later. */
export function signer(pkcs8: Uint8Array, slow: boolean): Signer {
  const key = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' });
  return {
    schemes: schemesOf(key),
    sign: (scheme, message) => (slow ? later(() => signature(key, scheme, message)) : signature(key, scheme, message)),
  };
}

const ED25519 = 0x0807;
/** The last three are for TLS 1.3 clients whose key cannot do RSA-PSS (RFC 9963). */
const RSA_SCHEMES = [0x0804, 0x0401, 0x0805, 0x0501, 0x0806, 0x0601, 0x0420, 0x0520, 0x0620];
/** A TLS 1.2 key of any curve signs with any hash; TLS 1.3 knows only the first of each. */
const EC_SCHEMES: Readonly<Record<string, readonly number[]>> = {
  prime256v1: [0x0403, 0x0503, 0x0603],
  secp384r1: [0x0503, 0x0403, 0x0603],
  secp521r1: [0x0603, 0x0403, 0x0503],
};

function schemesOf(key: KeyObject): readonly number[] {
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return RSA_SCHEMES;
    case 'ec':
      return EC_SCHEMES[key.asymmetricKeyDetails?.namedCurve ?? ''] ?? [];
    case 'ed25519':
      return [ED25519];
    default:
      throw new UsageError(`a key of type ${key.asymmetricKeyType}`);
  }
}

/** HashAlgorithm of RFC 5246 section 7.4.1.4.1: the high byte of most schemes, the low byte of the RSA-PSS ones. */
const HASHES: Readonly<Record<number, string>> = { 4: 'sha256', 5: 'sha384', 6: 'sha512' };

function signature(key: KeyObject, scheme: number, message: Uint8Array): Uint8Array {
  if (scheme === ED25519) return new Uint8Array(sign(null, message, key));
  const pss = scheme >> 8 === 8;
  const hash = HASHES[pss ? scheme & 0xff : scheme >> 8];
  if (hash === undefined) throw new Error(`no signature scheme ${scheme}`);
  const options = pss
    ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : key;
  return new Uint8Array(sign(hash, message, options));
}
