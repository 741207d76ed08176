/** @module @ferrule/pure/pem: a client's credential from PEM (RFC 7468), on any platform. */
import type { Credential } from '@ferrule/contract';
import { knownOptions } from '@ferrule/result/arguments';
import { concat, fromHex } from '@ferrule/result/bytes';
import { isCertificateLabel, pemText } from '@ferrule/result/pem';
import { decodePem, derElement, DerError, type PemBlock } from '@ferrule/x509';
import { elements } from './crypto/pkcs8.ts';

export interface PemCredentialOptions {
  /** PEM of the certificates, leaf first: text, or the bytes of a file. */
  readonly cert: string | Uint8Array;
  /** PEM of the key: PKCS#8, SEC 1 or PKCS#1; default: the one in `cert`. */
  readonly key?: string | Uint8Array;
}

/**
 * A credential from PEM texts. Whether key and certificate belong together, `createContext` checks.
 * @throws TypeError when a text has no certificate or no key, or when the key is encrypted or of an unknown form.
 */
export function credentialFromPem(options: PemCredentialOptions): Credential {
  const { cert, key = cert } = knownOptions(options, ['cert', 'key']);
  const chain = blocks(cert, 'cert').filter(({ label }) => isCertificateLabel(label));
  if (chain.length === 0) throw new TypeError('cert: holds no PEM certificate');
  const found = blocks(key, 'key').find(({ label }) => label.endsWith('PRIVATE KEY'));
  if (found === undefined) throw new TypeError('key: holds no PEM private key');
  return Object.freeze({ chain: Object.freeze(chain.map(({ der }) => der)), key: pkcs8(found) });
}

function blocks(pem: string | Uint8Array, name: string): PemBlock[] {
  const text = pemText(pem, name);
  // The headers of RFC 1421, which an encrypted key of OpenSSL's older form has.
  if (/^Proc-Type: *4, *ENCRYPTED/m.test(text)) throw encrypted();
  try {
    return decodePem(text);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    throw new TypeError(`${name}: ${error.message}`, { cause: error });
  }
}

const encrypted = (): TypeError =>
  new TypeError(
    'key: is encrypted. `openssl pkey -in key.pem -out plain.pem` writes it without a passphrase; credentialFromPem() of @ferrule/native reads it with one',
  );

/** @throws TypeError */
function pkcs8({ label, der }: PemBlock): Uint8Array {
  switch (label) {
    case 'PRIVATE KEY':
      return der;
    case 'RSA PRIVATE KEY':
      return oneAsymmetricKey(RSA, der);
    case 'EC PRIVATE KEY':
      return oneAsymmetricKey(derElement(0x30, concat([EC, curveOf(der)])), der);
    case 'ENCRYPTED PRIVATE KEY':
      throw encrypted();
    default:
      throw new TypeError(`key: ${label} is not supported; \`openssl pkey -in key.pem -out pkcs8.pem\` writes PKCS#8`);
  }
}

/** RFC 5958 section 2: version 0, algorithm, key. */
const oneAsymmetricKey = (algorithm: Uint8Array, key: Uint8Array): Uint8Array =>
  derElement(0x30, concat([fromHex('020100'), algorithm, derElement(0x04, key)]));

/** AlgorithmIdentifier of rsaEncryption, RFC 8017 appendix A.1. */
const RSA = fromHex('300d06092a864886f70d0101010500');
/** The OID of id-ecPublicKey, RFC 5480 section 2.1.1. */
const EC = fromHex('06072a8648ce3d0201');

/** The `parameters` of an ECPrivateKey, RFC 5915 section 3: the curve's OID. */
function curveOf(der: Uint8Array): Uint8Array {
  const [sequence] = elements(der);
  const parameters = sequence && elements(sequence.contents).find(({ tag }) => tag === 0xa0);
  if (parameters === undefined)
    throw new TypeError('key: does not name its curve; `openssl pkey -in key.pem -out pkcs8.pem` writes PKCS#8');
  return parameters.contents;
}
