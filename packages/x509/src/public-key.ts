/**
 * @module SubjectPublicKeyInfo: the kind of key, its strength, the algorithms it can verify. RFC 3279, 4055, 5480,
 * 8410, 9881.
 */
import { readPssParameters, RSASSA_PSS } from './algorithm.ts';
import { DerError, type DerReader, readWhole } from './der.ts';
import { readAny } from './der-values.ts';
import { hashBits, type MlDsa, type SignatureAlgorithm, type SignatureHash } from './signature.ts';
import * as Tag from './tag.ts';

/** Named curves with 112 bits of security or more: of RFC 5480, SEC 2 and RFC 5639. */
export type Curve =
  'P-256' | 'P-384' | 'P-521' | 'P-224' | 'secp256k1' | 'brainpoolP256r1' | 'brainpoolP384r1' | 'brainpoolP512r1';

/** Used only for certificates, and not supported on every platform. */
export type RareCurve = Exclude<Curve, 'P-256' | 'P-384' | 'P-521'>;

export const isRare = (curve: Curve): curve is RareCurve => curve !== 'P-256' && curve !== 'P-384' && curve !== 'P-521';

export type PublicKey = RsaKey | EcKey | EdwardsKey | MlDsaKey | UnknownKey;

export interface RsaKey {
  /** `rsa-pss` for id-RSASSA-PSS keys, which may only verify PSS signatures (RFC 4055 section 1.2). */
  readonly kind: 'rsa' | 'rsa-pss';
  /** Bits of the modulus. */
  readonly bits: number;
  /** Big-endian, without leading zero. */
  readonly modulus: Uint8Array;
  readonly exponent: Uint8Array;
  /** RFC 4055 section 3.3: the only hashes allowed with the key, and the minimum salt, bytes. */
  readonly pss:
    { readonly hash: SignatureHash; readonly mask?: SignatureHash | 'sha1'; readonly saltLength: number } | undefined;
}
export interface EcKey {
  readonly kind: 'ec';
  readonly curve: Curve;
  readonly bits: number;
  /**
   * SEC 1 point, uncompressed or compressed, or in X9.62's hybrid form, which is both; the verifier checks that it is
   * on the curve.
   */
  readonly point: Uint8Array;
}
export interface EdwardsKey {
  readonly kind: 'ed25519' | 'ed448';
  readonly bits: number;
  readonly key: Uint8Array;
}
/** RFC 9881 section 4. */
export interface MlDsaKey {
  readonly kind: MlDsa;
  /** Security bits, by SSL_CTX_set_security_level(3), not the key's length. */
  readonly bits: 128 | 192 | 256;
  readonly key: Uint8Array;
}
/** A key of an unknown kind: it can be displayed, not used. */
export interface UnknownKey {
  readonly kind: 'unknown';
  readonly oid: string;
  readonly bits: 0;
  /** For people: `DSA`, `EC curve 1.2.840.10045.3.1.1`, `EC with explicit parameters`. */
  readonly description: string;
  /** Of a known kind, but unreadable: cannot be an issuer's. */
  readonly malformed?: true;
}

/** Cost of checking one signature, in search steps: P-256 is 1, others in proportion to it in software. */
export function costOf(key: PublicKey): number {
  if (key.kind === 'rsa' || key.kind === 'rsa-pss') return Math.max(1, Math.ceil((key.bits / 4096) ** 2));
  return key.bits >= 512 ? 8 : key.bits > 256 ? 4 : 1;
}

const RSA = '1.2.840.113549.1.1.1';
const EC = '1.2.840.10045.2.1';
const CURVES: ReadonlyMap<string, readonly [Curve, bits: number]> = new Map<string, readonly [Curve, bits: number]>([
  ['1.2.840.10045.3.1.7', ['P-256', 256]],
  ['1.3.132.0.34', ['P-384', 384]],
  ['1.3.132.0.35', ['P-521', 521]],
  ['1.3.132.0.33', ['P-224', 224]],
  ['1.3.132.0.10', ['secp256k1', 256]],
  ['1.3.36.3.3.2.8.1.1.7', ['brainpoolP256r1', 256]],
  ['1.3.36.3.3.2.8.1.1.11', ['brainpoolP384r1', 384]],
  ['1.3.36.3.3.2.8.1.1.13', ['brainpoolP512r1', 512]],
]);
/** FIPS 204 table 2: bytes of the key. */
const ML_DSA: ReadonlyMap<string, readonly [MlDsa, bits: MlDsaKey['bits'], length: number]> = new Map<
  string,
  readonly [MlDsa, bits: MlDsaKey['bits'], length: number]
