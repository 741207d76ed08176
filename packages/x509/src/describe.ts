/** @module Certificates as text and JSON: everything that `openssl x509 -text` shows. */
import { toHex, withoutControls } from '@ferrule/result/bytes';
import type { Certificate } from './certificate.ts';
import { describeExtension } from './describe-extension.ts';
import { isoText, timeText } from './describe-text.ts';
import { attributeName, nameAttributes, nameText } from './name.ts';
import { oidName } from './oid-names.ts';
import type { PublicKey } from './public-key.ts';

/** A `Name`. */
export interface NameDescription {
  /** RFC 4514, most specific first. */
  readonly text: string;
  /** In the certificate's order; `value` is hexadecimal with a leading `#` if it is not text. */
  readonly attributes: readonly { readonly type: string; readonly name: string; readonly value: string }[];
}

export interface ExtensionDescription {
  readonly oid: string;
  readonly name: string;
  readonly critical: boolean;
  /** Lines as OpenSSL prints them; for an unknown extension its bytes in hexadecimal. */
  readonly lines: readonly string[];
}

/**
 * Plain data for `JSON.stringify`; `String()` of it is the readable text. Numbers of any size are hexadecimal, times
 * ISO 8601.
 */
export interface CertificateDescription {
  readonly version: number;
  readonly serial: string;
  readonly signatureAlgorithm: {
    readonly oid: string;
    readonly name: string;
    readonly hash?: string;
    readonly saltLength?: number;
  };
  readonly issuer: NameDescription;
  readonly validity: { readonly notBefore: string; readonly notAfter: string };
  readonly subject: NameDescription;
  readonly publicKey: PublicKeyDescription;
  readonly extensions: readonly ExtensionDescription[];
  readonly signature: string;
  toString(): string;
}

export interface PublicKeyDescription {
  readonly algorithm: string;
  readonly bits: number;
  readonly curve?: string;
  readonly modulus?: string;
  readonly exponent?: string;
  /** EC point or EdDSA key. */
  readonly key?: string;
}

/** Everything in a certificate; undecodable parts are shown raw. Control characters are escaped. */
export function describeCertificate(certificate: Certificate): CertificateDescription {
  const {
    version,
    serial,
    signatureOid: oid,
    signatureAlgorithm: algorithm,
    notBefore,
    notAfter,
    signature,
  } = certificate;
  const description = {
    version,
    serial: toHex(serial),
    signatureAlgorithm: {
      oid,
      name: oidName(oid),
      ...(algorithm && 'hash' in algorithm && { hash: algorithm.hash }),
      ...(algorithm && 'saltLength' in algorithm && { saltLength: algorithm.saltLength }),
    },
    issuer: describeName(certificate.issuer),
    validity: { notBefore: isoText(notBefore), notAfter: isoText(notAfter) },
    subject: describeName(certificate.subject),
    publicKey: describeKey(certificate.publicKey),
    extensions: certificate.extensions.map((extension) => ({
      oid: extension.oid,
      name: oidName(extension.oid),
      critical: extension.critical,
      lines: describeExtension(certificate, extension),
    })),
    signature: toHex(signature),
  };
  return Object.defineProperty(description, 'toString', { value: () => asText(description) });
}

const describeName = (name: Uint8Array): NameDescription => ({
  text: nameText(name),
  attributes: nameAttributes(name)
    .flat()
    .map(({ type, raw, text }) => ({ type, name: knownAs(type), value: text ?? `#${toHex(raw)}` })),
});

function knownAs(type: string): string {
  const name = attributeName(type);
  return name === type ? oidName(type) : name;
}

function describeKey(key: PublicKey): PublicKeyDescription {
  switch (key.kind) {
    case 'rsa':
    case 'rsa-pss':
      return {
        algorithm: key.kind === 'rsa' ? 'rsaEncryption' : 'rsassaPss',
        bits: key.bits,
        modulus: toHex(key.modulus),
        exponent: toHex(key.exponent),
      };
    case 'ec':
      return { algorithm: 'id-ecPublicKey', bits: key.bits, curve: key.curve, key: toHex(key.point) };
    case 'unknown':
      return { algorithm: oidName(key.oid), bits: 0, ...(key.description !== key.oid && { curve: key.description }) };
    default:
      return { algorithm: key.kind.toUpperCase(), bits: key.bits, key: toHex(key.key) };
  }
}

