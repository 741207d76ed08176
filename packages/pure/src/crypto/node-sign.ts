/** @module Client signatures by `node:crypto`. */
import { type KeyObject, constants, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { parsePublicKey, type PublicKey, signatureSchemes } from '@ferrule/x509';
import { plain } from './node-bytes.ts';
import type { SigningKey } from './provider.ts';
import { SIGNATURE_SCHEMES, type SignatureScheme, signatureScheme } from './schemes.ts';

/** A private key as PKCS#8, PKCS#1 or SEC 1 DER. @throws TypeError for anything else. */
export function nodeSigningKey(der: Uint8Array): SigningKey {
  const key = importKey(der);
  // Not asymmetricKeyDetails, which ends the whole process where OpenSSL has no EC_KEY for the key, for instance one
  // whose private number is longer than the curve's order.
  const publicKey = publicHalf(key);
  const schemes = SIGNATURE_SCHEMES.filter((scheme) => canSign(scheme, publicKey)).map(({ id }) => id);
  if (schemes.length === 0)
    throw new TypeError(`a private key of type ${String(key.asymmetricKeyType)} makes no signature of TLS`);
  return {
    schemes: Object.freeze(schemes),
    publicKey,
    sign(id, message) {
      const scheme = schemes.includes(id) ? signatureScheme(id) : undefined;
      if (scheme === undefined) throw new TypeError(`this key makes no signature of scheme 0x${id.toString(16)}`);
      const { algorithm } = scheme;
      if (algorithm.kind === 'rsa-pss') {
        return plain(
          sign(algorithm.hash, message, {
            key,
            padding: constants.RSA_PKCS1_PSS_PADDING,
            saltLength: algorithm.saltLength,
          }),
        );
      }
      return plain(sign('hash' in algorithm ? algorithm.hash : null, message, key));
    },
  };
}

function publicHalf(key: KeyObject): PublicKey {
  try {
    return parsePublicKey(plain(createPublicKey(key).export({ format: 'der', type: 'spki' })));
  } catch (error) {
    throw new TypeError(`a private key of type ${String(key.asymmetricKeyType)} has no public half`, { cause: error });
  }
}

function importKey(der: Uint8Array): KeyObject {
  const key = Buffer.from(der);
  try {
    for (const type of ['pkcs8', 'pkcs1', 'sec1'] as const) {
      try {
        return createPrivateKey({ key, format: 'der', type });
      } catch {
        continue;
      }
    }
  } finally {
    key.fill(0);
  }
  throw new TypeError('a private key is neither PKCS#8, PKCS#1 nor SEC 1 in DER');
}

/** ECDSA keys sign with any hash in TLS 1.2; which scheme fits which version is the choice of `auth/sign.ts`. */
function canSign({ id, algorithm, key: kind, only13 }: SignatureScheme, key: PublicKey): boolean {
  if (key.kind === 'ec') {
    const own = signatureSchemes(key);
    const anyHash = only13 !== true && own.some((each) => signatureScheme(each)?.only13 !== true);
    return algorithm.kind === 'ecdsa' && (anyHash || own.includes(id));
  }
  if (kind !== key.kind) return false;
  if (algorithm.kind !== 'rsa-pss' || !('modulus' in key)) return true;
  // EMSA-PSS needs room for hash, salt and two bytes (RFC 8017 section 9.1.1).
  if (Math.ceil((key.bits - 1) / 8) < 2 * algorithm.saltLength + 2) return false;
  // An RSASSA-PSS key may be restricted to one hash and a least salt (RFC 4055 section 3.3).
  return key.pss === undefined || (key.pss.hash === algorithm.hash && key.pss.saltLength <= algorithm.saltLength);
}