>([
  ['2.16.840.1.101.3.4.3.17', ['ml-dsa-44', 128, 1312]],
  ['2.16.840.1.101.3.4.3.18', ['ml-dsa-65', 192, 1952]],
  ['2.16.840.1.101.3.4.3.19', ['ml-dsa-87', 256, 2592]],
]);

/**
 * The key in a DER SubjectPublicKeyInfo: also the format of a raw public key (RFC 7250).
 * @throws DerError
 */
export const parsePublicKey = (spki: Uint8Array): PublicKey => readPublicKey(readWhole(spki));

/**
 * The key of a certificate. An unreadable one is unusable, but does not prevent reading the rest. @throws DerError if
 * it is not a SubjectPublicKeyInfo
 */
export function readKeyOfCertificate(spki: Uint8Array, into: DerReader): PublicKey {
  const reader = readWhole(spki);
  try {
    const key = readPublicKey(reader);
    into.odd ??= reader.odd;
    return key;
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    const again = readWhole(spki);
    const algorithm = again.open(Tag.SEQUENCE);
    const oid = again.oid();
    if (again.more) readAny(again);
    return { ...unknown(again, algorithm, oid, error.message), malformed: true };
  }
}

/** {@link parsePublicKey}, which notes deviations from RFC 3279. */
function readPublicKey(reader: DerReader): PublicKey {
  const algorithm = reader.open(Tag.SEQUENCE);
  const oid = reader.oid();
  const mlDsa = ML_DSA.get(oid);
  switch (oid) {
    case RSA:
      if (reader.more) {
        const parameters = readAny(reader);
        if (parameters.length !== 2 || parameters[0] !== Tag.NULL) reader.odd ??= 'an RSA key with parameters';
      }
      break;
    case EC:
      return readEcKey(reader, algorithm);
    case '1.3.101.112':
    case '1.3.101.113': {
      const ed25519 = oid === '1.3.101.112';
      const key = finish(reader, algorithm);
      if (key.length !== (ed25519 ? 32 : 57)) reader.fail('EdDSA key has a wrong length');
      return { kind: ed25519 ? 'ed25519' : 'ed448', bits: ed25519 ? 253 : 456, key };
    }
    case RSASSA_PSS: {
      if (!reader.more) break;
      const pss = readPssParameters(reader);
      if (typeof pss !== 'object')
        return unknown(reader, algorithm, oid, 'RSASSA-PSS with parameters that are not supported');
      return readRsaKey(finish(reader, algorithm), 'rsa-pss', pss);
    }
    default:
      if (mlDsa) return readMlDsaKey(reader, algorithm, mlDsa);
      if (reader.more) readAny(reader);
      return unknown(reader, algorithm, oid, oid === '1.2.840.10040.4.1' ? 'DSA' : oid);
  }
  return readRsaKey(finish(reader, algorithm), oid === RSA ? 'rsa' : 'rsa-pss', undefined);
}

function finish(reader: DerReader, algorithm: number): Uint8Array {
  reader.close(algorithm);
  const key = reader.octetsOfBitString();
  reader.finish();
  return key;
}

function unknown(reader: DerReader, algorithm: number, oid: string, description: string): UnknownKey {
  finish(reader, algorithm);
  return { kind: 'unknown', oid, bits: 0, description };
}

function readEcKey(reader: DerReader, algorithm: number): EcKey | UnknownKey {
  if (reader.peek() !== Tag.OID) {
    if (reader.peek() !== Tag.SEQUENCE) reader.fail('EC key of no curve');
    readAny(reader);
    return unknown(reader, algorithm, EC, EXPLICIT_CURVE);
  }
  const oid = reader.oid();
  const known = CURVES.get(oid);
  if (!known) return unknown(reader, algorithm, EC, `EC curve ${oid}`);
  const [curve, bits] = known;
  const point = finish(reader, algorithm);
  const size = (bits + 7) >> 3;
  const form = point[0] as number;
  const hybrid = form === 6 || form === 7;
  if (
    form === 4 || hybrid
      ? point.length !== 1 + 2 * size || (hybrid && (((point[2 * size] as number) ^ form) & 1) !== 0)
      : (form !== 2 && form !== 3) || point.length !== 1 + size
  )
    reader.fail('EC point is malformed');
  if (hybrid) reader.odd ??= 'an EC point in hybrid form';
  return { kind: 'ec', curve, bits, point };
}
export const EXPLICIT_CURVE = 'EC with explicit parameters';

function readMlDsaKey(
  reader: DerReader,
  algorithm: number,
  [kind, bits, length]: readonly [MlDsa, MlDsaKey['bits'], number],
): MlDsaKey {
  const key = finish(reader, algorithm);
  if (key.length !== length) reader.fail('ML-DSA key has a wrong length');
  return { kind, bits, key };
}

