/**
 * @module The PKIs that people make at home and at work: the certificates of each tool with that tool's fields, as its
 * defaults or its documentation have them. The name of the server is always the same.
 */
import { concat, EMPTY } from '@ferrule/result/bytes';
import { tlv } from '../fuzz/der.ts';
import { oid } from '@ferrule/conformance/pki';
import {
  attribute,
  encode,
  identifierOf,
  keyOf,
  NULL,
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
    version: version1 ? 0 : 2, versionWritten: !version1, serial: Uint8Array.from(serial), subject, issuer: undefined, notBefore: utcTime(-1), notAfter: utcTime(days),
    key: keyOf(key ?? `p256:${at}`), signer: undefined, hash: 'sha256', parameters: EMPTY, outerHash: undefined,
    extensions: new Map(extensions.map(([id, value, critical]) => [id, { critical: critical ? TRUE : EMPTY, value }])),
    more: [], emptyList: false, uniqueIds: EMPTY, corrupt: false, edit: undefined,
  }; // prettier-ignore
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
  return sequence(...parts.map((part) => {
    const [type, value] = part.split('=') as [keyof typeof ATTRIBUTES, string];
    return attribute(ATTRIBUTES[type], value, type === 'C' ? StringTag.printable : type === 'DC' || type === 'emailAddress' ? StringTag.ia5 : tag);
  })); // prettier-ignore
}

/** basicConstraints of a CA. */
export const ca = (pathLength?: number): Uint8Array =>
  sequence(TRUE, ...(pathLength === undefined ? [] : [tlv(2, Uint8Array.of(pathLength))]));
const NOT_CA = sequence();
const SKI: Entry = [Id.ski, (own) => tlv(4, identifierOf(own.key))];
const AKI: Entry = [Id.aki, (_own, issuer) => sequence(tlv(0x80, identifierOf(issuer.key)))];
/** keyid, DirName and serial, as `authorityKeyIdentifier = keyid,issuer:always`. */
const AKI_WHOLE: Entry = [
  Id.aki,
  (_own, issuer) =>
    sequence(
      tlv(0x80, identifierOf(issuer.key)),
      tlv(0xa1, tlv(0xa4, issuer.issuer ?? issuer.subject)),
      tlv(0x82, issuer.serial),
    ),
];
const AKI_SERIAL: Entry = [
  Id.aki,
  (_own, issuer) => sequence(tlv(0xa1, tlv(0xa4, issuer.issuer ?? issuer.subject)), tlv(0x82, issuer.serial)),
];
const dns = (name: string): Uint8Array => tlv(0x82, text(name));
const san = (...more: readonly Uint8Array[]): Entry => [Id.san, sequence(dns('server.test'), ...more)];
const SERVER = '1.3.6.1.5.5.7.3.1';
const CLIENT = '1.3.6.1.5.5.7.3.2';
const eku = (...ids: readonly string[]): Entry => [Id.eku, purposes(...ids)];
const LOCALHOST = tlv(0x87, Uint8Array.of(127, 0, 0, 1));
/** The bits of keyUsage by the octet that openssl prints for them. */
const CERT_AND_CRL = keyUsage(1, 0x06);
const CERT_SIGN = keyUsage(2, 0x04);
const SIGN_AND_CRL = keyUsage(1, 0x86);
const SIGN = keyUsage(7, 0x80);
const SIGN_AND_ENCIPHER = keyUsage(5, 0xa0);
const comment = (words: string): Entry => ['2.16.840.1.113730.1.13', tlv(0x16, text(words))];
const nsCertType = (bits: number): Entry => ['2.16.840.1.113730.1.1', tlv(3, Uint8Array.of(0, bits))];
const points = (uri: string): Entry => [Id.points, sequence(sequence(tlv(0xa0, tlv(0xa0, tlv(0x86, text(uri))))))];
const issuers = (uri: string): Entry => [Id.aia, sequence(sequence(oid('1.3.6.1.5.5.7.48.2'), tlv(0x86, text(uri))))];

