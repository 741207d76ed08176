/**
 * @module Signed certificate timestamps: RFC 6962, embedded in a certificate or from the TLS extension, against a given
 * list of logs.
 */
import { concat, toHex } from '@ferrule/result/bytes';
import * as V from '@ferrule/result/x509-v';
import { extensionOf, type Certificate } from './certificate.ts';
import { derElement, DerError, DerReader, readWhole } from './der.ts';
import { Oid } from './extensions.ts';
import type { RuleBreach } from './rules.ts';
import type { SignatureAlgorithm, SignatureVerifier } from './signature.ts';
import { verified, type Steps } from './steps.ts';
import type { Issuer } from './trust.ts';
import * as Tag from './tag.ts';

/** A trusted log. */
export interface CtLog {
  /** DER SubjectPublicKeyInfo; its SHA-256 is the log's id. */
  readonly key: Uint8Array;
  /** The operator, if given: timestamps of one operator count once. */
  readonly operator?: string;
  /** Milliseconds since the epoch: later timestamps of this log do not count. */
  readonly retiredAt?: number;
}

/** Requirements on a server certificate. */
export interface TransparencyPolicy {
  readonly logs: readonly CtLog[];
  /** Required number of valid timestamps of different logs (and operators). Default 2. */
  readonly minimum?: number;
  /** The SignedCertificateTimestampList of the TLS extension, if received. */
  readonly tlsList?: Uint8Array | undefined;
}

/** One SignedCertificateTimestamp of version 1. */
export interface Sct {
  /** 32 bytes. */
  readonly logId: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly extensions: Uint8Array;
  /** TLS 1.2 HashAlgorithm and SignatureAlgorithm. */
  readonly hash: number;
  readonly signer: number;
  readonly signature: Uint8Array;
}

/** Maximum number of timestamps considered per list. */
const MAX_SCTS = 32;

/** Reads a SignedCertificateTimestampList; other versions are skipped. @throws DerError */
export function parseSctList(list: Uint8Array): Sct[] {
  const scts: Sct[] = [];
  let at = 2;
  if (list.length < 4 || length16(list, 0) !== list.length - 2) throw new DerError('SCT list has a bad length');
  while (at < list.length) {
    const end = at + 2 + length16(list, at);
    if (end > list.length || end === at + 2) throw new DerError('SCT has a bad length', at);
    const sct = list.subarray(at + 2, end);
    if (sct[0] === 0) scts.push(readSct(sct));
    at = end;
  }
  return scts;
}

const length16 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] as number) << 8) | (bytes[at + 1] ?? Number.NaN);

function readSct(sct: Uint8Array): Sct {
  const extensionsEnd = sct.length >= 47 ? 43 + length16(sct, 41) : Number.NaN;
  if (!(extensionsEnd + 4 <= sct.length) || extensionsEnd + 4 + length16(sct, extensionsEnd + 2) !== sct.length)
    throw new DerError('SCT is malformed');
  let timestamp = 0;
  for (const byte of sct.subarray(33, 41)) timestamp = timestamp * 256 + byte;
  return {
    logId: sct.subarray(1, 33),
    timestamp,
    extensions: sct.subarray(43, extensionsEnd),
    hash: sct[extensionsEnd] as number,
    signer: sct[extensionsEnd + 1] as number,
    signature: sct.subarray(extensionsEnd + 4),
  };
}

/** The embedded timestamps of a certificate. @throws DerError */
export function embeddedScts(certificate: Certificate): Sct[] {
  const extension = extensionOf(certificate, Oid.sctList);
  if (!extension) return [];
  const reader = new DerReader(extension.value);
  const list = reader.contents(Tag.OCTET_STRING);
  reader.finish();
  return parseSctList(list);
}

