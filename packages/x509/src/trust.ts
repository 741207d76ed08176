/** @module Trust anchors: read once, found by subject. */
import { isBytes, refuseOption } from '@ferrule/result/arguments';
import { bytesEqual, latin1 } from '@ferrule/result/bytes';
import { certificateKey, parseCertificate, type Certificate } from './certificate.ts';
import { DerError, DerReader } from './der.ts';
import { readNameConstraints, type NameConstraints } from './general-name.ts';
import { canonicalName, readName } from './name.ts';
import { parsePublicKey, type PublicKey } from './public-key.ts';

/** A trust anchor: a whole certificate, or what RFC 5280 section 6.1.1 (d) needs of it. */
export type TrustAnchorInput =
  | Uint8Array
  | Certificate
  | {
      /** DER `Name`. */
      readonly subject: Uint8Array;
      /** DER `SubjectPublicKeyInfo`. */
      readonly spki: Uint8Array;
      /** DER `NameConstraints`. */
      readonly nameConstraints?: Uint8Array | undefined;
    };

/** What path building needs of an issuer, a certificate or a bare anchor. */
export interface Issuer {
  readonly subject: Uint8Array;
  readonly spki: Uint8Array;
  readonly publicKey: PublicKey;
  readonly nameConstraints: NameConstraints | undefined;
  readonly subjectKeyIdentifier: Uint8Array | undefined;
  /** Absent for a bare anchor. */
  readonly certificate: Certificate | undefined;
}

export interface TrustStore {
  /** In the order given. */
  readonly anchors: readonly Issuer[];
  /** The anchors of exactly this DER `Name`; with `loosely`, those with an equal name by RFC 5280 section 7.1. */
  find(subject: Uint8Array, loosely?: boolean): readonly Issuer[];
  /** The anchor that is this certificate. */
  holding(certificate: Certificate): Issuer | undefined;
}

const NONE: readonly Issuer[] = [];
/** Up to this many anchors are parsed eagerly; more, as a platform's, on demand: saves 10 ms at startup. */
const EAGER = 32;

/** An anchor by its name, with lazily parsed facts. */
interface Entry {
  readonly subject: Uint8Array;
  issuer: Issuer | Uint8Array | undefined;
}

/**
 * Prepares trust anchors; do it once. Their fitness is checked with each path. If there are more than 32, certificates
 * are parsed fully on demand, and unreadable ones are then ignored. So are those with an unreadable decisive extension,
 * as in OpenSSL.
 * @throws TypeError that names the unreadable anchor, or if it is not an array.
 */
export function trustStore(anchors: readonly TrustAnchorInput[]): TrustStore {
  if (!Array.isArray(anchors)) refuseOption(anchors, 'anchors', 'an array of trust anchors');
  const entries = anchors.map((anchor: TrustAnchorInput, i): Entry => {
    if (typeof (anchor as unknown) !== 'object' || (anchor as unknown) === null)
      throw new TypeError(`trust anchor ${i}: must be DER or a certificate; decodePem() reads text`);
    try {
      if (isBytes(anchor) && anchors.length > EAGER) return { subject: certificateKey(anchor).subject, issuer: anchor };
      const read = isBytes(anchor) ? parseCertificate(anchor) : anchor;
      // OpenSSL trusts readable anchors; others just never match as issuers.
      if ('tbs' in read && unusable(read) !== undefined) return { subject: read.subject, issuer: undefined };
      const issuer = readAnchor(read);
      return { subject: issuer.subject, issuer };
    } catch (cause) {
      throw new TypeError(`trust anchor ${i} cannot be read: ${(cause as Error).message}`, { cause });
    }
  });
  const exact = index(entries, latin1);
  let loose: Map<string, Entry[]> | undefined;
  const find = (subject: Uint8Array, loosely = false): readonly Issuer[] => {
    const found = loosely
      ? (loose ??= index(entries, looseName)).get(canonicalName(subject))
      : exact.get(latin1(subject));
    return found ? issuersOf(found) : NONE;
  };
  return {
    get anchors() {
      return issuersOf(entries);
    },
    find,
    holding: ({ subject, raw }) =>
      find(subject).find(({ certificate }) => certificate && bytesEqual(certificate.raw, raw)),
  };
}

/** Of an anchor not parsed yet: a subject that is not a Name is its own key. */
function looseName(subject: Uint8Array): string {
  try {
    return canonicalName(subject);
  } catch (error) {
    if (error instanceof DerError) return latin1(subject);
    throw error;
  }
}

const issuersOf = (entries: readonly Entry[]): Issuer[] =>
  entries.map(resolve).filter((issuer) => issuer !== undefined);

function resolve(entry: Entry): Issuer | undefined {
  if (isBytes(entry.issuer)) {
    try {
      entry.issuer = readAnchor(entry.issuer);
    } catch {
      entry.issuer = undefined;
    }
  }
  return entry.issuer;
}

function index(entries: readonly Entry[], key: (subject: Uint8Array) => string): Map<string, Entry[]> {
  const map = new Map<string, Entry[]>();
  for (const entry of entries) {
    const name = key(entry.subject);
    map.set(name, [...(map.get(name) ?? []), entry]);
  }
  return map;
}

function readAnchor(anchor: TrustAnchorInput): Issuer {
  if (isBytes(anchor)) return issuerOf(parseCertificate(anchor));
  if ('tbs' in anchor) return issuerOf(anchor);
  const { subject, spki, nameConstraints, ...rest } = anchor;
  for (const key in rest) throw new TypeError(`unknown property ${key}`);
  if (nameConstraints !== undefined && !isBytes(nameConstraints))
    throw new TypeError('nameConstraints must be a Uint8Array');
  const reader = new DerReader(subject);
  readName(reader);
  reader.finish();
  return {
    subject,
    spki,
    publicKey: parsePublicKey(spki),
    certificate: undefined,
    nameConstraints: nameConstraints && wholeNameConstraints(nameConstraints),
    subjectKeyIdentifier: undefined,
  };
}

function wholeNameConstraints(der: Uint8Array): NameConstraints {
  const reader = new DerReader(der);
  const constraints = readNameConstraints(reader);
  reader.finish();
  return constraints;
}

/** Why it cannot be an issuer: an unreadable key or decisive extension. */
const unusable = ({ malformed, publicKey }: Certificate): string | undefined =>
  malformed ?? (publicKey.kind === 'unknown' && publicKey.malformed ? publicKey.description : undefined);

/**
 * A certificate as an issuer. @throws DerError if its key or a decisive extension is unreadable: OpenSSL does not
 * consider it either
 */
export function issuerOf(certificate: Certificate): Issuer {
  const problem = unusable(certificate);
  if (problem !== undefined) throw new DerError(problem);
  const { subject, spki, publicKey, nameConstraints, subjectKeyIdentifier } = certificate;
  return { subject, spki, publicKey, nameConstraints, subjectKeyIdentifier, certificate };
}
