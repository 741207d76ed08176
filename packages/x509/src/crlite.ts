/**
 * @module @ferrule/x509/crlite: revoked certificates of the public web, from Mozilla's CRLite filters.
 *
 * A filter (a "clubcard", encoding 4) is a compressed set: among all certificates seen by certain Certificate
 * Transparency logs up to a certain time, those revoked by their issuers. For these it is exact; for others it is
 * undefined, so coverage is checked first. Nothing is fetched here: the caller supplies the bytes.
 */
import { copyOf, knownOptions, refuseOption } from '@ferrule/result/arguments';
import { concat, latin1 } from '@ferrule/result/bytes';
import { DerError, DerReader, readWhole } from './der.ts';
import { Oid } from './extensions.ts';
import type { RevocationFilter, RevocationQuestion, RevocationStatus } from './revocation.ts';
import { parseSctList } from './transparency.ts';
import * as Tag from './tag.ts';

export type { RevocationFilter, RevocationQuestion, RevocationStatus } from './revocation.ts';

export interface CrliteOptions {
  /** Milliseconds: older filters, by their newest coverage, are `stale`. Revoked stays revoked. Default: ten days. */
  readonly maxAge?: number;
}

/** A certificate's key in a filter. */
export interface CrliteKey {
  /** SHA-256 of the issuer's DER SubjectPublicKeyInfo. */
  readonly issuerSpkiHash: Uint8Array;
  /** The contents of the INTEGER. */
  readonly serial: Uint8Array;
  /** Of the certificate's embedded timestamps: the log's id (32 bytes) and milliseconds since the epoch. */
  readonly timestamps: readonly { readonly logId: Uint8Array; readonly timestamp: number }[];
}

/** Parsed filters. */
export interface Crlite extends RevocationFilter {
  /** Milliseconds since the epoch: the newest coverage of any filter. */
  readonly newest: number;
  /** The filters' combined answer: revoked in one is revoked. Ignores their age. */
  lookUp(key: CrliteKey, sha256: (bytes: Uint8Array) => Uint8Array): Exclude<RevocationStatus, 'stale'>;
}

/**
 * Reads filters: a full one and its later deltas, in any order.
 * @throws DerError for an invalid filter; TypeError if it is not a list of bytes.
 */
export function crlite(filters: readonly Uint8Array[], options: CrliteOptions = {}): Crlite {
  const { maxAge = 864e6 } = knownOptions(options, ['maxAge']);
  if (!Array.isArray(filters) || filters.length === 0)
    refuseOption(filters, 'filters', 'a list of Uint8Arrays that is not empty');
  if (!(typeof maxAge === 'number' && maxAge > 0)) refuseOption(maxAge, 'maxAge', 'a positive number of milliseconds');
  const read = filters.map((filter, i) =>
    readFilter(copyOf(filter) ?? refuseOption(filter, `filters[${i}]`, 'a Uint8Array')),
  );
  const newest = Math.max(...read.map((filter) => filter.newest));
  const lookUp: Crlite['lookUp'] = (key, sha256) => {
    const hash = sha256(concat([key.issuerSpkiHash, key.serial]));
    const said = new Set(read.map((filter) => statusIn(filter, key, hash)));
    return ORDER.find((status) => said.has(status)) ?? 'not-covered';
  };
  const check = ({ certificate, issuerSpki, sha256, now }: RevocationQuestion): RevocationStatus => {
    const key = readKey(certificate);
    const status = key ? lookUp({ issuerSpkiHash: sha256(issuerSpki), ...key }, sha256) : 'not-covered';
    // A time far in the future is as stale as one far in the past
    return status !== 'revoked' && Math.abs(now - newest) > maxAge ? 'stale' : status;
  };
  return Object.freeze({ newest, check, lookUp });
}

/** Precedence of answers of several filters. */
const ORDER = ['revoked', 'good', 'not-enrolled'] as const;

/** How one issuer's certificates are stored. */
interface Block {
  readonly approximate: { readonly size: number; readonly offset: number };
  readonly exact: { readonly size: number; readonly offset: number };
  /** Number of columns of the approximate filter. */
  readonly rank: number;
  /** The non-revoked certificates are stored. */
  readonly inverted: boolean;
  /** Serials for which the columns are wrong, as latin1. */
  readonly exceptions: ReadonlySet<string>;
}

interface Filter {
  /** Time ranges by log, milliseconds since the epoch. */
  readonly coverage: ReadonlyMap<string, readonly [low: number, high: number]>;
  readonly newest: number;
  /** By the issuer's hash. */
  readonly blocks: ReadonlyMap<string, Block>;
  /** Bits in 64-bit words, each big-endian. */
  readonly columns: readonly DataView[];
  readonly exact: DataView;
}

