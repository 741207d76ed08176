/** @module The lines that `openssl x509 -text` prints for each extension. */
import { latin1, toHex, withoutControls } from '@ferrule/result/bytes';
import { decodeText } from '@ferrule/result/directory-string';
import { addressText } from '@ferrule/result/host';
import type { Certificate } from './certificate.ts';
import { DerError, DerReader } from './der.ts';
import { readNamedBits } from './der-values.ts';
import { timeText } from './describe-text.ts';
import { decodeExtension, Oid, type Decoded, type Extension, type PolicyInformation } from './extensions.ts';
import { generalNameText, readGeneralNames, type GeneralName, type Subtree } from './general-name.ts';
import * as NameType from './name-type.ts';
import { oidName } from './oid-names.ts';
import * as Tag from './tag.ts';
import { embeddedScts, type Sct } from './transparency.ts';

const ISSUER_ALT_NAME = '2.5.29.18';
const PRIVATE_KEY_USAGE_PERIOD = '2.5.29.16';
const NETSCAPE_CERT_TYPE = '2.16.840.1.113730.1.1';
const NETSCAPE_COMMENT = '2.16.840.1.113730.1.13';
const KEY_USAGES = [
  'Digital Signature',
  'Non Repudiation',
  'Key Encipherment',
  'Data Encipherment',
  'Key Agreement',
  'Certificate Sign',
  'CRL Sign',
  'Encipher Only',
  'Decipher Only',
];
const NETSCAPE_TYPES = [
  'SSL Client',
  'SSL Server',
  'S/MIME',
  'Object Signing',
  'Unused',
  'SSL CA',
  'S/MIME CA',
  'Object Signing CA',
];
const TLS_FEATURES: Readonly<Record<number, string>> = { 5: 'status_request', 17: 'status_request_v2' };

/** Undecodable or unknown extensions are shown in hexadecimal. */
export function describeExtension(certificate: Certificate, extension: Extension): string[] {
  try {
    // Decoded anew: for a duplicate, the certificate may have the other one's value, or none
    const decoded = {} as Decoded;
    decodeExtension(extension.oid, new DerReader(extension.value), decoded);
    return known(decoded, extension, certificate) ?? dump(extension.value);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    return dump(extension.value);
  }
}

function known(c: Decoded, { oid, value }: Extension, certificate: Certificate): string[] | undefined {
  switch (oid) {
    case Oid.basicConstraints:
      return [
        `CA:${c.basicConstraints?.ca ? 'TRUE' : 'FALSE'}${c.basicConstraints?.pathLength === undefined ? '' : `, pathlen:${c.basicConstraints.pathLength}`}`,
      ];
    case Oid.keyUsage:
      return [KEY_USAGES.filter((_, bit) => (c.keyUsage ?? 0) & (1 << bit)).join(', ')];
    case Oid.extendedKeyUsage:
      return [(c.extendedKeyUsage ?? []).map(oidName).join(', ')];
    case Oid.subjectAltName:
      return [names(c.subjectAltName ?? [])];
    case ISSUER_ALT_NAME: {
      const reader = new DerReader(value);
      reader.open(Tag.SEQUENCE);
      return [names(readGeneralNames(reader))];
    }
    case PRIVATE_KEY_USAGE_PERIOD: {
      const reader = new DerReader(value);
      reader.open(Tag.SEQUENCE);
      const parts = [];
      if (reader.peek() === 0x80) parts.push(`Not Before: ${periodTime(reader.contents(0x80))}`);
      if (reader.peek() === 0x81) parts.push(`Not After: ${periodTime(reader.contents(0x81))}`);
      return [parts.join(', ')];
    }
    case Oid.subjectKeyIdentifier:
      return [upper(c.subjectKeyIdentifier as Uint8Array)];
    case Oid.authorityKeyIdentifier: {
      const { keyIdentifier, issuer, serial } = c.authorityKeyIdentifier ?? {};
      const lines = keyIdentifier ? [issuer || serial ? `keyid:${upper(keyIdentifier)}` : upper(keyIdentifier)] : [];
      for (const name of issuer ?? []) lines.push(generalNameText(name));
      if (serial) lines.push(`serial:${upper(serial[0] === 0 && serial.length > 1 ? serial.subarray(1) : serial)}`);
      return lines;
    }
    case Oid.nameConstraints:
      return [
        ...subtrees('Permitted:', c.nameConstraints?.permitted),
        ...subtrees('Excluded:', c.nameConstraints?.excluded),
      ];
    case Oid.certificatePolicies:
      return (c.certificatePolicies ?? []).flatMap(policyLines);
    case Oid.policyMappings:
      return [(c.policyMappings ?? []).map(([from, to]) => `${from}:${to}`).join(', ')];
    case Oid.policyConstraints: {
      const { requireExplicitPolicy, inhibitPolicyMapping } = c.policyConstraints ?? {};
      const parts = [];
      if (requireExplicitPolicy !== undefined) parts.push(`Require Explicit Policy:${requireExplicitPolicy}`);
      if (inhibitPolicyMapping !== undefined) parts.push(`Inhibit Policy Mapping:${inhibitPolicyMapping}`);
      return [parts.join(', ')];
    }
    case Oid.inhibitAnyPolicy:
      return [String(c.inhibitAnyPolicy)];
    case Oid.authorityInfoAccess:
      return (c.authorityInfoAccess ?? []).map(
        ({ method, location }) => `${oidName(method)} - ${generalNameText(location)}`,
      );
    case Oid.crlDistributionPoints:
      return (c.distributionPoints ?? []).flatMap((name) => ['Full Name:', `  ${generalNameText(name)}`]);
    case Oid.tlsFeature:
      return [(c.tlsFeatures ?? []).map((feature) => TLS_FEATURES[feature] ?? String(feature)).join(', ')];
    case Oid.sctList:
      return embeddedScts(certificate).flatMap(sctLines);
    case NETSCAPE_CERT_TYPE: {
      const type = readNamedBits(new DerReader(value));
      return [NETSCAPE_TYPES.filter((_, bit) => type & (1 << bit)).join(', ')];
    }
    case NETSCAPE_COMMENT: {
      const reader = new DerReader(value);
      return [withoutControls(latin1(reader.contents(reader.peek())))];
    }
    default:
      return undefined;
  }
}

