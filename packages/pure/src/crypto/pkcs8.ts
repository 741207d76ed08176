/**
 * @module What a PKCS#8 private key says about itself (RFC 5958): its kind, which WebCrypto wants to be told, and its
 * public half where it is written down. The private half is passed over.
 */
import { bytesEqual, fromHex } from '@ferrule/result/bytes';
import { type DerElement, derElements, type PublicKey } from '@ferrule/x509';
import type { KeyKind } from './schemes.ts';

export interface Pkcs8 {
  readonly kind: KeyKind;
  /** An RSA key always has it; an elliptic one may (RFC 5915, RFC 8410 section 7). */
  readonly publicKey: PublicKey | undefined;
}

/** @throws TypeError for what is not PKCS#8, or of another kind than RSA, ECDSA on a NIST curve and Ed25519. */
export function readPkcs8(der: Uint8Array): Pkcs8 {
  const [outer, ...rest] = elements(der);
  const [version, algorithm, key, ...optional] =
    outer?.tag === SEQUENCE && rest.length === 0 ? elements(outer.contents) : [];
  if (version?.tag !== INTEGER || algorithm?.tag !== SEQUENCE || key?.tag !== OCTET_STRING) throw notAKey();
  const kind = KINDS.find(([, oids]) => bytesEqual(oids, algorithm.contents.subarray(0, oids.length)))?.[0];
  switch (kind) {
    case 'rsa':
      return { kind, publicKey: rsaKey(key.contents) };
    case 'ed25519':
      return { kind, publicKey: edwardsKey(optional) };
    case undefined:
      throw new TypeError(
        'the private key is of no kind that WebCrypto signs with: RSA, ECDSA on P-256, P-384 or P-521, Ed25519',
      );
    default:
      return { kind, publicKey: ecKey(kind, key.contents) };
  }
}

/** The beginning of each AlgorithmIdentifier: its OID, and that of the curve. */
const KINDS: readonly (readonly ['rsa' | 'ed25519' | keyof typeof CURVES, Uint8Array])[] = [
  ['rsa', fromHex('06092a864886f70d010101')],
  ['secp256r1', fromHex('06072a8648ce3d020106082a8648ce3d030107')],
  ['secp384r1', fromHex('06072a8648ce3d020106052b81040022')],
  ['secp521r1', fromHex('06072a8648ce3d020106052b81040023')],
  ['ed25519', fromHex('06032b6570')],
];
const CURVES = { secp256r1: ['P-256', 256], secp384r1: ['P-384', 384], secp521r1: ['P-521', 521] } as const;

/** RSAPrivateKey, RFC 8017 appendix A.1.2: version, modulus, public exponent. */
function rsaKey(contents: Uint8Array): PublicKey {
  const [sequence] = elements(contents);
  const [, modulus, exponent] = sequence === undefined ? [] : elements(sequence.contents);
  if (modulus?.tag !== INTEGER || exponent?.tag !== INTEGER) throw notAKey();
  const number = positive(modulus.contents);
  return {
    kind: 'rsa',
    bits: 8 * number.length - Math.clz32(number[0] ?? 0) + 24,
    modulus: number,
    exponent: positive(exponent.contents),
    pss: undefined,
  };
}

/** ECPrivateKey, RFC 5915: version, private key, [0] parameters, [1] public key. */
function ecKey(kind: keyof typeof CURVES, contents: Uint8Array): PublicKey | undefined {
  const [sequence] = elements(contents);
  if (sequence?.tag !== SEQUENCE) throw notAKey();
  const wrapped = elements(sequence.contents).find(({ tag }) => tag === 0xa1);
  const [bits] = wrapped === undefined ? [] : elements(wrapped.contents);
  const [curve, size] = CURVES[kind];
  return bits && { kind: 'ec', curve, bits: size, point: bits.contents.subarray(1) };
}

/** [1] of OneAsymmetricKey. */
function edwardsKey(optional: readonly DerElement[]): PublicKey | undefined {
  const bits = optional.find(({ tag }) => tag === 0x81);
  return bits && { kind: 'ed25519', bits: 253, key: bits.contents.subarray(1) };
}

const INTEGER = 0x02;
const OCTET_STRING = 0x04;
const SEQUENCE = 0x30;

/** The DER elements that follow one another here. @throws TypeError */
export function elements(bytes: Uint8Array): DerElement[] {
  try {
    return derElements(bytes);
  } catch (cause) {
    throw notAKey(cause);
  }
}

const positive = (number: Uint8Array): Uint8Array => (number[0] === 0 ? number.subarray(1) : number);
const notAKey = (cause?: unknown): TypeError =>
  new TypeError('the private key is not PKCS#8 in DER', cause === undefined ? undefined : { cause });
