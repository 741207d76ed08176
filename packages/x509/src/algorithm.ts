/**
 * @module AlgorithmIdentifiers of signatures: RFC 4055, RFC 5758, RFC 8017 appendix A.2.4, RFC 8410, RFC 9881, and
 * NIST's for SHA-3. Parameters are checked, not skipped.
 */
import { DerError, DerReader, explicit } from './der.ts';
import { readAny } from './der-values.ts';
import type { SignatureAlgorithm, SignatureHash } from './signature.ts';
import * as Tag from './tag.ts';

export interface AlgorithmIdentifier {
  readonly oid: string;
  /** `undefined` if not supported, or with invalid parameters. */
  readonly algorithm: SignatureAlgorithm | undefined;
  /** Over MD5, SHA-1 or RIPEMD-160: known, but rejected. */
  readonly weak: boolean;
}

const rsa = (hash: SignatureHash): SignatureAlgorithm => ({ kind: 'rsa-pkcs1', hash });
const ecdsa = (hash: SignatureHash): SignatureAlgorithm => ({ kind: 'ecdsa', hash });
const SHA3 = ['sha3-224', 'sha3-256', 'sha3-384', 'sha3-512'] as const;

const SIGNATURES: ReadonlyMap<string, SignatureAlgorithm> = new Map<string, SignatureAlgorithm>([
  ['1.2.840.113549.1.1.11', rsa('sha256')],
  ['1.2.840.113549.1.1.12', rsa('sha384')],
  ['1.2.840.113549.1.1.13', rsa('sha512')],
  ['1.2.840.113549.1.1.14', rsa('sha224')],
  ['1.2.840.113549.1.1.15', rsa('sha512-224')],
  ['1.2.840.113549.1.1.16', rsa('sha512-256')],
  ['1.2.840.10045.4.3.1', ecdsa('sha224')],
  ['1.2.840.10045.4.3.2', ecdsa('sha256')],
  ['1.2.840.10045.4.3.3', ecdsa('sha384')],
  ['1.2.840.10045.4.3.4', ecdsa('sha512')],
  ['1.3.101.112', { kind: 'ed25519' }],
  ['1.3.101.113', { kind: 'ed448' }],
  ['2.16.840.1.101.3.4.3.17', { kind: 'ml-dsa-44' }],
  ['2.16.840.1.101.3.4.3.18', { kind: 'ml-dsa-65' }],
  ['2.16.840.1.101.3.4.3.19', { kind: 'ml-dsa-87' }],
  ...SHA3.flatMap((hash, i): [string, SignatureAlgorithm][] => [
    [`2.16.840.1.101.3.4.3.${9 + i}`, ecdsa(hash)],
    [`2.16.840.1.101.3.4.3.${13 + i}`, rsa(hash)],
  ]),
]);
export const RSASSA_PSS = '1.2.840.113549.1.1.10';
const MGF1 = '1.2.840.113549.1.1.8';
const SHA1 = '1.3.14.3.2.26';
/** 2.16.840.1.101.3.4.2.1 and so on. */
const HASHES: readonly SignatureHash[] = ['sha256', 'sha384', 'sha512', 'sha224', 'sha512-224', 'sha512-256', ...SHA3];

/** Signatures over MD5, SHA-1 and RIPEMD-160: known, but rejected as weak. */
const WEAK: ReadonlySet<string> = new Set([
  '1.2.840.113549.1.1.4',
  '1.2.840.113549.1.1.5',
  '1.2.840.10045.4.1',
  '1.2.840.10040.4.3',
  '1.3.14.3.2.29',
  '1.3.36.3.3.1.2',
]);
export function readSignatureAlgorithm(reader: DerReader): AlgorithmIdentifier {
  const outer = reader.open(Tag.SEQUENCE);
  const oid = reader.oid();
  let algorithm = SIGNATURES.get(oid);
  let weak = WEAK.has(oid);
  if (oid === RSASSA_PSS && reader.more) {
    const parameters = pssParameters(readAny(reader));
    if (parameters === 'weak') weak = true;
    else algorithm = parameters;
  } else if (algorithm && reader.more) {
    // RFC 4055 section 5: NULL, and its absence must be accepted. RFC 5758 section 3.2, RFC 8410 section 3, RFC 9881
    // section 2: absent; some CAs write NULL or a curve for ECDSA, which OpenSSL and Go ignore.
    const parameters = readAny(reader);
    if (algorithm.kind !== 'rsa-pkcs1' || parameters.length !== 2 || parameters[0] !== Tag.NULL)
      reader.odd ??= 'a signature algorithm with parameters';
  } else if (reader.more) readAny(reader);
  reader.close(outer);
  return { oid, algorithm, weak };
}

/** `undefined` for unreadable parameters: the signature cannot be checked, and an anchor's need not be. */
function pssParameters(der: Uint8Array): ReturnType<typeof readPssParameters> {
  try {
    return readPssParameters(new DerReader(der));
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

/** RFC 4055 section 3.1: SHA-1 by default, MGF1, the one trailer. Anything else is not supported. */
export function readPssParameters(reader: DerReader): (SignatureAlgorithm & { kind: 'rsa-pss' }) | 'weak' | undefined {
  let hash: SignatureHash | 'sha1' | undefined = 'sha1';
  let mask: SignatureHash | 'sha1' | undefined = 'sha1';
  let saltLength = 20;
  let trailer = 1;
  const outer = reader.open(Tag.SEQUENCE);
  if (reader.peek() === 0xa0) hash = explicit(reader, 0xa0, readHash);
  if (reader.peek() === 0xa1) mask = explicit(reader, 0xa1, readMask);
  if (reader.peek() === 0xa2) saltLength = explicit(reader, 0xa2, (r) => r.smallInteger());
  if (reader.peek() === 0xa3) trailer = explicit(reader, 0xa3, (r) => r.smallInteger());
  reader.close(outer);
  if (hash === 'sha1') return 'weak';
  if (hash === undefined || mask === undefined || trailer !== 1) return undefined;
  return { kind: 'rsa-pss', hash, saltLength, ...(mask !== hash && { mask }) };
}

/** The hash of a hash AlgorithmIdentifier, whose parameters are NULL or absent. */
function readHash(reader: DerReader): SignatureHash | 'sha1' | undefined {
  const outer = reader.open(Tag.SEQUENCE);
  const oid = reader.oid();
  if (reader.more) readAny(reader);
  reader.close(outer);
  return oid === SHA1 ? 'sha1' : HASHES.find((_, i) => oid === `2.16.840.1.101.3.4.2.${i + 1}`);
}

function readMask(reader: DerReader): SignatureHash | 'sha1' | undefined {
  const outer = reader.open(Tag.SEQUENCE);
  let hash: SignatureHash | 'sha1' | undefined;
  if (reader.oid() === MGF1 && reader.more) hash = readHash(reader);
  else if (reader.more) readAny(reader);
  reader.close(outer);
  return hash;
}