const names = (list: readonly GeneralName[]): string => list.map(generalNameText).join(', ');

const upper = (bytes: Uint8Array): string => toHex(bytes, ':').toUpperCase();

const dump = (bytes: Uint8Array): string[] => upper(bytes).match(/.{1,48}/g) ?? [];

const subtrees = (title: string, list: readonly Subtree[] | undefined): string[] =>
  list && list.length > 0 ? [title, ...list.map((subtree) => `  ${subtreeText(subtree)}`)] : [];

function subtreeText(subtree: Subtree): string {
  const { type, value } = subtree;
  const half = value.length / 2;
  return type === NameType.ip && (half === 4 || half === 16)
    ? `IP:${addressText(value.subarray(0, half))}/${addressText(value.subarray(half))}`
    : generalNameText(subtree);
}

function policyLines({ id, qualifiers }: PolicyInformation): string[] {
  const lines = [`Policy: ${oidName(id)}`];
  if (!qualifiers) return lines;
  const reader = new DerReader(qualifiers);
  reader.open(Tag.SEQUENCE);
  while (reader.more) {
    const outer = reader.open(Tag.SEQUENCE);
    const name = oidName(reader.oid());
    if (name === 'User Notice') lines.push('  User Notice:', ...noticeLines(reader));
    else lines.push(`  ${name}: ${text(reader)}`);
    reader.close(outer);
  }
  return lines;
}

/** UserNotice (RFC 5280 section 4.2.1.4). */
function noticeLines(reader: DerReader): string[] {
  const lines: string[] = [];
  const notice = reader.open(Tag.SEQUENCE);
  while (reader.more) {
    if (reader.peek() !== Tag.SEQUENCE) {
      lines.push(`    Explicit Text: ${text(reader)}`);
      continue;
    }
    const reference = reader.open(Tag.SEQUENCE);
    lines.push(`    Organization: ${text(reader)}`);
    const numbers = reader.open(Tag.SEQUENCE);
    const list: number[] = [];
    while (reader.more) list.push(reader.smallInteger());
    reader.close(numbers);
    reader.close(reference);
    lines.push(`    Numbers: ${list.join(', ')}`);
  }
  reader.close(notice);
  return lines;
}

function text(reader: DerReader): string {
  const tag = reader.peek();
  const raw = reader.contents(tag);
  return withoutControls(decodeText(tag, raw) ?? `#${toHex(raw)}`);
}

const sctLines = ({ logId, timestamp, extensions, hash, signer, signature }: Sct): string[] => [
  'Signed Certificate Timestamp:',
  '    Version   : v1 (0x0)',
  ...wrapped('    Log ID    : ', logId),
  `    Timestamp : ${sctTime(timestamp)}`,
  `    Extensions: ${extensions.length > 0 ? upper(extensions) : 'none'}`,
  `    Signature : ${hash === 4 && signer === 3 ? 'ecdsa-with-SHA256' : hash === 4 && signer === 1 ? 'sha256WithRSAEncryption' : `${hash}, ${signer}`}`,
  ...wrapped('                ', signature),
];

const wrapped = (head: string, bytes: Uint8Array): string[] =>
  (upper(bytes).match(/.{1,48}/g) ?? []).map((line, i) => (i === 0 ? head : ' '.repeat(head.length)) + line);

/** The contents of a GeneralizedTime under an implicit tag. */
function periodTime(contents: Uint8Array): string {
  const digits = latin1(contents);
  const at = Date.parse(digits.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  return Number.isNaN(at) ? withoutControls(digits) : timeText(at);
}

/** `Feb  2 09:36:40.442 2026 GMT` */
function sctTime(at: number): string {
  if (at > 8.64e15) return `${at} ms`;
  const iso = new Date(at).toISOString();
  const date = new Date(at);
  return `${date.toUTCString().slice(8, 11)} ${String(date.getUTCDate()).padStart(2)} ${iso.slice(11, 23)} ${date.getUTCFullYear()} GMT`;
}