function asText(d: CertificateDescription): string {
  const lines = [
    'Certificate:',
    '    Data:',
    `        Version: ${d.version} (0x${d.version - 1})`,
    ...serialLines(d.serial),
    `        Signature Algorithm: ${d.signatureAlgorithm.name}`,
    `        Issuer: ${nameLine(d.issuer)}`,
    '        Validity',
    `            Not Before: ${timeText(Date.parse(d.validity.notBefore))}`,
    `            Not After : ${timeText(Date.parse(d.validity.notAfter))}`,
    `        Subject: ${nameLine(d.subject)}`,
    '        Subject Public Key Info:',
    ...keyLines(d.publicKey),
  ];
  if (d.extensions.length > 0) lines.push('        X509v3 extensions:');
  for (const { name, critical, lines: body } of d.extensions)
    lines.push(`            ${name}: ${critical ? 'critical' : ''}`, ...body.map((line) => `                ${line}`));
  lines.push(
    `    Signature Algorithm: ${d.signatureAlgorithm.name}`,
    '    Signature Value:',
    ...block(d.signature, 18, 8),
    '',
  );
  return lines.join('\n');
}

function serialLines(serial: string): string[] {
  const negative = parseInt(serial.slice(0, 2), 16) >= 0x80;
  const value = BigInt(`0x${serial}`) - (negative ? 1n << BigInt(4 * serial.length) : 0n);
  const magnitude = (negative ? -value : value).toString(16);
  const sign = negative ? '-' : '';
  if (magnitude.length < 16 || (magnitude.length === 16 && magnitude < '8'))
    return [`        Serial Number: ${value} (${sign}0x${magnitude})`];
  const even = magnitude.length % 2 ? `0${magnitude}` : magnitude;
  return ['        Serial Number:', `            ${negative ? ' (Negative)' : ''}${colons(even)}`];
}

const nameLine = ({ attributes }: NameDescription): string =>
  attributes.map(({ name, value }) => `${name} = ${quoted(withoutControls(value))}`).join(', ');

const quoted = (text: string): string =>
  /[,+"\\<>;]|^[ #]| $/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : text;

function keyLines({ algorithm, bits, curve, modulus, exponent, key }: PublicKeyDescription): string[] {
  const lines = [`            Public Key Algorithm: ${algorithm}`];
  if (bits > 0) lines.push(`                Public-Key: (${bits} bit)`);
  if (modulus !== undefined) {
    const unsigned = parseInt(modulus.slice(0, 2), 16) >= 0x80 ? `00${modulus}` : modulus;
    lines.push(
      '                Modulus:',
      ...block(unsigned, 15, 20),
      `                Exponent: ${BigInt(`0x${exponent}`)} (0x${BigInt(`0x${exponent}`).toString(16)})`,
    );
  }
  if (key !== undefined) lines.push('                pub:', ...block(key, 15, 20));
  if (curve !== undefined)
    lines.push(
      ...(key === undefined
        ? [`                ${curve}`]
        : [
            `                ASN1 OID: ${CURVE_OIDS[curve] ?? curve}`,
            ...(curve.startsWith('P-') ? [`                NIST CURVE: ${curve}`] : []),
          ]),
    );
  return lines;
}
const CURVE_OIDS: Readonly<Record<string, string>> = {
  'P-256': 'prime256v1',
  'P-384': 'secp384r1',
  'P-521': 'secp521r1',
  'P-224': 'secp224r1',
};

/** Hexadecimal with colons, `width` bytes per line. */
function block(digits: string, width: number, indent: number): string[] {
  const lines: string[] = [];
  for (let i = 0; i < digits.length; i += 2 * width)
    lines.push(
      ' '.repeat(indent) + colons(digits.slice(i, i + 2 * width)) + (i + 2 * width < digits.length ? ':' : ''),
    );
  return lines;
}

const colons = (digits: string): string => digits.replace(/..(?=.)/g, '$&:');