const COMPANY = 'C=DE, ST=Berlin, L=Berlin, O=Example GmbH, OU=IT';
const V3_CA: readonly Entry[] = [SKI, AKI, [Id.basic, ca(), 'critical']];
const GO_LEAF: readonly Entry[] = [
  [Id.keyUsage, SIGN_AND_ENCIPHER, 'critical'],
  eku(SERVER, CLIENT),
  [Id.basic, NOT_CA, 'critical'],
  AKI,
  san(),
];

export const RECIPES: readonly Recipe[] = [
  { name: 'easy-rsa 3', path: [
    { subject: dn('CN=Easy-RSA CA'), key: 'rsa', extensions: [SKI, AKI_WHOLE, [Id.basic, ca()], [Id.keyUsage, CERT_AND_CRL]] },
    { subject: dn('CN=server.test'), extensions: [[Id.basic, NOT_CA], SKI, AKI_WHOLE, eku(SERVER), [Id.keyUsage, SIGN_AND_ENCIPHER], san()] },
  ] },
  { name: 'easy-rsa 2', path: [
    { subject: dn(`${COMPANY}, CN=changeme, emailAddress=mail@host.test`, StringTag.t61), key: 'rsa', serial: [0xf1, 2, 3, 4, 5, 6, 7, 8], extensions: [SKI, AKI_WHOLE, [Id.basic, ca()]] },
    { subject: dn(`${COMPANY}, CN=server, emailAddress=mail@host.test`, StringTag.printable), serial: [1], extensions: [[Id.basic, NOT_CA], nsCertType(0x40), comment('Easy-RSA Generated Server Certificate'), SKI, AKI_WHOLE, eku(SERVER), [Id.keyUsage, SIGN_AND_ENCIPHER], san()] },
  ] },
  { name: 'openssl req -x509, 1.0', path: [{ subject: dn(`${COMPANY}, CN=server.test`), key: 'rsa', serial: [0x00, 0xd1, 2, 3, 4, 5, 6, 7, 8], extensions: [SKI, AKI, [Id.basic, ca()], san()] }] },
  { name: 'openssl req -x509, 3', path: [{ subject: dn('CN=server.test'), key: 'rsa', extensions: [...V3_CA, san()] }] },
  { name: 'openssl x509 -req with a SAN alone', path: [{ subject: dn('CN=my ca'), extensions: V3_CA }, { subject: dn('CN=server.test'), key: 'rsa', extensions: [san()] }] },
  { name: 'openssl ca with the demo configuration', path: [
    { subject: dn(`${COMPANY}, CN=demoCA`, StringTag.printable), extensions: [SKI, AKI_WHOLE, [Id.basic, ca()]] },
    { subject: dn('C=DE, O=Example GmbH, CN=server.test', StringTag.printable), serial: [1], extensions: [[Id.basic, NOT_CA], comment('OpenSSL Generated Certificate'), SKI, AKI, san()] },
  ] },
  { name: 'a root and an intermediate by openssl, without keyUsage', path: [
    { subject: dn('CN=root'), extensions: [SKI, [Id.basic, ca()]] },
    { subject: dn('CN=intermediate'), serial: [2], extensions: [SKI, AKI, [Id.basic, ca()]] },
    { subject: dn('CN=server.test'), serial: [3], extensions: [AKI, san()] },
  ] },
  { name: 'mkcert', path: [
    { subject: dn('O=mkcert development CA, OU=me@laptop (Me), CN=mkcert me@laptop (Me)'), key: 'rsa', days: 3650, extensions: [[Id.keyUsage, CERT_SIGN, 'critical'], [Id.basic, ca(0), 'critical'], SKI] },
    { subject: dn('O=mkcert development certificate, OU=me@laptop (Me)'), days: 820, extensions: [[Id.keyUsage, SIGN_AND_ENCIPHER, 'critical'], eku(SERVER), AKI, san(dns('localhost'), LOCALHOST)] },
  ] },
  { name: 'keytool -genkeypair', path: [{ subject: dn('C=DE, ST=Berlin, L=Berlin, O=Example GmbH, OU=IT, CN=server.test', StringTag.printable), key: 'rsa', serial: [0x63, 1, 2, 3], extensions: [SKI, san()], change: (draft) => void (draft.hash = 'sha384') }] },
  { name: 'keytool -gencert', path: [
    { subject: dn('CN=root', StringTag.printable), extensions: [SKI, [Id.basic, ca()]] },
    { subject: dn('CN=ca', StringTag.printable), extensions: [AKI, SKI, [Id.basic, ca(0)]] },
    { subject: dn('CN=server.test', StringTag.printable), extensions: [AKI, SKI, san()] },
  ] },
  { name: 'node-forge, its README', path: [{ subject: dn('CN=server.test, C=US, ST=Virginia, L=Blacksburg, O=Test, OU=Test', StringTag.printable), key: 'rsa', serial: [1], extensions: [
    [Id.basic, ca()], [Id.keyUsage, keyUsage(2, 0xf4)], eku(SERVER, CLIENT, '1.3.6.1.5.5.7.3.3', '1.3.6.1.5.5.7.3.4', '1.3.6.1.5.5.7.3.8'), nsCertType(0xf7),
    san(tlv(0x86, text('http://example.org/webid#me')), LOCALHOST), SKI,
  ], change: (draft) => void (draft.hash = 'sha1') }] },
  { name: 'pyca/cryptography, tutorial', path: [{ subject: dn('C=US, ST=California, L=San Francisco, O=My Company, CN=server.test'), key: 'rsa', days: 10, extensions: [san(dns('localhost'))] }] },
  { name: 'pyca/cryptography, tutorial of a CA', path: [
    { subject: dn('C=US, ST=California, L=San Francisco, O=My Company, CN=PyCA Docs Root CA'), extensions: [[Id.basic, ca(), 'critical'], [Id.keyUsage, CERT_AND_CRL, 'critical'], SKI] },
    { subject: dn('C=US, ST=California, L=San Francisco, O=My Company, CN=PyCA Docs Intermediate CA'), extensions: [[Id.basic, ca(0), 'critical'], [Id.keyUsage, CERT_AND_CRL, 'critical'], SKI, AKI] },
    { subject: dn('C=US, ST=California, L=San Francisco, O=My Company'), days: 10, extensions: [san(), [Id.basic, NOT_CA, 'critical'], [Id.keyUsage, SIGN_AND_ENCIPHER, 'critical'], eku(CLIENT, SERVER), SKI, AKI] },
  ] },
  { name: 'step-ca', path: [
    { subject: dn('O=Example, CN=Example Root CA'), days: 3650, extensions: [[Id.keyUsage, CERT_AND_CRL, 'critical'], [Id.basic, ca(1), 'critical'], SKI] },
    { subject: dn('O=Example, CN=Example Intermediate CA'), extensions: [[Id.keyUsage, CERT_AND_CRL, 'critical'], [Id.basic, ca(0), 'critical'], SKI, AKI] },
    { subject: dn('CN=server.test'), days: 1, extensions: [[Id.keyUsage, SIGN, 'critical'], eku(SERVER, CLIENT), SKI, AKI, san(), ['1.3.6.1.4.1.37476.9000.64.1', sequence(tlv(2, Uint8Array.of(1)), tlv(4, text('admin')), tlv(4, text('key')))]] },
  ] },
  { name: 'Caddy, its local authority', path: [
    { subject: dn('CN=Caddy Local Authority - 2026 ECC Root'), extensions: [[Id.keyUsage, CERT_AND_CRL, 'critical'], [Id.basic, ca(1), 'critical'], SKI] },
    { subject: dn('CN=Caddy Local Authority - ECC Intermediate'), days: 7, extensions: [[Id.keyUsage, CERT_AND_CRL, 'critical'], [Id.basic, ca(0), 'critical'], SKI, AKI] },
    { subject: dn(''), days: 0.5, extensions: [[Id.keyUsage, SIGN, 'critical'], eku(SERVER, CLIENT), SKI, AKI, [Id.san, sequence(dns('server.test')), 'critical']] },
  ] },
  { name: 'Vault', path: [
    { subject: dn('CN=example.test'), key: 'rsa', extensions: [[Id.keyUsage, CERT_AND_CRL, 'critical'], [Id.basic, ca(), 'critical'], SKI, AKI, [Id.san, sequence(dns('example.test'))]] },
    { subject: dn('CN=example.test Intermediate Authority'), extensions: [[Id.keyUsage, CERT_AND_CRL, 'critical'], [Id.basic, ca(), 'critical'], SKI, AKI, issuers('http://127.0.0.1:8200/v1/pki/ca'), points('http://127.0.0.1:8200/v1/pki/crl')] },
    { subject: dn('CN=server.test'), days: 1, extensions: [[Id.keyUsage, keyUsage(3, 0xa8), 'critical'], eku(SERVER, CLIENT), SKI, AKI, san()] },
  ] },
  { name: 'cfssl', path: [
    { subject: dn('C=US, ST=CA, L=San Francisco, CN=My own CA'), extensions: [[Id.keyUsage, CERT_AND_CRL, 'critical'], [Id.basic, ca(), 'critical'], SKI] },
    { subject: dn('C=US, ST=CA, L=San Francisco, CN=server.test'), extensions: [[Id.keyUsage, SIGN_AND_ENCIPHER, 'critical'], eku(SERVER), [Id.basic, NOT_CA, 'critical'], SKI, AKI, san()] },
  ] },
  { name: 'Microsoft AD CS', path: [
    { subject: dn('DC=test, DC=corp, CN=corp-DC01-CA'), key: 'rsa', extensions: [[Id.keyUsage, SIGN_AND_CRL], [Id.basic, ca(), 'critical'], SKI, ['1.3.6.1.4.1.311.21.1', tlv(2, Uint8Array.of(0))]] },
    { subject: dn('C=DE, O=Corp, CN=server.test', StringTag.printable), serial: [0x61, 0, 0, 0, 2, 1, 2, 3, 4], extensions: [
      ['1.3.6.1.4.1.311.20.2', tlv(0x1e, concat([...'WebServer'].map((letter) => text(`\0${letter}`))))], eku(SERVER), [Id.keyUsage, SIGN_AND_ENCIPHER, 'critical'], SKI, san(), AKI,
      points('ldap:///CN=corp-DC01-CA,CN=DC01,CN=CDP,DC=corp,DC=test?certificateRevocationList?base'), issuers('ldap:///CN=corp-DC01-CA,CN=AIA,DC=corp,DC=test?cACertificate?base'),
    ] },
  ] },
  { name: 'Microsoft AD CS, renewed: previous hash and application policies', path: [
    { subject: dn('DC=test, DC=corp, CN=corp-CA'), extensions: [[Id.keyUsage, SIGN_AND_CRL], [Id.basic, ca(), 'critical'], SKI, ['1.3.6.1.4.1.311.21.1', tlv(2, Uint8Array.of(1, 0, 1))], ['1.3.6.1.4.1.311.21.2', tlv(4, new Uint8Array(20))]] },
    { subject: dn('CN=server.test'), extensions: [['1.3.6.1.4.1.311.21.7', sequence(oid('1.3.6.1.4.1.311.21.8.1.2'), tlv(2, Uint8Array.of(100)))], eku(CLIENT, SERVER), [Id.keyUsage, SIGN_AND_ENCIPHER, 'critical'], ['1.3.6.1.4.1.311.21.10', sequence(sequence(oid(CLIENT)), sequence(oid(SERVER)))], SKI, AKI, san()] },
  ] },
  { name: 'New-SelfSignedCertificate', path: [{ subject: dn('CN=server.test'), key: 'rsa', serial: [0x1b, 1, 2, 3, 4, 5, 6, 7], extensions: [[Id.keyUsage, SIGN_AND_ENCIPHER, 'critical'], eku(CLIENT, SERVER), san(), SKI] }] },
  { name: 'minica', path: [
    { subject: dn('CN=minica root ca 3a1b2c'), extensions: [[Id.keyUsage, keyUsage(2, 0x84), 'critical'], eku(SERVER, CLIENT), [Id.basic, ca(0), 'critical'], SKI, AKI] },
    { subject: dn('CN=server.test'), days: 750, extensions: GO_LEAF },
  ] },
  { name: "Go's generate_cert.go --ca", path: [{ subject: dn('O=Acme Co', StringTag.printable), extensions: [[Id.keyUsage, keyUsage(2, 0x84), 'critical'], eku(SERVER), [Id.basic, ca(), 'critical'], SKI, san()] }] },
  { name: 'AWS Private CA', path: [
    { subject: dn('C=US, O=Example Corp, OU=Sales, ST=WA, CN=www.example.test, L=Seattle'), key: 'rsa', extensions: [[Id.basic, ca(), 'critical'], SKI, [Id.keyUsage, SIGN_AND_CRL, 'critical']] },
    { subject: dn('C=US, O=Example Corp, OU=Sales, ST=WA, CN=sub.example.test, L=Seattle'), extensions: [[Id.basic, ca(0), 'critical'], AKI, SKI, [Id.keyUsage, SIGN_AND_CRL, 'critical']] },
    { subject: dn('CN=server.test'), extensions: [[Id.basic, NOT_CA], AKI, SKI, [Id.keyUsage, SIGN_AND_ENCIPHER, 'critical'], eku(SERVER, CLIENT), points('http://crl.test/crl/1.crl'), san()] },
  ] },
  { name: 'kubeadm', path: [
    { subject: dn('CN=kubernetes'), serial: [0], extensions: [[Id.keyUsage, keyUsage(2, 0xa4), 'critical'], [Id.basic, ca(), 'critical'], SKI, [Id.san, sequence(dns('kubernetes'))]] },
    { subject: dn('CN=kube-apiserver'), extensions: [[Id.keyUsage, SIGN_AND_ENCIPHER, 'critical'], eku(SERVER), [Id.basic, NOT_CA, 'critical'], AKI, san(dns('kubernetes.default.svc.cluster.local'))] },
  ] },
  { name: 'Puppet', path: [
    { subject: dn('CN=Puppet CA: puppet.test'), extensions: [comment('Puppet Server Internal Certificate'), [Id.basic, ca(), 'critical'], [Id.keyUsage, CERT_AND_CRL, 'critical'], SKI] },
    { subject: dn('CN=server.test'), extensions: [comment('Puppet Server Internal Certificate'), AKI, [Id.basic, NOT_CA, 'critical'], [Id.eku, purposes(SERVER, CLIENT), 'critical'], [Id.keyUsage, SIGN_AND_ENCIPHER, 'critical'], san(dns('my_host.test')), SKI] },
  ] },
  { name: 'a self-signed certificate as its own anchor', path: [{ subject: dn('CN=server.test'), extensions: [[Id.basic, NOT_CA], [Id.keyUsage, SIGN], san()] }] },
  { name: 'a self-signed certificate with serial 0 and keyCertSign', path: [{ subject: dn('CN=server.test'), serial: [0], extensions: [[Id.keyUsage, keyUsage(2, 0xa4), 'critical'], san()] }] },
  { name: 'a root of version 1', path: [{ subject: dn('C=DE, O=Example GmbH, CN=old root', StringTag.printable), version1: true, key: 'rsa', serial: [0] }, { subject: dn('CN=server.test'), extensions: [[Id.basic, NOT_CA], san()] }] },
  { name: 'an authorityKeyIdentifier of issuer and serial alone', path: [{ subject: dn('CN=root'), extensions: [SKI, [Id.basic, ca()]] }, { subject: dn('CN=server.test'), extensions: [AKI_SERIAL, san()] }] },
  { name: 'negative serials, ECDSA with NULL', path: [{ subject: dn('CN=root'), serial: [0x80, 1], extensions: [SKI, [Id.basic, ca()]] }, { subject: dn('CN=server.test'), serial: [0x90, 1], extensions: [AKI, san()], change: (draft) => void (draft.parameters = NULL) }] },
  { name: 'a university CA: name constraints that are not critical, with a leading dot', path: [
    { subject: dn('CN=root'), extensions: V3_CA },
    { subject: dn('O=University, CN=CA'), extensions: [SKI, AKI, [Id.basic, ca(0), 'critical'], [Id.keyUsage, CERT_AND_CRL, 'critical'], [Id.names, sequence(tlv(0xa0, sequence(dns('.test')), sequence(dns('test'))))]] },
    { subject: dn('O=University, CN=server.test'), extensions: [AKI, SKI, san()] },
  ] },
]; // prettier-ignore
