/**
 * @module AlgorithmIdentifiers of signatures: RFC 4055, RFC 5758, RFC 8410, RFC 9881. Parameters are checked, not
 * skipped.
 */
import type { DerReader } from './der.ts';
import type { HashName, SignatureAlgorithm } from './signature.ts';
import * as Tag from './tag.ts';

export interface AlgorithmIdentifier {
  readonly oid: string;
  /** `undefined` for what is not supported, or has parameters that it must not have. */
  readonly algorithm: SignatureAlgorithm | undefined;
}

const rsa = (hash: HashName): SignatureAlgorithm => ({ kind: 'rsa-pkcs1', hash });
const ecdsa = (hash: HashName): SignatureAlgorithm => ({ kind: 'ecdsa', hash });

const SIGNATURES: ReadonlyMap<string, SignatureAlgorithm> = new Map<string, SignatureAlgorithm>([
  ['1.2.840.113549.1.1.11', rsa('sha256')],
  ['1.2.840.113549.1.1.12', rsa('sha384')],
  ['1.2.840.113549.1.1.13', rsa('sha512')],
  ['1.2.840.10045.4.3.2', ecdsa('sha256')],
  ['1.2.840.10045.4.3.3', ecdsa('sha384')],
  ['1.2.840.10045.4.3.4', ecdsa('sha512')],
  ['1.3.101.112', { kind: 'ed25519' }],
  ['1.3.101.113', { kind: 'ed448' }],
  ['2.16.840.1.101.3.4.3.17', { kind: 'ml-dsa-44' }],
  ['2.16.840.1.101.3.4.3.18', { kind: 'ml-dsa-65' }],
  ['2.16.840.1.101.3.4.3.19', { kind: 'ml-dsa-87' }],
]);
export const RSASSA_PSS = '1.2.840.113549.1.1.10';
const MGF1 = '1.2.840.113549.1.1.8';
const HASHES: ReadonlyMap<string, HashName> = new Map<string, HashName>([
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
]);

/** Signatures over MD5, SHA-1 and RIPEMD-160: known, and refused as weak. */
const WEAK: ReadonlySet<string> = new Set([
  '1.2.840.113549.1.1.4',
  '1.2.840.113549.1.1.5',
  '1.2.840.10045.4.1',
  '1.2.840.10040.4.3',
  '1.3.14.3.2.29',
  '1.3.36.3.3.1.2',
]);
export const isWeakSignature = (oid: string): boolean => WEAK.has(oid);

export function readSignatureAlgorithm(reader: DerReader): AlgorithmIdentifier {
  const outer = reader.open(Tag.SEQUENCE);
  const oid = reader.oid();
  let algorithm = SIGNATURES.get(oid);
  if (oid === RSASSA_PSS && reader.more) algorithm = readPssParameters(reader);
  else if (algorithm && reader.more) {
    // RFC 4055 section 5: NULL, and its absence must be accepted. RFC 5758 section 3.2, RFC 8410 section 3, RFC 9881
    // section 2: absent; some write NULL or a curve for ECDSA. They say nothing, and OpenSSL and Go pass them over.
    const parameters = reader.element();
    if (algorithm.kind !== 'rsa-pkcs1' || parameters.length !== 2 || parameters[0] !== Tag.NULL)
      reader.odd ??= 'a signature algorithm with parameters';
  } else if (reader.more) reader.skip();
  reader.close(outer);
  return { oid, algorithm };
}

/** RFC 4055 section 3.1; one hash for both, MGF1, the one trailer. Anything else is well-formed but not supported. */
export function readPssParameters(reader: DerReader): (SignatureAlgorithm & { kind: 'rsa-pss' }) | undefined {
  let hash: HashName | undefined;
  let mask: HashName | undefined;
  let saltLength = 20;
  let trailer = 1;
  const outer = reader.open(Tag.SEQUENCE);
  if (reader.peek() === 0xa0) hash = explicit(reader, 0xa0, readHash);
  if (reader.peek() === 0xa1) mask = explicit(reader, 0xa1, readMask);
  if (reader.peek() === 0xa2) saltLength = explicit(reader, 0xa2, (r) => r.smallInteger());
  if (reader.peek() === 0xa3) trailer = explicit(reader, 0xa3, (r) => r.smallInteger());
  reader.close(outer);
  return hash && hash === mask && trailer === 1 ? { kind: 'rsa-pss', hash, saltLength } : undefined;
}

/** Reads what stands inside an explicit tag. */
export function explicit<T>(reader: DerReader, tag: number, read: (reader: DerReader) => T): T {
  const outer = reader.open(tag);
  const value = read(reader);
  reader.close(outer);
  return value;
}

/** The hash of a hash AlgorithmIdentifier, whose parameters are NULL or absent. */
function readHash(reader: DerReader): HashName | undefined {
  const outer = reader.open(Tag.SEQUENCE);
  const hash = HASHES.get(reader.oid());
  if (reader.more) reader.skip();
  reader.close(outer);
  return hash;
}

function readMask(reader: DerReader): HashName | undefined {
  const outer = reader.open(Tag.SEQUENCE);
  let hash: HashName | undefined;
  if (reader.oid() === MGF1 && reader.more) hash = readHash(reader);
  else if (reader.more) reader.skip();
  reader.close(outer);
  return hash;
}