/** A breach unless enough logs have seen the certificate. */
export function* transparencyBreach(
  policy: TransparencyPolicy,
  leaf: Certificate,
  issuer: Issuer,
  now: number,
  verifier: SignatureVerifier,
): Steps<RuleBreach | undefined> {
  const { logs, minimum = 2, tlsList } = policy;
  const { digest } = verifier;
  const seen = new Set<string>();
  let scts: (readonly [sct: Sct, embedded: boolean])[];
  try {
    scts = [
      ...embeddedScts(leaf).map((sct) => [sct, true] as const),
      ...(tlsList ? parseSctList(tlsList).map((sct) => [sct, false] as const) : []),
    ];
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    return breach(`has signed certificate timestamps that cannot be read: ${error.message}`);
  }
  if (!digest) return breach('cannot be looked up in logs: the signature verifier has no digest');
  const known = new Map(logs.map((log) => [toHex(digest('sha256', log.key)), log]));
  for (const [sct, embedded] of scts.slice(0, MAX_SCTS)) {
    const log = known.get(toHex(sct.logId));
    // `now` is a whole second, and covers all of it
    if (!log || sct.timestamp >= now + 1000 || sct.timestamp >= (log.retiredAt ?? Infinity)) continue;
    const algorithm = algorithmOf(sct);
    if (!algorithm) continue;
    const entry = embedded ? precertificateEntry(leaf, digest('sha256', issuer.spki)) : certificateEntry(leaf);
    if (yield* verified(verifier, algorithm, log.key, signedData(sct, entry), sct.signature))
      seen.add(log.operator ?? toHex(sct.logId));
  }
  return seen.size >= minimum
    ? undefined
    : breach(`has valid timestamps of ${seen.size} known logs, and ${minimum} are asked for`);
}

const breach = (message: string): RuleBreach => ({ code: 'CERT_TRANSPARENCY', verify: V.NO_VALID_SCTS, message });

/** RFC 6962 section 2.1.4: ECDSA over P-256, or RSA, both with SHA-256. */
const algorithmOf = ({ hash, signer }: Sct): SignatureAlgorithm | undefined =>
  hash !== 4
    ? undefined
    : signer === 3
      ? { kind: 'ecdsa', hash: 'sha256' }
      : signer === 1
        ? { kind: 'rsa-pkcs1', hash: 'sha256' }
        : undefined;

/** `digitally-signed` of RFC 6962 section 3.2. */
function signedData({ timestamp, extensions }: Sct, entry: Uint8Array): Uint8Array {
  const time = Array.from({ length: 8 }, (_, i) => Math.floor(timestamp / 256 ** (7 - i)) % 256);
  return concat([
    Uint8Array.of(0, 0, ...time),
    entry,
    Uint8Array.of(extensions.length >> 8, extensions.length & 255),
    extensions,
  ]);
}

const certificateEntry = ({ raw }: Certificate): Uint8Array => concat([Uint8Array.of(0, 0), length24(raw.length), raw]);

function precertificateEntry(certificate: Certificate, issuerKeyHash: Uint8Array): Uint8Array {
  const tbs = withoutScts(certificate);
  return concat([Uint8Array.of(0, 1), issuerKeyHash, length24(tbs.length), tbs]);
}

const length24 = (length: number): Uint8Array => Uint8Array.of(length >> 16, (length >> 8) & 255, length & 255);

/** The TBSCertificate before the timestamps were embedded (RFC 6962 section 3.2). */
export function withoutScts({ tbs }: Certificate): Uint8Array {
  const reader = readWhole(tbs);
  const start = reader.position;
  while (reader.peek() !== 0xa3) {
    if (!reader.more) return tbs;
    reader.skip();
  }
  const before = tbs.subarray(start, reader.position);
  const outer = reader.open(0xa3);
  const list = reader.open(Tag.SEQUENCE);
  const kept: Uint8Array[] = [];
  while (reader.more) {
    const at = reader.position;
    const extension = reader.element(Tag.SEQUENCE);
    const inner = new DerReader(tbs, at, reader.position);
    inner.open(Tag.SEQUENCE);
    if (inner.oid() !== Oid.sctList) kept.push(extension);
  }
  reader.close(list);
  reader.close(outer);
  return derElement(
    Tag.SEQUENCE,
    concat([before, ...(kept.length > 0 ? [derElement(0xa3, derElement(Tag.SEQUENCE, concat(kept)))] : [])]),
  );
}