/** Numbers are big-endian; counts precede their items. */
function readFilter(bytes: Uint8Array): Filter {
  let at = 0;
  const take = (length: number): Uint8Array => {
    if (length > bytes.length - at) throw new DerError('CRLite filter ends early', at);
    return bytes.subarray(at, (at += length));
  };
  const number = (length: number): number => take(length).reduce((sum, byte) => sum * 256 + byte, 0);
  const column = (): DataView => {
    const { buffer, byteOffset, length } = take(8 * number(4));
    return new DataView(buffer, byteOffset, length);
  };
  // Version, reserved
  if (number(2) !== 0x400) throw new DerError('CRLite filter is not of version 4', 0);
  const coverage = new Map<string, readonly [number, number]>();
  for (let count = number(2); count > 0; count--) coverage.set(latin1(take(32)), [number(8), number(8)]);
  const blocks = new Map<string, Block>();
  for (let count = number(4); count > 0; count--) {
    const issuer = latin1(take(32));
    const approximateSize = number(4);
    const rank = number(1);
    const approximate = { size: approximateSize, offset: number(4) };
    const exact = { size: number(4), offset: number(4) };
    const inverted = number(1) !== 0;
    const exceptions = new Set<string>();
    for (let left = number(2); left > 0; left--) exceptions.add(latin1(take(number(1))));
    blocks.set(issuer, { approximate, exact, rank, inverted, exceptions });
  }
  const columns = Array.from({ length: number(1) }, column);
  const exact = column();
  if (at !== bytes.length) throw new DerError('CRLite filter has bytes behind its end', at);
  for (const { rank } of blocks.values()) if (rank > columns.length) throw new DerError('CRLite filter lacks a column');
  return { coverage, newest: Math.max(0, ...[...coverage.values()].map(([, high]) => high)), blocks, columns, exact };
}

function statusIn(
  { coverage, blocks, columns, exact }: Filter,
  { issuerSpkiHash, serial, timestamps }: CrliteKey,
  hash: Uint8Array,
): Exclude<RevocationStatus, 'stale'> {
  const covered = timestamps.some(({ logId, timestamp }) => {
    const interval = coverage.get(latin1(logId));
    return interval !== undefined && interval[0] <= timestamp && timestamp <= interval[1];
  });
  if (!covered) return 'not-covered';
  const block = blocks.get(latin1(issuerSpkiHash));
  if (!block) return 'not-enrolled';
  const { approximate, rank, inverted, exceptions } = block;
  // A block without columns is empty
  const held =
    approximate.size > 0 &&
    columns.slice(0, rank).every((column) => isZero(column, approximate, hash)) &&
    isZero(exact, block.exact, hash) &&
    !exceptions.has(latin1(serial));
  return held !== inverted ? 'revoked' : 'good';
}

/**
 * The product, over GF(2), of 256 bits of the column and the hash: little-endian, its lowest bit set, and its last
 * eight bytes are the start position in the block's part of the column.
 */
function isZero(column: DataView, { size, offset }: Block['exact'], hash: Uint8Array): boolean {
  const coefficients = new DataView(hash.buffer, hash.byteOffset);
  const start = offset + Number(coefficients.getBigUint64(24, true) % BigInt(Math.max(1, size)));
  const first = Math.floor(start / 32);
  const shift = start % 32;
  // The n-th 32 bits: the lower half of a word is its second; zero beyond the end
  const bits = (n: number): number => (4 * n < column.byteLength ? column.getUint32(4 * (n ^ 1)) : 0);
  let sum = 0;
  for (let i = 0; i < 8; i++) {
    const here = shift === 0 ? bits(first + i) : (bits(first + i) >>> shift) | (bits(first + i + 1) << (32 - shift));
    sum ^= here & (coefficients.getUint32(4 * i, true) | (i === 0 ? 1 : 0));
  }
  for (let half = 16; half > 0; half >>= 1) sum ^= sum >>> half;
  return (sum & 1) === 0;
}

/** The filter key of a DER Certificate; `undefined` if it, or its timestamp list, is unreadable. */
function readKey(certificate: Uint8Array): Omit<CrliteKey, 'issuerSpkiHash'> | undefined {
  try {
    return readKeyStrictly(certificate);
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

function readKeyStrictly(certificate: Uint8Array): Omit<CrliteKey, 'issuerSpkiHash'> {
  const reader = readWhole(certificate);
  reader.open(Tag.SEQUENCE);
  if (reader.peek() === 0xa0) reader.skip();
  const serial = reader.integer();
  while (reader.more && reader.peek() !== EXTENSIONS) reader.skip();
  if (reader.more) {
    reader.open(EXTENSIONS);
    reader.open(Tag.SEQUENCE);
  }
  while (reader.more) {
    const extension = new DerReader(reader.contents(Tag.SEQUENCE));
    if (extension.oid() !== Oid.sctList) continue;
    if (extension.peek() === Tag.BOOLEAN) extension.skip();
    const list = new DerReader(extension.contents(Tag.OCTET_STRING)).contents(Tag.OCTET_STRING);
    return { serial, timestamps: parseSctList(list) };
  }
  return { serial, timestamps: [] };
}

/** RFC 5280 section 4.1: `extensions [3]`. */
const EXTENSIONS = 0xa3;
