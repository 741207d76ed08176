/** @module Trust anchors: read once, found by subject. */
import { parseCertificate, type Certificate } from './certificate.ts';
import { bytesEqual, DerReader, latin1 } from './der.ts';
import { readNameConstraints, type NameConstraints } from './general-name.ts';
import { canonicalName, readName } from './name.ts';
import { parsePublicKey, type PublicKey } from './public-key.ts';

/** Whom to trust: a whole certificate, or what RFC 5280 section 6.1.1 (d) needs of it. */
export type TrustAnchorInput =
  | Uint8Array
  | Certificate
  | {
      /** DER `Name`. */
      readonly subject: Uint8Array;
      /** DER `SubjectPublicKeyInfo`. */
      readonly spki: Uint8Array;
      /** DER `NameConstraints`. */
      readonly nameConstraints?: Uint8Array;
    };

/** What path building needs of an issuer, be it a certificate or a bare anchor. */
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
  /** The anchors of exactly this DER `Name`; with `loosely`, those whose name RFC 5280 section 7.1 calls the same. */
  find(subject: Uint8Array, loosely?: boolean): readonly Issuer[];
  /** The anchor that is this very certificate. */
  holding(certificate: Certificate): Issuer | undefined;
}

const NONE: readonly Issuer[] = [];

/**
 * Prepares trust anchors; do it once. What they may be used for is judged with each path.
 * @throws TypeError naming the anchor that cannot be read.
 */
export const trustStore = (anchors: readonly TrustAnchorInput[]): TrustStore => {
  const issuers = anchors.map((anchor, i) => {
    try {
      return readAnchor(anchor);
    } catch (cause) {
      throw new TypeError(`trust anchor ${i} cannot be read: ${(cause as Error).message}`, { cause });
    }
  });
  const exact = index(issuers, latin1);
  let loose: Map<string, Issuer[]> | undefined;
  return {
    anchors: issuers,
    find: (subject, loosely = false) =>
      (loosely ? (loose ??= index(issuers, canonicalName)).get(canonicalName(subject)) : exact.get(latin1(subject))) ?? NONE,
    holding: ({ subject, raw }) => exact.get(latin1(subject))?.find(({ certificate }) => certificate && bytesEqual(certificate.raw, raw)),
  };
};

const index = (issuers: readonly Issuer[], key: (subject: Uint8Array) => string): Map<string, Issuer[]> => {
  const map = new Map<string, Issuer[]>();
  for (const issuer of issuers) {
    const same = map.get(key(issuer.subject));
    if (same) same.push(issuer);
    else map.set(key(issuer.subject), [issuer]);
  }
  return map;
};

const readAnchor = (anchor: TrustAnchorInput): Issuer => {
  if (anchor instanceof Uint8Array) return issuerOf(parseCertificate(anchor));
  if ('tbs' in anchor) return issuerOf(anchor);
  for (const key of Object.keys(anchor)) if (!ANCHOR_KEYS.has(key)) throw new TypeError(`unknown property ${key}`);
  const { subject, spki, nameConstraints } = anchor;
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
};
const ANCHOR_KEYS: ReadonlySet<string> = new Set(['subject', 'spki', 'nameConstraints']);

const wholeNameConstraints = (der: Uint8Array): NameConstraints => {
  const reader = new DerReader(der);
  const constraints = readNameConstraints(reader);
  reader.finish();
  return constraints;
};

/** A certificate as an issuer. */
export const issuerOf = (certificate: Certificate): Issuer => {
  const { subject, spki, publicKey, nameConstraints, subjectKeyIdentifier } = certificate;
  return { subject, spki, publicKey, nameConstraints, subjectKeyIdentifier, certificate };
};