function readRsaKey(der: Uint8Array, kind: RsaKey['kind'], pss: RsaKey['pss']): RsaKey {
  const reader = readWhole(der);
  const modulus = positive(reader);
  const exponent = positive(reader);
  reader.finish();
  return { kind, bits: modulus.length * 8 - Math.clz32(modulus[0] as number) + 24, modulus, exponent, pss };
}

function positive(reader: DerReader): Uint8Array {
  const view = reader.integer();
  const first = view[0];
  if ((first as number) >= 0x80 || (first === 0 && view.length === 1))
    reader.fail('RSA key has a number that is not positive');
  return first === 0 ? view.subarray(1) : view;
}

/** Whether keys of its kind make signatures of this algorithm at all. */
export function isOfKind(algorithm: SignatureAlgorithm, { kind }: PublicKey): boolean {
  const wanted = algorithm.kind === 'ecdsa' ? 'ec' : algorithm.kind === 'rsa-pkcs1' ? 'rsa' : algorithm.kind;
  return kind === wanted || (wanted === 'rsa-pss' && kind === 'rsa');
}

/** Whether the key can have made a signature of this algorithm. */
export const fits = (algorithm: SignatureAlgorithm, key: PublicKey): boolean =>
  isOfKind(algorithm, key) &&
  (algorithm.kind !== 'rsa-pss' ||
    key.kind !== 'rsa-pss' ||
    !key.pss ||
    (key.pss.hash === algorithm.hash && key.pss.mask === algorithm.mask && key.pss.saltLength <= algorithm.saltLength));

/** Security bits as SSL_CTX_set_security_level(3) counts them; 0 = unusable. */
export function strength(key: PublicKey): number {
  switch (key.kind) {
    case 'rsa':
    case 'rsa-pss':
      return strengthOfModulus(key.bits);
    case 'ec':
      return key.bits >> 1;
    case 'ed25519':
      return 128;
    case 'ed448':
      return 224;
    default:
      return key.bits;
  }
}

/**
 * SP 800-56B revision 2 appendix D, rounded to eight bits, with the values of table 2 at its sizes: as
 * EVP_PKEY_get_security_bits(3).
 */
function strengthOfModulus(bits: number): number {
  if (bits < 8) return 0;
  const known = RSA_STRENGTH.find(([size]) => size === bits);
  if (known) return known[1];
  const x = bits * Math.LN2;
  const strength = Math.floor((1.923 * Math.cbrt(x * Math.log(x) ** 2) - 4.69) / Math.LN2);
  return Math.min((strength + 4) & ~7, bits <= 7680 ? 192 : bits <= 15360 ? 256 : 1200);
}
const RSA_STRENGTH = [
  [2048, 112],
  [3072, 128],
  [4096, 152],
  [6144, 176],
  [7680, 192],
  [8192, 200],
  [15360, 256],
] as const;

/** Security bits that a level of SSL_CTX_set_security_level(3) requires. */
export const securityBits = (level: number): number => [0, 80, 112, 128, 192, 256][level] ?? 256;

/** Whether a key is too weak for a level of SSL_CTX_set_security_level(3); true for an unknown kind. */
export const isTooWeak = (key: PublicKey, level: number): boolean =>
  key.kind === 'unknown' || strength(key) < securityBits(level);

/** Security bits of a signature's hash; EdDSA and ML-DSA have their own. */
export const hashStrength = (algorithm: SignatureAlgorithm): number =>
  'hash' in algorithm ? hashBits(algorithm.hash) / 2 : 256;

/**
 * IANA SignatureSchemes of TLS 1.3's CertificateVerify of a key (RFC 9846 section 4.3.3, RFC 8734), in order of
 * preference; the ECDSA ones are bound to their curve.
 */
export function signatureSchemes(key: PublicKey): number[] {
  switch (key.kind) {
    case 'rsa':
      return [0x0804, 0x0805, 0x0806];
    case 'rsa-pss':
      return [0x0809, 0x080a, 0x080b].filter(
        (_, i) =>
          !key.pss || (key.pss.hash === (['sha256', 'sha384', 'sha512'] as const)[i] && key.pss.mask === undefined),
      );
    case 'ec':
      return EC_SCHEMES.filter(([curve]) => curve === key.curve).map(([, scheme]) => scheme);
    case 'ed25519':
      return [0x0807];
    case 'ed448':
      return [0x0808];
    case 'ml-dsa-44':
      return [0x0904];
    case 'ml-dsa-65':
      return [0x0905];
    case 'ml-dsa-87':
      return [0x0906];
    default:
      return [];
  }
}
const EC_SCHEMES = [
  ['P-256', 0x0403],
  ['P-384', 0x0503],
  ['P-521', 0x0603],
  ['brainpoolP256r1', 0x081a],
  ['brainpoolP384r1', 0x081b],
  ['brainpoolP512r1', 0x081c],
] as const;
