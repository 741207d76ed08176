/** @module Client signatures by `node:crypto`. */
import { type KeyObject, constants, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { parsePublicKey } from '@ferrule/x509';
import { plain } from './node-bytes.ts';
import type { SigningKey } from './provider.ts';
import { type KeyKind, SIGNATURE_SCHEMES, type SignatureScheme, signatureScheme } from './schemes.ts';

/** A private key as PKCS#8, PKCS#1 or SEC 1 DER. @throws TypeError for anything else. */
export function nodeSigningKey(der: Uint8Array): SigningKey {
  const key = importKey(der);
  const kind = keyKind(key);
  const schemes = SIGNATURE_SCHEMES.filter((scheme) => canSign(scheme, kind, key)).map(({ id }) => id);
  if (schemes.length === 0) throw new TypeError(`a private key of type ${String(key.asymmetricKeyType)} makes no signature of TLS`);
  return {
    schemes: Object.freeze(schemes),
    publicKey: parsePublicKey(plain(createPublicKey(key).export({ format: 'der', type: 'spki' }))),
    sign(id, message) {
      const scheme = schemes.includes(id) ? signatureScheme(id) : undefined;
      if (scheme === undefined) throw new TypeError(`this key makes no signature of scheme 0x${id.toString(16)}`);
      const { algorithm } = scheme;
      if (algorithm.kind === 'rsa-pss') {
        return plain(sign(algorithm.hash, message, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: algorithm.saltLength }));
      }
      return plain(sign('hash' in algorithm ? algorithm.hash : null, message, key));
    },
  };
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

const CURVES: Readonly<Record<string, KeyKind>> = { prime256v1: 'secp256r1', secp384r1: 'secp384r1', secp521r1: 'secp521r1' };

function keyKind(key: KeyObject): KeyKind | undefined {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'ec') return CURVES[details?.namedCurve ?? ''];
  return type === 'rsa' || type === 'rsa-pss' || type === 'ed25519' || type === 'ed448' ? type : undefined;
}

/** ECDSA keys sign with any hash in TLS 1.2; which scheme fits which version is the choice of `auth/sign.ts`. */
function canSign(scheme: SignatureScheme, kind: KeyKind | undefined, key: KeyObject): boolean {
  if (kind === undefined) return false;
  const { algorithm } = scheme;
  if (algorithm.kind === 'ecdsa') return kind.startsWith('secp');
  if (scheme.key !== kind) return false;
  if (algorithm.kind !== 'rsa-pss') return true;
  const { modulusLength = 0, hashAlgorithm, mgf1HashAlgorithm, saltLength = 0 } = key.asymmetricKeyDetails ?? {};
  // EMSA-PSS needs room for hash, salt and two bytes (RFC 8017 section 9.1.1).
  if (Math.ceil((modulusLength - 1) / 8) < 2 * algorithm.saltLength + 2) return false;
  // An RSASSA-PSS key may be restricted to one hash and a least salt (RFC 4055 section 3.3).
  if (hashAlgorithm !== undefined && hashAlgorithm !== algorithm.hash) return false;
  return (mgf1HashAlgorithm === undefined || mgf1HashAlgorithm === algorithm.hash) && saltLength <= algorithm.saltLength;
}
