/**
 * @module What `recipes.ts` and `recipes-of-authorities.ts` are written in: the fields of a certificate as tools set
 * them. The name of the server is always the same.
 */
import { EMPTY } from '@ferrule/result/bytes';
import { tlv } from '../fuzz/der.ts';
import { oid } from '@ferrule/conformance/pki';
import {
  attribute,
  encode,
  identifierOf,
  keyOf,
  sequence,
  StringTag,
  text,
  TRUE,
  utcTime,
  type Draft,
  type DraftExtension,
  type KeyName,
} from './draft.ts';
import type { Server } from './engines.ts';
import { Id, keyUsage, purposes } from './features.ts';

export interface Recipe {
  readonly name: string;
  /** Root first, the server's certificate last; one alone is its own anchor. */
  readonly path: readonly Fields[];
}

interface Fields {
  readonly subject: Uint8Array;
  readonly extensions?: readonly Entry[];
  readonly key?: KeyName;
  readonly serial?: readonly number[];
  readonly days?: number;
  readonly version1?: true;
  readonly change?: (draft: Draft) => void;
}
type Entry = readonly [id: string, value: DraftExtension['value'], critical?: 'critical'];

/** The certificates of a recipe, and what a server does with them. */
export function make({ path }: Recipe): Server {
  const drafts = path.map(draftOf);
  const ders = drafts.map((draft, at) => encode(draft, drafts[at - 1] ?? draft));
  return {
    sent: ders.length > 1 ? ders.slice(1).reverse() : ders,
    anchors: ders.slice(0, 1),
    leafKey: (drafts.at(-1) as Draft).key.privateKey,
  };
}

function draftOf(
  { subject, extensions = [], key, serial = [0x5a, 3, 2, 1], days = 365, version1, change }: Fields,
  at: number,
): Draft {
  const draft: Draft = {
    version: version1 ? 0 : 2,
    versionWritten: !version1,
    serial: Uint8Array.from(serial),
    subject,
    issuer: undefined,
    notBefore: utcTime(-1),
    notAfter: utcTime(days),
    key: keyOf(key ?? `p256:${at}`),
    signer: undefined,
    hash: 'sha256',
    mask: undefined,
    parameters: EMPTY,
    outerHash: undefined,
    extensions: new Map(extensions.map(([id, value, critical]) => [id, { critical: critical ? TRUE : EMPTY, value }])),
    more: [],
    emptyList: false,
    uniqueIds: EMPTY,
    corrupt: false,
    edit: undefined,
  };
  change?.(draft);
  return draft;
}

const ATTRIBUTES = {
  CN: '2.5.4.3',
  C: '2.5.4.6',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  DC: '0.9.2342.19200300.100.1.25',
  emailAddress: '1.2.840.113549.1.9.1',
} as const;
/** `CN=a, O=b`: C is a PrintableString, DC and emailAddress are IA5Strings, the others what is said. */
export function dn(names: string, tag: number = StringTag.utf8): Uint8Array {
  const parts = names === '' ? [] : names.split(', ');
  return sequence(
    ...parts.map((part) => {
      const [type, value] = part.split('=') as [keyof typeof ATTRIBUTES, string];
      return attribute(
        ATTRIBUTES[type],
        value,
        type === 'C' ? StringTag.printable : type === 'DC' || type === 'emailAddress' ? StringTag.ia5 : tag,
      );
    }),
  );
}

/** basicConstraints of a CA. */
export const ca = (pathLength?: number): Uint8Array =>
  sequence(TRUE, ...(pathLength === undefined ? [] : [tlv(2, Uint8Array.of(pathLength))]));
export const NOT_CA: Uint8Array = sequence();
export const SKI: Entry = [Id.ski, (own) => tlv(4, identifierOf(own.key))];
export const AKI: Entry = [Id.aki, (_own, issuer) => sequence(tlv(0x80, identifierOf(issuer.key)))];
/** keyid, DirName and serial, as `authorityKeyIdentifier = keyid,issuer:always`. */
export const AKI_WHOLE: Entry = [
  Id.aki,
  (_own, issuer) =>
    sequence(
      tlv(0x80, identifierOf(issuer.key)),
      tlv(0xa1, tlv(0xa4, issuer.issuer ?? issuer.subject)),
      tlv(0x82, issuer.serial),
    ),
];
export const AKI_SERIAL: Entry = [
  Id.aki,
  (_own, issuer) => sequence(tlv(0xa1, tlv(0xa4, issuer.issuer ?? issuer.subject)), tlv(0x82, issuer.serial)),
];
export const dns = (name: string): Uint8Array => tlv(0x82, text(name));
export const san = (...more: readonly Uint8Array[]): Entry => [Id.san, sequence(dns('server.test'), ...more)];
export const SERVER = '1.3.6.1.5.5.7.3.1';
export const CLIENT = '1.3.6.1.5.5.7.3.2';
export const eku = (...ids: readonly string[]): Entry => [Id.eku, purposes(...ids)];
export const LOCALHOST: Uint8Array = tlv(0x87, Uint8Array.of(127, 0, 0, 1));
/** The bits of keyUsage by the octet that openssl prints for them. */
export const CERT_AND_CRL: Uint8Array = keyUsage(1, 0x06);
export const CERT_SIGN: Uint8Array = keyUsage(2, 0x04);
export const SIGN_AND_CRL: Uint8Array = keyUsage(1, 0x86);
export const SIGN: Uint8Array = keyUsage(7, 0x80);
export const SIGN_AND_ENCIPHER: Uint8Array = keyUsage(5, 0xa0);
export const comment = (words: string): Entry => ['2.16.840.1.113730.1.13', tlv(0x16, text(words))];
export const nsCertType = (bits: number): Entry => ['2.16.840.1.113730.1.1', tlv(3, Uint8Array.of(0, bits))];
export const points = (uri: string): Entry => [
  Id.points,
  sequence(sequence(tlv(0xa0, tlv(0xa0, tlv(0x86, text(uri)))))),
];
export const issuers = (uri: string): Entry => [
  Id.aia,
  sequence(sequence(oid('1.3.6.1.5.5.7.48.2'), tlv(0x86, text(uri)))),
];

export const COMPANY = 'C=DE, ST=Berlin, L=Berlin, O=Example GmbH, OU=IT';
export const V3_CA: readonly Entry[] = [SKI, AKI, [Id.basic, ca(), 'critical']];
export const GO_LEAF: readonly Entry[] = [
  [Id.keyUsage, SIGN_AND_ENCIPHER, 'critical'],
  eku(SERVER, CLIENT),
  [Id.basic, NOT_CA, 'critical'],
  AKI,
  san(),
];
